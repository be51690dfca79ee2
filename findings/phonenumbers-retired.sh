#!/bin/sh
# phonenumbers drops the numbers of one changed numbering plan at once and keeps those of another for years.
#
# Expected: numbers that no longer exist since a plan changed are no longer valid, in each country alike, once the parallel time is over.
# Seen: Mexico's +52 1 (off since August 2020), Vietnam's eleven digits, and Benin's eight are refused. Gabon's eight digits with a 0
#   (off since 6 April 2024) are valid mobile numbers, beside the ones that they became, and the library's own example of a mobile
#   number is such a retired one. Korea's 011 (off since June 2021) is a valid mobile number, too. A text to any of them is lost.
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
for number in ("+5215512345678", "+841201234567", "+22997123456", "+24106123456", "+24166123456", "+82111234567", "+821091234567"):
    parsed = phonenumbers.parse(number)
    mobile = phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) == PhoneNumberType.MOBILE
    seen[number] = mobile
    print(number, "mobile" if mobile else "refused")
example = phonenumbers.format_number(phonenumbers.example_number_for_type("GA", PhoneNumberType.MOBILE), PhoneNumberFormat.E164)
print("example of Gabon:", example)
retired = {number for number, mobile in seen.items() if mobile} & {"+24106123456", "+82111234567"}
refused = {number for number, mobile in seen.items() if not mobile}
still = len(retired) == 2 and refused == {"+5215512345678", "+841201234567", "+22997123456"} and example.startswith("+2410")
print("still so" if still else "changed")
sys.exit(0 if still else 1)
PYTHON
