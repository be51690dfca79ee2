#!/bin/sh
# WebKit, the engine of Safari: over http, Back shows a page that was sent with no-store, also after a sign-out with Clear-Site-Data.
#
# Expected (written before the run): a page with `Cache-Control: no-store` is asked for again when somebody goes back to it, and all the more if a
# sign-out on the way there answered `Clear-Site-Data: "cache", "storage"`, which empties the back/forward cache. Chromium and Firefox do so.
#
# Seen on 29 November 2026 with WebKitGTK 2.50.6 (Debian webkit2gtk-driver 2.50.6-1~deb12u2): over http the page comes back as it was, from the
# back/forward cache, with what scripts had set in it. Clear-Site-Data helps in the answer that is shown at last, and not in the redirect before it,
# where a sign-out has it. Over https no-store alone is enough.
#
# Needs webkit2gtk-driver=2.50.6-1~deb12u2, xvfb, and xauth, installed: WebKit finds its processes at fixed paths.
set -eu

[ "$(dpkg-query -W -f '${Version}' webkit2gtk-driver)" = "2.50.6-1~deb12u2" ] || { echo "Install webkit2gtk-driver=2.50.6-1~deb12u2." >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/certificate.pem" -days 2 -subj /CN=127.0.0.1 2>/dev/null
cat >"$folder/finding.py" <<'PYTHON'
import http.server
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

CLEAR = ("Clear-Site-Data", '"cache", "storage"')
folder = sys.argv[1]
browser = str(next(pathlib.Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")))
clears = [None]  # which answer has Clear-Site-Data


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        is_redirect, body = self.path == "/sign-out", b"<!doctype html><h1>%s</h1>" % self.path.encode()
        self.send_response(303 if is_redirect else 200)
        if is_redirect:
            self.send_header("Location", "/signed-out")
        if self.path == clears[0]:
            self.send_header(*CLEAR)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(secure):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{'https' if secure else 'http'}://127.0.0.1:{server.server_port}"


def ask(path, body=None, method=None):
    request = urllib.request.Request(driver + path, json.dumps(body).encode() if body is not None else None, method=method)
    return json.load(urllib.request.urlopen(request, timeout=60))["value"]


def comes_back(site):
    """Whether Back shows the very page from before the sign-out."""
    options = {"binary": browser, "args": ["--automation"]}
    wanted = {"acceptInsecureCerts": True, "webkitgtk:browserOptions": options}
    session = f"/session/{ask('/session', {'capabilities': {'alwaysMatch': wanted}})['sessionId']}"
    run = lambda script: ask(f"{session}/execute/sync", {"script": script, "args": []})
    ask(f"{session}/url", {"url": f"{site}/chart"})
    run("window.same = true; location.assign('/sign-out')")
    time.sleep(2)
    run("history.back()")
    time.sleep(2)
    assert run("return location.pathname") == "/chart"
    same = bool(run("return window.same"))
    ask(session, method="DELETE")
    return same


with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
driver = f"http://127.0.0.1:{port}"
process = subprocess.Popen(["WebKitWebDriver", f"--port={port}"])
try:
    for _ in range(200):
        try:
            ask("/status")
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    seen = {}
    for secure in (False, True):
        site = serve(secure)
        for clears[0] in (None, "/sign-out", "/signed-out"):
            seen[secure, clears[0]] = comes_back(site)
            print(f"{site[:5].rstrip(':'):<6} Clear-Site-Data in {clears[0] or 'nothing':<12} comes back: {seen[secure, clears[0]]}")
finally:
    process.terminate()
    process.wait()
expected = {(False, None), (False, "/sign-out")}
sys.exit(0 if {case for case, same in seen.items() if same} == expected else "The behavior has changed.")
PYTHON
WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1 HOME=$folder xvfb-run -a python3 "$folder/finding.py" "$folder"
