"""Phone numbers as people type them: parsed, validated, masked. Pure."""

import re
import unicodedata
from collections.abc import Collection

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from portal.words.refusals import Refused

TYPED_MAX = 64  # enough for the longest number with generous spacing
EXTENSION = re.compile(r"\d[\s.)]*(?:;?ext(?:ension)?[.:=]?|x|#|,|;|~)\s?\d{1,7}\s*$", re.IGNORECASE)
SEPARATORS = "()./"
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
    """The number as E.164 ("+15035550164"). One without + is parsed as a number of `country` (ISO 3166, "US").

    `countries`: where texts may be sent. Raises Refused with one of the "phone_…" reasons.
    """
    number = parse_normalized(normalize_typed(text), country)
    if not regions_of(number) & set(countries):
        raise Refused("phone_country")
    check_length(number)
    if not phonenumbers.is_valid_number(number):
        raise Refused("phone_unallocated")
    if phonenumbers.region_code_for_number(number) not in countries:
        raise Refused("phone_country")
    kind = phonenumbers.number_type(number)
    if kind in REFUSED_KINDS:
        raise Refused(REFUSED_KINDS[kind])
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def normalize_typed(text: str) -> str:
    """Digits of any script as 0-9, with a leading + if typed; separators are removed. Raises Refused for anything else."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if not typed:
        raise Refused("phone_empty")
    if len(typed) > TYPED_MAX:
        raise Refused("phone_long")
    if EXTENSION.search(typed):
        raise Refused("phone_extension")
    kept = "".join(normalize_character(character) for character in typed)
    kept = kept.replace(" ", "")
    if "+" in kept[1:] or not kept.strip("+"):
        raise Refused("phone_letters")
    return kept


def normalize_character(character: str) -> str:
    """One character of a number as 0-9, + or a space."""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if character == "+":
        return character
    if character.isspace() or character in SEPARATORS or unicodedata.category(character) in ("Pd", "Cf"):
        return " "
    raise Refused("phone_letters")


def parse_normalized(typed: str, country: str) -> PhoneNumber:
    """Parse normalized digits. 00 means + unless the number is valid in the country's own dialing plan."""
    try:
        number = phonenumbers.parse(typed, country)
        if typed.startswith("00") and not phonenumbers.is_valid_number(number):
            number = phonenumbers.parse("+" + typed.lstrip("0"), country)
    except NumberParseException as error:
        raise Refused(PARSE_ERRORS.get(error.error_type, "phone_unallocated")) from None
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


def is_international(number: str, country: str) -> bool:
    """Whether a text to an E.164 number leaves the numbering plan of the gateway's `country`, so that it may be delayed.

    `country` is the operator's first country, not the owner's: the delay begins at the gateway. A Korean number is
    international for a US carrier, even if its owner lives in Korea.
    """
    return country not in regions_of(phonenumbers.parse(number))
