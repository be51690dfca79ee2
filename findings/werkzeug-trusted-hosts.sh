#!/bin/sh
# Werkzeug's and Flask's list of trusted hosts: an IPv6 address in it never matches, and neither does a Host header in capitals.
#
# Expected (written before the run): with TRUSTED_HOSTS = ["[::1]", "portal.example"], Flask answers `Host: [::1]:5000`, as it does
# `Host: 127.0.0.1:5000` if that is in the list, and `Host: Portal.Example`, because names of hosts have no case (RFC 9110 4.2.3).
#
# Seen on 29 November 2026 with flask 3.1.3, werkzeug 3.1.9, Python 3.11: both are answered 400 (SecurityError). The port is cut off each entry of
# the list at its first colon, so that "[::1]" becomes "["; an entry without brackets, "::1", becomes "". Names are compared as written.
# A portal bound to ::1 that trusts its own address refuses every request.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check flask==3.1.3 werkzeug==3.1.9
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from flask import Flask

print("flask", version("flask"), "werkzeug", version("werkzeug"))
app = Flask("finding")
app.config["TRUSTED_HOSTS"] = ["[::1]", "::1", "127.0.0.1", "portal.example"]
app.add_url_rule("/", view_func=lambda: "in")
seen = {}
for host in ("127.0.0.1:5000", "portal.example", "Portal.Example", "[::1]:5000", "[::1]"):
    seen[host] = app.test_client().get("/", headers={"Host": host}).status_code
    print(f"Host: {host:<16} {seen[host]}")
expected = {"127.0.0.1:5000": 200, "portal.example": 200, "Portal.Example": 400, "[::1]:5000": 400, "[::1]": 400}
sys.exit(0 if seen == expected else "The behavior has changed.")
PYTHON
