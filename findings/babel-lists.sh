#!/bin/sh
# Babel: a list in the style of units, such as "9 minutes, 40 seconds", in most languages.
#
# Expected (guess before the run): format_list(…, style="unit") joins two or three parts in every language that it takes the style in;
# a language whose own data says how two parts are joined, and no more, has the rest from its parent.
# Seen, Babel 2.18.0, 2026-11-30: KeyError("start") in 88 languages, Spanish and German among them; English and Korean are right. In
# CLDR's data, what a language leaves out of a short style stands in the style that this one is an alias of.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check babel==2.18.0
"$folder/venv/bin/python" - <<'END'
import sys

import babel
from babel import Locale, localedata
from babel.lists import format_list

print("babel", babel.__version__)


def joined(tag):
    try:
        return format_list(["1 h", "2 min", "3 s"], "unit", Locale.parse(tag))
    except KeyError as error:
        return repr(error)


said = {tag: joined(tag) for tag in localedata.locale_identifiers()}
broken = sorted({tag.partition("_")[0] for tag, words in said.items() if words == "KeyError('start')"})
for tag in ("en", "ko", "es", "de"):
    print(f"{tag}: {said[tag]}")
print(f"KeyError('start') in {len(broken)} languages: {' '.join(broken)}")
still = (said["en"], said["ko"], said["es"]) == ("1 h, 2 min, 3 s", "1 h 2 min 3 s", "KeyError('start')") and len(broken) == 88
print("still so" if still else "changed")
sys.exit(0 if still else 1)
END
