#!/bin/sh
# Kannel accepts a text that is longer than a sendsms-user may send, cuts its end off, and says "0: Accepted for delivery".
#
# Expected: its user's guide says that a text longer than one message is split into at most max-messages; one that needs more is refused.
# Seen: the parts beyond max-messages are left out, and the answer is the same 202. Without max-messages it is 1: of 170 characters 153 arrive,
#   of 116 in UCS-2 67; with max-messages = 3, 459 of 500. A text that ends in a code to fill in loses the code.
# Version: Kannel 1.4.5 (Debian 12: kannel, kannel-extras 1.4.5-12), Python 3.11. Date: 2026-11-29.
set -eu
. "$(dirname "$0")/kannel.inc"
start_kannel ""
# A long text in the default alphabet, and a shorter one in UCS-2.
send "$(repeat x 160)0123456789" "&charset=UTF-8"
send "Su código es 482913. $(repeat y 79)@portal #482913" "&charset=UTF-8&coding=2"
stop_kannel
start_kannel "max-messages = 3"
send "$(repeat z 459)$(repeat 0 41)" "&charset=UTF-8&concatenation=true"
stop_kannel
lengths=$(python3 - "$folder/received" <<'PYTHON'
import re
import sys
from urllib.parse import unquote_to_bytes

for name, log in (line.split("\t", 1) for line in open(sys.argv[1], encoding="utf-8", errors="replace")):
    for kind, words in re.findall(r"(text|ucs-2|data) ([^>]*)>", log):
        print(len(words) if kind == "text" else len(unquote_to_bytes(words.replace("+", " "))) // (2 if kind == "ucs-2" else 1))
PYTHON
)
echo "characters that arrived:" $lengths "(of 170, of 116, and of 500 in parts)"
[ "$(echo $lengths)" = "153 67 153 153 153" ] || { echo "The behavior has changed." >&2; exit 1; }
