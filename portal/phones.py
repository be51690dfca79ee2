"""Phone numbers as people type them: read for a country, refused with a reason, masked. Pure."""

import re
import unicodedata
from collections.abc import Collection

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from portal.words.refusals import Refused

TYPED_MAX = 64  # the longest number, written as generously as anybody writes
EXTENSION = re.compile(r"\d[\s.)]*(?:;?ext(?:ension)?[.:=]?|x|#|,|;|~)\s?\d{1,7}\s*$", re.IGNORECASE)
SEPARATORS = "()./"
SHOWN_DIGITS = 2  # SM-12

# Kinds of numbers that a text for one person must not go to, or cannot.
REFUSED_KINDS = {
    PhoneNumberType.FIXED_LINE: "phone_landline",
    PhoneNumberType.PREMIUM_RATE: "phone_premium",
    PhoneNumberType.SHARED_COST: "phone_premium",
    PhoneNumberType.TOLL_FREE: "phone_service",
    PhoneNumberType.UAN: "phone_service",
    PhoneNumberType.VOICEMAIL: "phone_service",
    PhoneNumberType.PAGER: "phone_service",
    PhoneNumberType.PERSONAL_NUMBER: "phone_service",
    PhoneNumberType.VOIP: "phone_voip",  # proves nothing about a phone in hand: NIST SP 800-63B 3.1.3.1
}


def parse(text: str, country: str, countries: Collection[str]) -> str:
    """The number as E.164 ("+15035550164"). Numbers without + are read as people of `country` (ISO 3166, "US") write them.

    `countries`: those that texts may go to. Raises Refused with one of the "phone_…" reasons.
    """
    number = read(plain(text), country)
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


def plain(text: str) -> str:
    """Digits of any script as 0-9, a leading +, separators as spaces. Raises Refused for what is no part of a number."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if not typed:
        raise Refused("phone_empty")
    if len(typed) > TYPED_MAX:
        raise Refused("phone_long")
    if EXTENSION.search(typed):
        raise Refused("phone_extension")
    kept = "".join(as_digit(character) for character in typed)
    kept = kept.replace(" ", "")
    if "+" in kept[1:] or not kept.strip("+"):
        raise Refused("phone_letters")
    return kept


def as_digit(character: str) -> str:
    """One character of a number as 0-9, + or a space."""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if character == "+":
        return character
    if character.isspace() or character in SEPARATORS or unicodedata.category(character) in ("Pd", "Cf"):
        return " "
    raise Refused("phone_letters")


def read(typed: str, country: str) -> PhoneNumber:
    """The number behind plain digits. 00 stands for + where the country's own way of dialling does not say otherwise."""
    try:
        number = phonenumbers.parse(typed, country)
        if typed.startswith("00") and not phonenumbers.is_valid_number(number):
            number = phonenumbers.parse("+" + typed.lstrip("0"), country)
    except NumberParseException as error:
        raise Refused(READING.get(error.error_type, "phone_unallocated")) from None
    return number


READING = {
    NumberParseException.NOT_A_NUMBER: "phone_short",
    NumberParseException.TOO_SHORT_AFTER_IDD: "phone_short",
    NumberParseException.TOO_SHORT_NSN: "phone_short",
    NumberParseException.TOO_LONG: "phone_long",
}
SHORT = (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)


def check_length(number: PhoneNumber) -> None:
    """Raises Refused where digits are missing (an area code too) or too many."""
    length = phonenumbers.is_possible_number_with_reason(number)
    if length in SHORT:
        raise Refused("phone_short")
    if length == ValidationResult.TOO_LONG:
        raise Refused("phone_long")


def regions_of(number: PhoneNumber) -> set[str]:
    """The countries that share the number's numbering plan: +1 is twenty-five of them."""
    return set(phonenumbers.region_codes_for_country_code(number.country_code or 0))


def mask(number: str) -> str:
    """The last two digits (SM-12), which no line break parts from the dots; "" for no number."""
    return f"•••\N{NO-BREAK SPACE}•••\N{NO-BREAK SPACE}••{number[-SHOWN_DIGITS:]}" if number else ""


def is_international(number: str, country: str) -> bool:
    """Whether a text from the gateway's `country` to an E.164 number goes into another numbering plan, where it may be delayed."""
    return country not in regions_of(phonenumbers.parse(number))
