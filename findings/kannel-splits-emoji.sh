#!/bin/sh
# Kannel splits a character outside the Basic Multilingual Plane between two parts of a text.
#
# Expected: where a text in UCS-2 takes several parts, each part ends after a whole character, as it does for the two septets of "[" or "€".
# Seen: the first part ends in 0xD83D, the second one begins with 0xDCF1: half an emoji each. A phone, or a carrier, that reads each part by
#   itself before it joins them cannot decode it. The brackets of the default alphabet are kept whole.
# Version: Kannel 1.4.5 (Debian 12: kannel, kannel-extras 1.4.5-12), Python 3.11. Date: 2026-11-29.
set -eu
. "$(dirname "$0")/kannel.inc"
start_kannel "max-messages = 3"
phone=$(python3 -c 'print("\U0001f4f1", end="")')
send "$(repeat a 66)$phone$phone$phone$(repeat z 5)" "&charset=UTF-8&coding=2"
send "$(repeat a 152)[[[[[$(repeat b 10)" "&charset=UTF-8"
stop_kannel
python3 - "$folder/received" <<'PYTHON'
import re
import sys
from urllib.parse import unquote_to_bytes

unicode, plain = open(sys.argv[1], encoding="utf-8", errors="replace").read().splitlines()
parts = [unquote_to_bytes(words.replace("+", " ")) for words in re.findall(r"data ([^>]*)>", unicode)]
print("UCS-2: the first part ends in", parts[0][-2:].hex(), "and the second begins with", parts[1][:2].hex())
brackets = [unquote_to_bytes(words.replace("+", " ")).decode() for words in re.findall(r"data ([^>]*)>", plain)]
print("default alphabet: the first part has", len(brackets[0]), "characters and ends in", brackets[0][-1])
changed = (parts[0][-2:], parts[1][:2]) != (b"\xd8\x3d", b"\xdc\xf1") or brackets[0] != "a" * 152
sys.exit("The behavior has changed." if changed else 0)
PYTHON
