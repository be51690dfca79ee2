"""Phone numbers as people type them: parsed, validated, masked. Pure."""

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from portal.numbering import update_number
from portal.settings import config
from portal.typed import strip_separators
from portal.words.refusals import Refused, Unclear

NUMBER_MAX = 64  # enough for the longest number with generous spacing
LINK = re.compile(
    r"\s*(?:tel|callto|[sm]ms|smsto):(?://)?([^?&]*)", re.IGNORECASE
)  # RFC 3966, RFC 5724: with a number, as links have it
EXTENSION = re.compile(
    r"\d[\s.)]*(?:;?ext(?:ension)?[.:=]?|[x#~pw]|[,;]+)\s?\d{1,7}[\s#]*$", re.IGNORECASE
)  # or a pause, then digits
SEPARATORS = str.maketrans("", "", '()/[]<>"“”„«»')  # brackets and quotation marks, as address books copy them
AFTER_A_NUMBER = ",; \n"  # what follows it in a list
SHOWN_DIGITS = 2  # SM-12

# Number types that cannot get a text, or that do not belong to one person's phone.
REFUSED_KINDS = {
    PhoneNumberType.FIXED_LINE: "phone_landline",
    PhoneNumberType.PREMIUM_RATE: "phone_premium",
    PhoneNumberType.SHARED_COST: "phone_premium",
    PhoneNumberType.TOLL_FREE: "phone_service",
    PhoneNumberType.UAN: "phone_service",
    PhoneNumberType.VOICEMAIL: "phone_service",
    PhoneNumberType.PAGER: "phone_service",
    PhoneNumberType.PERSONAL_NUMBER: "phone_service",
    PhoneNumberType.VOIP: "phone_voip",  # proves no possession of a phone: NIST SP 800-63B 3.1.3.1
}


def parse(text: str, country: str, countries: Collection[str]) -> str:
    """The number as E.164 ("+15035550164"). One without + is read as a number of `country` (ISO 3166, "US") first.

    `countries`: where texts may be sent. Raises Refused with one of the "phone_…" reasons, or Unclear if the number fits only
    another country than the person's, or several.
    """
    typed = normalize_typed(text)
    refused = why_not(typed, country, countries)
    if refused is None:
        return read(typed, country, countries)
    at_home = refused if country in countries else why_not(typed, country, (country,))
    if typed.startswith("+") or at_home is None:
        raise refused
    found = [read(typed, each, countries) for each in plans_besides(country, countries) if not why_not(typed, each, countries)]
    if found:
        raise Unclear("phone_confirm" if len(found) == 1 else "phone_which", map(show, found))
    raise at_home


def plans_besides(country: str, countries: Collection[str]) -> list[str]:
    """One of the countries for each calling code besides the country's own.

    Those that share a code write whole numbers alike, and would only add an area code of their own to a number that lacks one.
    """
    first = {phonenumbers.country_code_for_region(each): each for each in reversed(list(countries))}
    first.pop(phonenumbers.country_code_for_region(country), None)
    return [each for each in countries if each in first.values()]


def why_not(typed: str, country: str, countries: Collection[str]) -> Refused | None:
    """Why normalized digits aren't a mobile number as people of the country write it; None if they are."""
    try:
        read(typed, country, countries)
    except Refused as refused:
        return refused
    return None


def read(typed: str, country: str, countries: Collection[str]) -> str:
    """Normalized digits as E.164, as people of one country write them. Raises Refused."""
    number = update_number(parse_normalized(typed, country))
    if not regions_of(number) & set(countries):
        raise Refused("phone_country")
    check_length(number)
    if not phonenumbers.is_valid_number(number):
        raise Refused("phone_unknown" if typed.startswith("+") else "phone_unallocated")
    if phonenumbers.region_code_for_number(number) not in countries:
        raise Refused("phone_country")
    kind = kind_of(number)
    if kind in REFUSED_KINDS:
        raise Refused(REFUSED_KINDS[kind])
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def kind_of(number: PhoneNumber) -> int:
    """The number's PhoneNumberType. In +1, exchange 976 is set aside for information services that charge callers.

    ATIS-0300051, Central Office Code Assignment Guidelines, lists it among the special-use codes; libphonenumber takes it as ordinary.
    """
    if number.country_code == 1 and str(number.national_number)[3:6] == "976":
        return PhoneNumberType.PREMIUM_RATE
    return phonenumbers.number_type(number)


def show(number: str) -> str:
    """An E.164 number in full, as it is written internationally ("+82 10-5550-1234")."""
    return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)


def dial(text: str, country: str) -> str:
    """What a tel: link dials for a number that people wrote down (RFC 3966, "+15035550142"); "" if it is none."""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_possible_number(number) else ""


def country_of(number: str) -> str:
    """The country of a number written internationally (ISO 3166); "" if there is none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""


def normalize_typed(text: str) -> str:
    """Digits of any script as 0-9, with a leading + if typed; separators are removed. Raises Refused for anything else."""
    text = text[: config.TYPED_MAX].rstrip(AFTER_A_NUMBER)
    link = LINK.match(text)
    typed = unicodedata.normalize("NFKC", unquote(link[1]).rstrip(";/") if link else text)
    kept = strip_separators(typed).translate(SEPARATORS)
    if not kept:
        raise Refused("phone_empty")
    if len(typed.strip()) > NUMBER_MAX:
        raise Refused("phone_long")
    if EXTENSION.search(typed):
        raise Refused("phone_extension")
    if "+" in kept[1:] or not kept.strip("+") or not (kept.strip("+").isascii() and kept.strip("+").isdigit()):
        raise Refused("phone_letters")
    return kept


def parse_normalized(typed: str, country: str) -> PhoneNumber:
    """Parse normalized digits. 00 means + unless the number is valid in the country's own dialing plan."""
    try:
        number = phonenumbers.parse(typed, country)
        if typed.startswith("00") and not phonenumbers.is_valid_number(number):
            number = phonenumbers.parse("+" + typed.lstrip("0"), country)
    except NumberParseException as error:
        raise Refused(PARSE_ERRORS.get(error.error_type, "phone_unknown")) from None
    return number


PARSE_ERRORS = {
    NumberParseException.NOT_A_NUMBER: "phone_short",
    NumberParseException.TOO_SHORT_AFTER_IDD: "phone_short",
    NumberParseException.TOO_SHORT_NSN: "phone_short",
    NumberParseException.TOO_LONG: "phone_long",
}
TOO_SHORT_RESULTS = (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)


def check_length(number: PhoneNumber) -> None:
    """Raises Refused if digits (or the area code) are missing, or there are too many."""
    length = phonenumbers.is_possible_number_with_reason(number)
    if length in TOO_SHORT_RESULTS:
        raise Refused("phone_short")
    if length == ValidationResult.TOO_LONG:
        raise Refused("phone_long")


def regions_of(number: PhoneNumber) -> set[str]:
    """The countries that share the number's calling code: 25 of them for +1."""
    return set(phonenumbers.region_codes_for_country_code(number.country_code or 0))


def mask(number: str) -> str:
    """The last two digits after dots (SM-12), with non-breaking spaces; "" if there is no number."""
    return f"•••\N{NO-BREAK SPACE}•••\N{NO-BREAK SPACE}••{number[-SHOWN_DIGITS:]}" if number else ""


def hide_numbers(text: str, countries: Collection[str]) -> str:
    """A text that somebody wrote, with every phone number in it masked: of these countries as they write it, of others with its code."""
    for country in countries:
        for found in reversed(list(phonenumbers.PhoneNumberMatcher(text, country))):
            hidden = mask(phonenumbers.format_number(found.number, PhoneNumberFormat.E164))
            text = f"{text[: found.start]}{hidden}{text[found.end :]}"
    return text


def prefix_of(number: str) -> str:
    """What an E.164 number has in common with the million next to it: fraud buys blocks, whatever a country's area codes are."""
    return number[: min(config.PREFIX_MAX, max(config.PREFIX_MIN, len(number) - config.PREFIX_DROPS))]


def is_international(number: str, country: str) -> bool:
    """Whether a text to an E.164 number leaves the numbering plan of the gateway's `country`, so that it may be delayed.

    `country` is the operator's first country, not the owner's: the delay begins at the gateway. A Korean number is
    international for a US carrier, even if its owner lives in Korea.
    """
    return country not in regions_of(phonenumbers.parse(number))
