"""The time zones that a person can choose from, by region and city, in their language."""

import functools
from importlib import resources
from typing import NamedTuple

from babel import Locale
from babel.dates import get_timezone_location

from portal import zones
from portal.names import list_key
from portal.words.refusals import N_

FIRST = ("US", "CA")  # the countries of the practices
HERE = N_("United States and Canada")
REGIONS = {
    "America": N_("The rest of the Americas"),
    "Europe": N_("Europe"),
    "Arctic": N_("Europe"),
    "Asia": N_("Asia"),
    "Africa": N_("Africa"),
    "Australia": N_("Australia"),
    "Pacific": N_("Pacific Ocean"),
    "Atlantic": N_("Atlantic Ocean"),
    "Indian": N_("Indian Ocean"),
    "Antarctica": N_("Antarctica"),
}


class Place(NamedTuple):
    """One zone of the list."""

    name: str  # IANA
    city: str


@functools.cache
def named_by_country() -> tuple[tuple[str, str], ...]:
    """(IANA name, country) of every zone that has a country, from the data's own table."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return tuple((name, country) for country, _, name, *_rest in rows if zones.find_zone(name))


@functools.lru_cache(maxsize=32)
def list_places(locale: Locale) -> dict[str, list[Place]]:
    """Region (untranslated) to its zones by city; the countries of the practices first."""
    found: dict[str, list[Place]] = {region: [] for region in (HERE, *REGIONS.values())}
    for name, country in named_by_country():
        region = HERE if country in FIRST else REGIONS.get(name.partition("/")[0], HERE)
        found[region].append(Place(name, city_of(name, locale)))
    return {region: sorted(found[region], key=lambda place: list_key(place.city, locale.language)) for region in found}


def city_of(name: str, locale: Locale) -> str:
    """The city that a zone is named after, in a language: "Los Angeles", "St. John’s"."""
    zone = zones.find_zone(name)
    city = get_timezone_location(zone, locale, return_city=True) if zone else name
    return city.rpartition("/")[2].replace("_", " ")
