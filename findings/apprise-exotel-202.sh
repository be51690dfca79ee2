#!/bin/sh
# apprise calls a text refused that Exotel has accepted: exotel:// takes a 200 for success and a 202 for failure.
#
# Expected: Exotel documents "202 Accepted: message accepted and queued for delivery" for its SMS API (developer.exotel.com,
#   docs/sms-support/sms-api-errors), so that notify() is True for it.
# Seen: notify() is False for a 202 whose body says <Status>queued</Status>, and True for a 200 with the same body. Whoever sends
#   again after the False sends two. Other services of the library take 201 or any 2xx.
# Version: apprise 2.3.0, Python 3.11. Date: 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apprise==2.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import apprise
from apprise.plugins import exotel

answers = []


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, word = answers[-1]
        body = f"<TwilioResponse><SMSMessage><Sid>1</Sid><Status>{word}</Status></SMSMessage></TwilioResponse>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
exotel.EXOTEL_API_LOOKUP = dict.fromkeys(exotel.EXOTEL_API_LOOKUP, f"http://127.0.0.1:{server.server_port}/")
print("apprise", apprise.__version__)
seen = []
for answer in ((202, "queued"), (200, "queued")):
    answers.append(answer)
    result = apprise.Apprise.instantiate(f"exotel://sid:{'b' * 32}@15550100000/15035550164").notify(body="482913 is your code")
    print(f"HTTP {answer[0]}, {answer[1]}: notify() is {result}")
    seen.append(bool(result))
sys.exit("The behavior has changed." if seen != [False, True] else 0)
PYTHON
