#!/bin/sh
# Babel: units, day periods, and zones in languages other than English.
#
# Expected (guess before the run): format_unit writes "9분" in Korean as format_timedelta does; the short Korean time is written with
# 오전 and 오후; the pattern for a zone named after a city is the plain one in every locale; Mountain Time is not said of a place whose
# clock differs from Denver's.
# Seen, Babel 2.18.0, 2026-11-29: format_unit writes the name of the unit ("9 duration-minute"); the short Korean time has "AM"; in es_US,
# fr_CA, and ru the pattern is the one of summer time; Phoenix in July is "Mountain Time", an hour ahead of what its clocks show.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check babel==2.18.0 tzdata==2026.6
"$folder/venv/bin/python" - <<'END'
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import babel
from babel import Locale
from babel.dates import format_time, format_timedelta, get_timezone_name
from babel.units import format_unit

print("babel", babel.__version__)
at = datetime(2026, 12, 3, 7, 30, tzinfo=UTC)
seen = {
    "minutes, format_unit, ko": format_unit(9, "duration-minute", "long", locale="ko"),
    "minutes, format_timedelta, ko": format_timedelta(timedelta(minutes=9), locale="ko"),
    "short time, ko": format_time(at, "short", locale="ko"),
    "zone of a city, es": Locale.parse("es").zone_formats["region"],
    "zone of a city, es_US": Locale.parse("es_US").zone_formats["region"],
    "zone of a city, fr_CA": Locale.parse("fr_CA").zone_formats["region"],
    "Phoenix, en": get_timezone_name(ZoneInfo("America/Phoenix"), "long", locale="en", zone_variant="generic"),
}
for what, words in seen.items():
    print(f"{what}: {words}")
expected = ["9 duration-minute", "9분", "AM 7:30", "hora de %s", "hora de verano de %s", "%s (heure avancée)", "Mountain Time"]
sys.exit(list(seen.values()) != expected)
END
