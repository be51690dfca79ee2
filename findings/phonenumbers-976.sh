#!/bin/sh
# phonenumbers takes numbers of exchange 976 in North America, set aside for information services that charge callers, as ordinary ones.
#
# Expected: PREMIUM_RATE for +1 NPA-976-XXXX in a geographic area code, as for area code 900: the numbering plan's assignment guidelines
#   (ATIS-0300051) list 976 among the special-use codes.
# Seen: FIXED_LINE_OR_MOBILE in every area code that was tried; +1 900 is PREMIUM_RATE.
# Version: phonenumbers 9.0.42, Python 3.11. Date: 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.42
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import phonenumbers
from phonenumbers import PhoneNumberType

print("phonenumbers", phonenumbers.__version__)
ordinary = []
for area in ("212", "305", "312", "415", "503", "416", "604", "787", "900"):
    kind = phonenumbers.number_type(phonenumbers.parse(f"+1{area}9761234"))
    ordinary += [area] if kind == PhoneNumberType.FIXED_LINE_OR_MOBILE else []
    print(f"+1 {area} 976 1234:", PhoneNumberType.to_string(kind) if hasattr(PhoneNumberType, "to_string") else kind)
still = ordinary == ["212", "305", "312", "415", "503", "416", "604", "787"]
print("still so" if still else "changed")
sys.exit(0 if still else 1)
PYTHON
