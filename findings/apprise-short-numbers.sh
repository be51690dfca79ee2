#!/bin/sh
# A code for a phone in Greenland goes to the sender's own number, and is reported as sent: apprise's vonage:// and twilio://.
#
# Expected: +299 221234 is a valid mobile number (E.164, nine digits), so that it is texted; or, if a service cannot, notify() is False.
# Seen: numbers of fewer than ten digits are dropped while the URL is read. With no number left, vonage:// and twilio:// text the number
#   that the URL names as sender, with the words meant for somebody else, and notify() is True. seven:// (and most others) ask nobody and
#   return False. So it is for the Faroe Islands (+298), Andorra (+376) and Niue (+683), too.
# Version: apprise 2.3.0, phonenumberslite 9.0.42, Python 3.11. Date: 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apprise==2.3.0 phonenumberslite==9.0.42
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import apprise
import phonenumbers
from apprise.plugins.seven import NotifySeven
from apprise.plugins.twilio import NotifyTwilio
from apprise.plugins.vonage import NotifyVonage

asked = []


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = b'{"messages": [{"status": "0"}]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}/"
NotifyVonage.notify_url = NotifySeven.notify_url = NotifyTwilio.notify_sms_url = here
SENDER = "15550100000"
URLS = {
    "vonage": f"vonage://abcd1234:{'b' * 32}@{SENDER}/%s",
    "twilio": f"twilio://AC{'a' * 32}:{'b' * 32}@{SENDER}/%s",
    "seven": f"seven://{'b' * 32}/%s",
}
print("apprise", apprise.__version__)
seen = []
for number in ("+299221234", "+298211234", "+376312345", "+6834012"):
    assert phonenumbers.is_valid_number(phonenumbers.parse(number)), number
    for name, url in URLS.items():
        asked.clear()
        result = apprise.Apprise.instantiate(url % number.replace("+", "%2B")).notify(body="482913 is your code")
        fields = parse_qs(asked[0]) if asked else {}
        to = (fields.get("to") or fields.get("To") or ["nobody"])[0].lstrip("+")
        print(f"{name}: asked to text {number}, texts {to}, notify() is {result}")
        seen.append((name, to, bool(result)))
expected = [("vonage", SENDER, True), ("twilio", SENDER, True), ("seven", "nobody", False)] * 4
sys.exit("The behavior has changed." if seen != expected else 0)
PYTHON
