"""Phone numbers: every way to write one leads to the same number, everything else to a reason."""

import functools

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from portal import phones
from portal.numbering import update_number
from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from portal.settings.territories import TERRITORIES
from portal.words.refusals import SENTENCES, Refused, Unclear

HOME = ("US", "CA")
E164 = functools.partial(phonenumbers.format_number, num_format=PhoneNumberFormat.E164)
WIDE = ("US", "CA", "KR", "GB", "DE")
WRITTEN = {
    "quoted": ("“503-555-0164”", "US", "+15035550164"),
    "in the brackets of an address book": ("<+1 503-555-0164>", "US", "+15035550164"),
    "out of a list": ("503-555-0164, ", "US", "+15035550164"),
    "out of a list of rows": ("503-555-0164;\n", "US", "+15035550164"),
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
    "a link": ("tel:+1-503-555-0164", "KR", "+15035550164"),
    "a link as it is escaped": ("TEL:%2B1%20503%20555%200164", "US", "+15035550164"),
    "a link that writes a text": ("sms:503-555-0164?body=hello", "US", "+15035550164"),
    "the same, as an iPhone has it": ("sms:+15035550164;&body=hello", "US", "+15035550164"),
    "with minus signs": ("503−555−0164", "US", "+15035550164"),
    "with hyphen bullets": ("503⁃555⁃0164", "US", "+15035550164"),
    "with soft hyphens": ("503\u00ad555\u00ad0164", "US", "+15035550164"),
    "with long-vowel marks": ("０１０ー５５５０ー１２３４", "KR", "+821055501234"),
    "with small hyphens": ("503﹣555﹣0164", "US", "+15035550164"),
    "with underscores": ("503_555_0164", "US", "+15035550164"),
    "with middle dots": ("503·555·0164", "US", "+15035550164"),
    "with a blank that is a letter": ("503\u3164555\u31640164", "US", "+15035550164"),
    "Korea dialled from the US": ("011 82 10 5550 1234", "US", "+821055501234"),
}
REFUSED = {
    "nothing": ("", "US", "phone_empty"),
    "blanks": (" \u00a0\t", "US", "phone_empty"),
    "letters": ("1-800-FLOWERS", "US", "phone_letters"),
    "words": ("my phone", "US", "phone_letters"),
    "a hand and digits": ("\N{WAVING HAND SIGN} 503 555 0164", "US", "phone_letters"),
    "keycaps": ("5\ufe0f\u20e303", "US", "phone_letters"),
    "an address": ("mailto:+15035550164", "US", "phone_letters"),
    "a link without a number": ("tel:", "US", "phone_empty"),
    "a link with an extension": ("tel:+1-503-555-0164;ext=5", "US", "phone_extension"),
    "two numbers": ("+15035550164 +15035550165", "US", "phone_letters"),
    "a lone +": ("+", "US", "phone_letters"),
    "a half": ("503 555 016½", "US", "phone_letters"),
    "x12": ("503 555 0164 x12", "US", "phone_extension"),
    "ext.": ("(503) 555-0164 ext. 7", "US", "phone_extension"),
    "a pause": ("503 555 0164,,9", "US", "phone_extension"),
    "a wait": ("503 555 0164;9#", "US", "phone_extension"),
    "a pause by letter": ("503 555 0164p9", "US", "phone_extension"),
    "a pause in full width": ("503 555 0164，，9", "US", "phone_extension"),
    "#": ("503 555 0164 #9", "US", "phone_extension"),
    "911": ("911", "US", "phone_short"),
    "no area code": ("555 0164", "US", "phone_short"),
    "one digit": ("7", "US", "phone_short"),
    "a digit too many": ("503 555 01644", "US", "phone_long"),
    "as a book": ("5" * 65, "US", "phone_long"),
    "area code 030": ("030 1234567", "US", "phone_unallocated"),
    "exchange 111": ("503 111 2222", "US", "phone_unallocated"),
    "no such country": ("+999 12345", "US", "phone_unknown"),
    "no such area in that country": ("+1 503 111 2222", "US", "phone_unknown"),
    "a landline in Seoul": ("02-312-3456", "KR", "phone_landline"),
    "a landline in Berlin": ("+49 30 901820", "US", "phone_landline"),
    "premium": ("900 234 5678", "US", "phone_premium"),
    "an exchange of information services": ("503 976 1234", "US", "phone_premium"),
    "the same in Canada": ("+1 416 976 1234", "CA", "phone_premium"),
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


def countries(setting):
    """Returns the countries that the setting means."""
    return load_settings({"PORTAL_SMS_COUNTRIES": setting}).text_countries


TERRITORY = [(country, each) for country, all_of_it in TERRITORIES.items() for each in all_of_it]


@pytest.mark.parametrize(("country", "territory"), TERRITORY)
def test_a_country_brings_its_territories_and_a_minus_takes_one_out(country, territory):
    number = E164(phonenumbers.example_number_for_type(territory, PhoneNumberType.MOBILE))
    assert phones.parse(number, country, countries(country)) == number
    assert territory not in countries(f"-{territory},{country}")
    if phonenumbers.region_code_for_number(phonenumbers.parse(number)) != territory:
        return  # libphonenumber doesn't tell its mobile numbers from the country's
    with pytest.raises(Refused, match="phone_country"):
        phones.parse(number, country, countries(f"-{territory},{country}"))


# By country, mobile numbers of its territories, written out: a row that the table lost would take its tests above with it.
OF_A_TERRITORY = {
    "US": ("+17872345678", "+16713001234", "+13406421234", "+16847331234", "+16702345678"),
    "GB": ("+447781123456", "+447797712345", "+447624123456"),
    "FR": ("+590690001234", "+596696201234", "+594694201234", "+262692123456", "+262639012345", "+508551234"),
    "NL": ("+5993181234",),
}


@pytest.mark.parametrize(
    ("country", "number"), [(country, each) for country, all_of_it in OF_A_TERRITORY.items() for each in all_of_it]
)
def test_a_number_of_a_territory_gets_texts_where_its_country_is_listed(country, number):
    assert phones.parse(number, country, countries(country)) == number


def test_territories_whose_numbers_are_not_told_apart_come_with_their_country_as_well():
    brought = {country: set(countries(country)) for country in ("FR", "AU", "NO", "FI")}
    assert brought["FR"] >= {"BL", "MF"}
    assert (brought["AU"], brought["NO"], brought["FI"]) == ({"AU", "CC", "CX"}, {"NO", "SJ"}, {"FI", "AX"})


def test_a_territory_alone_does_not_bring_its_country():
    assert countries("PR") == ("PR",)
    assert countries("KR,US,-GU")[:2] == ("KR", "US")


# As an address book of before the change has it, and what it is now; sources in portal/numbering.py.
CHANGED = {
    "Mexico": ("+52 1 55 1234 5678", "MX", "+525512345678"),
    "Mexico, from a landline": ("044 55 1234 5678", "MX", "+525512345678"),
    "Mexico, from another area": ("045 55 1234 5678", "MX", "+525512345678"),
    "Brazil": ("+55 41 8765-4321", "BR", "+5541987654321"),
    "Brazil at home": ("(51) 9123-4567", "BR", "+5551991234567"),
    "Côte d'Ivoire, Orange": ("+225 07 65 43 21", "CI", "+2250707654321"),
    "Côte d'Ivoire, MTN": ("+225 54 65 43 21", "CI", "+2250554654321"),
    "Côte d'Ivoire, Moov": ("+225 41 65 43 21", "CI", "+2250141654321"),
    "Benin": ("+229 97 12 34 56", "BJ", "+2290197123456"),
    "Gabon, Libertis": ("+241 06 12 34 56", "GA", "+24166123456"),
    "Gabon, Airtel": ("+241 07 12 34 56", "GA", "+24177123456"),
    "Kosovo": ("+386 49 123 456", "XK", "+38349123456"),
    "Vietnam, Viettel": ("+84 169 333 9999", "VN", "+84393339999"),
    "Vietnam, MobiFone": ("0128 7878 888", "VN", "+84787878888"),
    "Vietnam, VinaPhone": ("0129 8222 888", "VN", "+84828222888"),
    "Vietnam, Vietnamobile": ("0188 8555 888", "VN", "+84588555888"),
    "Vietnam, Gmobile": ("0199 5959 999", "VN", "+84595959999"),
}


@pytest.mark.parametrize(("typed", "country", "meant"), CHANGED.values(), ids=CHANGED)
def test_a_number_from_before_its_plan_changed_is_read_as_what_it_became(typed, country, meant):
    assert phones.parse(typed, country, ("US", country)) == meant
    assert phones.parse(meant, country, ("US", country)) == meant


# Not Gabon: libphonenumber's example of a mobile number is one of before the change.
@pytest.mark.parametrize("country", ["MX", "BR", "CI", "BJ", "XK", "SI", "VN"])
@pytest.mark.parametrize("kind", [PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE])
def test_a_number_of_today_is_not_taken_for_one_of_before(country, kind):
    number = phonenumbers.example_number_for_type(country, kind)
    assert number is None or E164(update_number(number)) == E164(number)


@pytest.mark.parametrize(
    ("typed", "country", "setting", "shown"),
    [
        ("503 555 0164", "KR", "US,CA,KR", "+1 503-555-0164"),
        ("503 555 0164", "KR", "US,CA", "+1 503-555-0164"),
        ("010-5550-1234", "US", "US,CA,KR", "+82 10-5550-1234"),
        ("0690 12 34 56", "FR", "FR", "+590 690 12 34 56"),
        ("011 82 10 5550 1234", "GB", "US,KR,GB", "+82 10-5550-1234"),
        ("0169 333 9999", "US", "US,VN", "+84 393 339 999"),
        ("044 55 1234 5678", "US", "US,MX", "+52 55 1234 5678"),
    ],
)
def test_a_number_that_fits_one_other_country_is_shown_in_full_before_it_is_taken(typed, country, setting, shown):
    with pytest.raises(Unclear) as refused:
        phones.parse(typed, country, countries(setting))
    assert (refused.value.reason, refused.value.suggestions) == ("phone_confirm", (shown,))
    assert phones.parse(shown, country, countries(setting))
    assert shown not in str(refused.value) + repr(refused.value)


def test_a_number_that_fits_two_is_asked_about():
    with pytest.raises(Unclear) as refused:
        phones.parse("0912 345 678", "US", countries("US,VN,TW"))
    assert (refused.value.reason, refused.value.suggestions) == ("phone_which", ("+84 912 345 678", "+886 912 345 678"))


@pytest.mark.parametrize(
    ("typed", "country", "reason"),
    [
        ("555 0164", "US", "phone_short"),
        ("555 0164", "KR", "phone_short"),
        ("010 5550 1234", "KR", "phone_country"),
        ("02 312 3456", "KR", "phone_landline"),
        ("242 359 1234", "US", "phone_country"),
    ],
)
def test_what_is_whole_at_home_or_nowhere_is_not_asked_about(typed, country, reason):
    with pytest.raises(Refused) as refused:
        phones.parse(typed, country, countries("US,CA"))
    assert type(refused.value) is Refused and refused.value.reason == reason


@given(st.text(), st.sampled_from(WIDE))
def test_no_text_is_anything_but_a_number_or_a_reason(typed, country):
    try:
        number = phones.parse(typed, country, WIDE)
    except Refused as refused:
        assert refused.reason in SENTENCES and not refused.facts
        return
    assert phones.parse(number, "DE", WIDE) == number


@given(st.text(alphabet="+0123456789()-./ x#,;ext", max_size=phones.NUMBER_MAX), st.sampled_from(WIDE))
def test_nor_is_any_row_of_what_numbers_are_made_of(typed, country):
    try:
        number = phones.parse(typed, country, WIDE)
    except Refused as refused:
        assert refused.reason in SENTENCES
        return
    assert number[0] == "+" and number[1:].isdigit() and len(number) <= 16
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    assert kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


EXAMPLES = [E164(phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)) for country in WIDE]
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


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("", "“”"),
        ("USA", "“USA”"),
        ("us", "“us”"),
        ("US;CA", "“US;CA”"),
        ("US,", "“”"),
        ("US,UK,DE", "“UK”"),
        ("US,-DE", "“-DE”"),
        ("US,--PR", "“--PR”"),
        ("CA,-CA", "every country"),
        ("US,001", "“001”"),
    ],
)
def test_a_list_of_countries_that_is_wrong_stops_the_start_and_names_what_is_wrong(setting, wrong, tmp_path):
    with pytest.raises(SettingError, match="PORTAL_SMS_COUNTRIES") as error:
        load_settings({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_SMS_COUNTRIES": setting})
    assert wrong in str(error.value)


def test_the_list_may_have_blanks(tmp_path):
    assert load_settings({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_SMS_COUNTRIES": "CA, KR"}).text_countries == ("CA", "KR")


@pytest.mark.parametrize(
    ("number", "prefix"),
    [
        ("+15035550164", "+15035"),
        ("+821055501234", "+821055"),  # not +8210, which is every mobile phone of Korea
        ("+447911123456", "+447911"),
        ("+4915123456789", "+4915123"),
        ("+86139123456789", "+8613912"),
        ("+6834001", "+6834"),
        ("", ""),
    ],
)
def test_a_prefix_stands_for_a_million_numbers_at_most(number, prefix):
    assert phones.prefix_of(number) == prefix
