"""Phone numbers: every way to write one leads to the same number, everything else to a reason."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from portal import phones
from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from portal.words.refusals import SENTENCES, Refused

HOME = ("US", "CA")
WIDE = ("US", "CA", "KR", "GB", "DE")
WRITTEN = {
    "as on paper": ("(503) 555-0164", "US", "+15035550164"),
    "with the country's 1": ("1 503 555 0164", "US", "+15035550164"),
    "with dots": ("503.555.0164", "US", "+15035550164"),
    "E.164": ("+15035550164", "KR", "+15035550164"),
    "full width": ("＋１５０３５５５０１６４", "US", "+15035550164"),
    "Arabic digits": ("٥٠٣٥٥٥٠١٦٤", "US", "+15035550164"),
    "with an invisible mark, as copied from contacts": ("\u202a+1 503-555-0164\u202c", "US", "+15035550164"),
    "Canada": ("416 555 0123", "US", "+14165550123"),
    "Korea at home": ("010-5550-1234", "KR", "+821055501234"),
    "Korea from abroad": ("+82 10 5550 1234", "US", "+821055501234"),
    "Korea with the zero that is dropped abroad": ("+82 (0)10-5550-1234", "US", "+821055501234"),
    "00 for +": ("0082 10 5550 1234", "US", "+821055501234"),
    "Korea dialled from the US": ("011 82 10 5550 1234", "US", "+821055501234"),
}
REFUSED = {
    "nothing": ("", "US", "phone_empty"),
    "blanks": (" \u00a0\t", "US", "phone_empty"),
    "letters": ("1-800-FLOWERS", "US", "phone_letters"),
    "words": ("my phone", "US", "phone_letters"),
    "a hand and digits": ("\N{WAVING HAND SIGN} 503 555 0164", "US", "phone_letters"),
    "keycaps": ("5\ufe0f\u20e303", "US", "phone_letters"),
    "an address": ("tel:+15035550164", "US", "phone_letters"),
    "two numbers": ("+15035550164 +15035550165", "US", "phone_letters"),
    "a lone +": ("+", "US", "phone_letters"),
    "a half": ("503 555 016½", "US", "phone_letters"),
    "x12": ("503 555 0164 x12", "US", "phone_extension"),
    "ext.": ("(503) 555-0164 ext. 7", "US", "phone_extension"),
    "a pause": ("503 555 0164,,9", "US", "phone_letters"),
    "#": ("503 555 0164 #9", "US", "phone_extension"),
    "911": ("911", "US", "phone_short"),
    "no area code": ("555 0164", "US", "phone_short"),
    "one digit": ("7", "US", "phone_short"),
    "a digit too many": ("503 555 01644", "US", "phone_long"),
    "as a book": ("5" * 65, "US", "phone_long"),
    "area code 030": ("030 1234567", "US", "phone_unallocated"),
    "exchange 111": ("503 111 2222", "US", "phone_unallocated"),
    "no such country": ("+999 12345", "US", "phone_unallocated"),
    "a landline in Seoul": ("02-312-3456", "KR", "phone_landline"),
    "a landline in Berlin": ("+49 30 901820", "US", "phone_landline"),
    "premium": ("900 234 5678", "US", "phone_premium"),
    "premium in Korea": ("060 700 1234", "KR", "phone_premium"),
    "toll-free": ("800 234 5678", "US", "phone_service"),
    "a personal number": ("500 234 5678", "US", "phone_service"),
    "over the internet": ("070-1234-5678", "KR", "phone_voip"),
    "France": ("+33 6 12 34 56 78", "US", "phone_country"),
    "the Bahamas share +1": ("242 359 1234", "US", "phone_country"),
    "the Dominican Republic, too": ("+1 809 234 5678", "US", "phone_country"),
    "Guernsey shares +44": ("+44 7911 123456", "US", "phone_country"),
}


@pytest.mark.parametrize(("typed", "country", "meant"), WRITTEN.values(), ids=WRITTEN)
def test_a_number_is_read_as_it_was_meant(typed, country, meant):
    assert phones.parse(typed, country, WIDE) == meant


@pytest.mark.parametrize(("typed", "country", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_get_a_text_is_refused_with_its_reason(typed, country, reason):
    with pytest.raises(Refused) as refused:
        phones.parse(typed, country, WIDE)
    assert refused.value.reason == reason


def test_a_country_is_open_only_where_the_operator_listed_it():
    with pytest.raises(Refused, match="phone_country"):
        phones.parse("010-5550-1234", "KR", HOME)
    with pytest.raises(Refused, match="phone_country"):  # and so before its digits are counted
        phones.parse("+82 10", "US", HOME)


@given(st.text(), st.sampled_from(WIDE))
def test_no_text_is_anything_but_a_number_or_a_reason(typed, country):
    try:
        number = phones.parse(typed, country, WIDE)
    except Refused as refused:
        assert refused.reason in SENTENCES and not refused.facts
        return
    assert phones.parse(number, "DE", WIDE) == number


@given(st.text(alphabet="+0123456789()-./ x#,;ext", max_size=phones.TYPED_MAX), st.sampled_from(WIDE))
def test_nor_is_any_row_of_what_numbers_are_made_of(typed, country):
    try:
        number = phones.parse(typed, country, WIDE)
    except Refused as refused:
        assert refused.reason in SENTENCES
        return
    assert number[0] == "+" and number[1:].isdigit() and len(number) <= 16
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    assert kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


EXAMPLES = [
    phonenumbers.format_number(phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE), PhoneNumberFormat.E164)
    for country in WIDE
]
STYLES = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)


@given(
    st.sampled_from(EXAMPLES), st.sampled_from(STYLES), st.sampled_from("-. \u00a0\u2011/"), st.sampled_from(["", "０", "٠", "०"])
)
def test_the_same_number_in_every_style_and_script_is_the_same(number, style, separator, zero):
    parsed = phonenumbers.parse(number)
    written = phonenumbers.format_number(parsed, style).replace(" ", separator).replace("-", separator)
    if zero:
        written = "".join(chr(ord(zero) + int(letter)) if letter.isdigit() else letter for letter in written)
    home = phonenumbers.region_code_for_number(parsed)
    assert phones.parse(written, home, WIDE) == number


@given(st.integers(10**6, 10**14))
def test_a_masked_number_gives_two_digits_away(digits):
    shown = phones.mask(f"+{digits}")
    assert [letter for letter in shown if letter.isdigit()] == list(str(digits)[-2:])
    assert len(shown) == len(phones.mask("+15035550164"))


def test_no_number_has_no_mask():
    assert phones.mask("") == ""


ABROAD = [("+821055501234", "US", True), ("+821055501234", "KR", False), ("+14165550123", "US", False)]


@pytest.mark.parametrize(("number", "country", "is_so"), ABROAD)
def test_international_is_what_leaves_the_numbering_plan(number, country, is_so):
    assert phones.is_international(number, country) is is_so


@pytest.mark.parametrize("countries", ["", "USA", "us", "US;CA", "US,", "UK"])
def test_a_list_of_countries_that_is_wrong_stops_the_start(countries, tmp_path):
    with pytest.raises(SettingError, match="PORTAL_SMS_COUNTRIES"):
        load_settings({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_SMS_COUNTRIES": countries})


def test_the_list_may_have_blanks(tmp_path):
    assert load_settings({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_SMS_COUNTRIES": "US, KR"}).text_countries == ("US", "KR")
