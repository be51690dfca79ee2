#!/bin/sh
# apprise decodes the fields of json:// and form:// URLs twice: a password with a percent sign changes on its way.
#
# Expected: as everywhere in a URL, %25 is a percent sign, so that :pass=a%2541b sends the value "a%41b".
# Seen: fields (:name=), headers (+name=) and parameters (-name=) are decoded once more after the query string has been: "aAb" is sent.
#   The same text as the URL's own password is decoded once and arrives as "a%41b". Nothing is reported; the gateway refuses the login.
# Version: apprise 2.3.0, Python 3.11. Date: 2026-11-29.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apprise==2.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import apprise

asked = []


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append((self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"127.0.0.1:{server.server_port}"


def send(url):
    asked.clear()
    assert apprise.Apprise.instantiate(url).notify(body="x")
    return asked[0]


print("apprise", apprise.__version__)
meant = "a%41b"
field = json.loads(send(f"json://{host}/?:pass=a%2541b")[2])["pass"]
form = parse_qs(send(f"form://{host}/?:pass=a%2541b")[2])["pass"][0]
header = send(f"json://{host}/?%2BX-Key=a%2541b")[1]["X-Key"]
parameter = parse_qs(urlsplit(send(f"json://{host}/?-key=a%2541b")[0]).query)["key"][0]
login = base64.b64decode(send(f"json://user:a%2541b@{host}/")[1]["Authorization"].split()[1]).decode().partition(":")[2]
for name, value in {"field": field, "form": form, "header": header, "parameter": parameter, "login": login}.items():
    print(f"{name}: meant {meant!r}, sent {value!r}")
sys.exit("The behavior has changed." if (field, form, header, parameter, login) != ("aAb",) * 4 + (meant,) else 0)
PYTHON
