#!/bin/sh
# A Korean text through apprise's vonage:// is not marked as Unicode, which Vonage's SMS API asks for.
#
# Expected: Vonage asks for type=unicode where a text has characters outside the alphabet of text messages (developer.vonage.com,
#   messaging/sms/guides/concatenation-and-encoding; its own Ruby library warns without it), so that the library sends it with such a text.
# Seen: the same six fields go out for Korean as for English, none of them is "type", no option of the URL adds it, and notify() is True.
#   What Vonage makes of it was not tried.
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
from urllib.parse import parse_qs

import apprise
from apprise.plugins.vonage import NotifyVonage

asked = []


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        body = b'{"message-count": "1", "messages": [{"status": "0"}]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
NotifyVonage.notify_url = f"http://127.0.0.1:{server.server_port}/"
print("apprise", apprise.__version__)
results = []
for words in ("482913 is your code", "인증 코드 482913"):
    for option in ("", "?type=unicode", "?unicode=yes"):
        url = f"vonage://abcd1234:{'b' * 32}@15550100000/15035550164{option}"
        results.append(bool(apprise.Apprise.instantiate(url).notify(body=words)))
        print(f"{words!r} with {option or 'no option'}: fields {sorted(asked[-1])}, notify() is {results[-1]}")
fields = {tuple(sorted(each)) for each in asked}
sys.exit("The behavior has changed." if fields != {("api_key", "api_secret", "from", "text", "to", "ttl")} or not all(results) else 0)
PYTHON
