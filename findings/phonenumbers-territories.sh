#!/bin/sh
# phonenumbers gives the example of a territory's mobile numbers to another region than the territory.
#
# Expected: example_number_for_type(region, MOBILE) is a number of that region, so that region_code_for_number() answers the same
#   region, and a list of regions can let a territory in or keep it out.
# Seen: for nine regions it answers another one: IM is GB, AX is FI, SJ is NO, CC and CX are AU, BL and MF are GP, EH is MA, VA is IT.
#   +44 7924 123456, of the Isle of Man's own range, passes as British; Guernsey's and Jersey's examples, beside it, are told apart.
# Version: phonenumbers 9.0.42, Python 3.11. Date: 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.42
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

print("phonenumbers", phonenumbers.__version__)
seen = {}
for region in sorted(phonenumbers.SUPPORTED_REGIONS):
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if number is None:
        continue
    answered = phonenumbers.region_code_for_number(number)
    seen[region] = answered
    if answered != region:
        print(f"{region}: {phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)} is a number of {answered}")
known = {"IM": "GB", "AX": "FI", "SJ": "NO", "CC": "AU", "CX": "AU", "BL": "GP", "MF": "GP", "EH": "MA", "VA": "IT"}
wrong = known.items() - seen.items()
print("still so" if not wrong else f"changed: {sorted(wrong)}")
sys.exit(1 if wrong else 0)
PYTHON
