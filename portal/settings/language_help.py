"""The languages of the notice of language help, and the number that it gives, by PORTAL_LANGUAGE_HELP and PORTAL_LANGUAGE_HELP_PHONE."""

from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers

from portal.language_help import count_languages, read_notices
from portal.languages import NOT_REVIEWED, SOURCE
from portal.settings.addresses import SettingError, quote
from portal.settings.territories import read_countries

NAME, PHONE = "PORTAL_LANGUAGE_HELP", "PORTAL_LANGUAGE_HELP_PHONE"
LEAST = 15  # 45 CFR 92.11(b): English, and at least the 15 languages that are most commonly spoken in the operator's state


@dataclass(frozen=True)
class LanguageHelp:
    """What the notice shows."""

    languages: tuple[str, ...]  # BCP 47 tags besides English, in the order shown
    phone: str  # as it is printed; "": support's contact is told instead


def read_language_help(environ: Mapping[str, str], may_show_unreviewed: bool) -> LanguageHelp:
    """Both settings. Raises SettingError."""
    return LanguageHelp(read_tags(environ, may_show_unreviewed), read_phone(environ))


def read_tags(environ: Mapping[str, str], may_show_unreviewed: bool) -> tuple[str, ...]:
    """The tags of the notice's languages besides English. Without a list, all of them that may be shown. Raises SettingError."""
    notices = read_notices()
    unreviewed = [] if may_show_unreviewed else [tag for tag, notice in notices.items() if notice.needs_review]
    if not environ.get(NAME):
        return tuple(tag for tag in notices if tag not in (SOURCE, *unreviewed))
    tags = tuple(dict.fromkeys(tag for tag in environ[NAME].replace(" ", "").split(",") if tag != SOURCE))
    for tag in tags:
        if tag not in notices:
            known = ",".join(tag for tag in notices if tag != SOURCE)
            raise SettingError(f"{NAME} must be a list of languages that have the notice ({known}). {quote(tag)} has none.")
        if tag in unreviewed:
            raise SettingError(
                f"{NAME} names {tag}, whose notice is {NOT_REVIEWED}."
                " Leave it out until it is, or set PORTAL_UNREVIEWED_LANGUAGES=1 to answer for it."
            )
    if count_languages(tags) < LEAST:
        raise SettingError(f"{NAME} must name at least {LEAST} languages besides English, as 45 CFR 92.11 does; these are fewer.")
    return tags


def read_phone(environ: Mapping[str, str]) -> str:
    """The phone number of the notice: support's contact, if that is one; "" without any. Raises SettingError."""
    number, contact, country = environ.get(PHONE, ""), environ.get("PORTAL_SUPPORT_CONTACT", ""), read_countries(environ)[0]
    if number and not is_phone(number, country):
        raise SettingError(f"{PHONE} must be a phone number such as (503) 555-0142. {quote(number)} isn't one.")
    return number or (contact if is_phone(contact, country) else "")


def is_phone(text: str, country: str) -> bool:
    """Whether a text is a number that people of a country can dial."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, country))
    except phonenumbers.NumberParseException:
        return False
