#!/bin/sh
# segno's QR codes with accents, read by zbar: the names of people and clinics in an otpauth address that isn't percent-encoded.
#
# Expected (guess before the run): zbar reads back what segno wrote, in ISO-8859-1 (segno's choice for "é") and in UTF-8.
# Seen, segno 1.6.6, zbar 0.23.92 (Debian 12), zxing-cpp 3.1.0, 2026-11-30: zbar guesses an East Asian encoding for short texts, word by
# word: "Renée Ångström" in ISO-8859-1 becomes Chinese, "Ñandú" in UTF-8 Japanese, while "José" is right in one and wrong in the other.
# zxing-cpp reads all of them. With an ECI mark, zbar does as well; in a percent-encoded address the question doesn't come up.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root zbar-tools=0.23.92-7+deb12u1 libzbar0=0.23.92-7+deb12u1 >/dev/null
for package in *.deb; do dpkg-deb -x "$package" .; done
LD_LIBRARY_PATH=$(echo "$folder"/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
if ldd usr/bin/zbarimg | grep -q "not found"; then
    echo "zbarimg needs the libraries of Debian's imagemagick, libv4l-0, and libx11-6 beside it" >&2
    exit 2
fi
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check segno==1.6.6 zxing-cpp==3.1.0 pillow==13.0.0
venv/bin/python - <<'END'
import subprocess
import sys

import segno
import zxingcpp
from PIL import Image

print("segno", segno.__version__, "zbar", subprocess.check_output(["usr/bin/zbarimg", "--version"], text=True).strip())
seen = []
for text in ("Renée Ångström", "Ñandú", "José"):
    for name, options in {"ISO-8859-1": {}, "UTF-8": {"encoding": "utf-8"}, "UTF-8, ECI": {"encoding": "utf-8", "eci": True}}.items():
        segno.make(text, micro=False, error="m", **options).save("code.png", scale=6, border=4)
        by_zbar = subprocess.check_output(["usr/bin/zbarimg", "-q", "--raw", "code.png"], text=True, stderr=subprocess.DEVNULL).strip()
        by_zxing = [each.text for each in zxingcpp.read_barcodes(Image.open("code.png"))]
        print(f"{text} in {name}: zbar {by_zbar}, zxing-cpp {by_zxing[0]}")
        seen.append((by_zbar == text, by_zxing == [text]))
wrong, right = (False, True), (True, True)
sys.exit(seen != [wrong, right, right, right, wrong, right, right, wrong, right])
END
