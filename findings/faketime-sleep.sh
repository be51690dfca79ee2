#!/bin/sh
# A server whose clock is two minutes ahead, by libfaketime: time-based codes are tried so, since a clock of one's own needs no rights.
#
# Expected (guess before the run): with FAKETIME_DONT_FAKE_MONOTONIC=1, which leaves the monotonic clock alone, waiting is what it was, and
# only the time of day is ahead.
# Seen, libfaketime 0.9.10 (Debian 12), CPython 3.11.2, 2026-11-30: the time of day is two minutes ahead, but time.sleep fails at once with
# EINVAL. It waits until a moment of the monotonic clock, which libfaketime shifts all the same. A wait for a file descriptor lasts as
# long as it should, so a server that waits for requests runs, and whatever sleeps between two tries dies: shift the clock beneath
# such a process by another means.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root libfaketime=0.9.10-2.1 >/dev/null
dpkg-deb -x libfaketime_*.deb .
cat >look.py <<'END'
import errno
import os
import select
import sys
import time

ahead = round(time.time() - float(sys.argv[1]))
began = time.perf_counter()
select.select([os.pipe()[0]], [], [], 0.5)
waited = time.perf_counter() - began
try:
    time.sleep(0.1)
    slept = "ok"
except OSError as error:
    slept = errno.errorcode[error.errno]
print(f"{sys.version.split()[0]}: {ahead} s ahead, select waits {waited:.1f} s, sleep: {slept}")
sys.exit((100 < ahead < 140, 0.4 < waited < 2, slept) != (True, True, "EINVAL"))
END
LD_PRELOAD=$(echo "$folder"/usr/lib/*/faketime/libfaketime.so.1) FAKETIME=+2m FAKETIME_DONT_FAKE_MONOTONIC=1 \
    timeout 60 /usr/bin/python3 look.py "$(date +%s.%N)"
