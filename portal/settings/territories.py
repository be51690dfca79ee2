"""The countries of PORTAL_SMS_COUNTRIES, and the territories that come with each: they share its numbering plan or regulator, and carriers.

libphonenumber gives their numbers regions of their own, so that a list of countries alone refuses them as foreign.
Read on 2026-11-29.
"""

from collections.abc import Mapping

from phonenumbers import SUPPORTED_REGIONS

from portal.settings.addresses import SettingError, quote

# Country -> its territories, by ISO 3166 code. The source says whose plan numbers them.
TERRITORIES: dict[str, tuple[str, ...]] = {
    # NANPA, area codes of US territories: 787 and 939, 671, 340, 684, 670. The FCC regulates their carriers.
    "US": ("PR", "GU", "VI", "AS", "MP"),
    # Ofcom, National Telephone Numbering Plan: the Crown dependencies are numbered in +44.
    "GB": ("GG", "JE", "IM"),
    # Arcep, decision 2018-0881 (national numbering plan), which also numbers the overseas departments and Saint-Pierre-et-Miquelon.
    # New Caledonia, French Polynesia, and Wallis and Futuna have regulators and plans of their own.
    "FR": ("GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"),
    # Bonaire, Sint Eustatius, and Saba are part of the Netherlands, whose minister numbers them (Wet telecommunicatievoorzieningen BES).
    # They share +599 with Curaçao, which, like Aruba and Sint Maarten, is a country with a regulator of its own.
    "NL": ("BQ",),
    # ACMA, Telecommunications Numbering Plan: Cocos (Keeling) Islands and Christmas Island are numbered in +61.
    "AU": ("CC", "CX"),
    # Nkom, Norwegian numbering plan for telephony (E.164): Svalbard and Jan Mayen are numbered in +47.
    "NO": ("SJ",),
    # Traficom, Regulation 32 on numbering: Åland is numbered in +358.
    "FI": ("AX",),
}


def read_countries(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The countries of PORTAL_SMS_COUNTRIES with their territories, without those after a minus; the operator's own stays first."""
    entries = environ.get("PORTAL_SMS_COUNTRIES", "US,CA").replace(" ", "").split(",")
    for entry in entries:
        if entry.removeprefix("-") not in SUPPORTED_REGIONS:
            raise SettingError(
                f"PORTAL_SMS_COUNTRIES must be a list of two-letter country codes such as US,CA,-PR. {quote(entry)} isn't one."
            )
    listed = [entry for entry in entries if not entry.startswith("-")]
    found = [*listed, *(territory for country in listed for territory in TERRITORIES.get(country, ()))]
    for entry in entries:
        if entry.startswith("-") and entry[1:] not in found:
            raise SettingError(f"PORTAL_SMS_COUNTRIES takes out {quote(entry)}, which no country in the list brings.")
    countries = tuple(country for country in dict.fromkeys(found) if f"-{country}" not in entries)
    if not countries:
        raise SettingError("PORTAL_SMS_COUNTRIES takes out every country in it. Set PORTAL_SMS to 0 to send no texts.")
    return countries
