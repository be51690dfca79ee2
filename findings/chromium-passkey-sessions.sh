#!/bin/sh
# Chromium's virtual authenticators, which passkeys are tested with, and a second DevTools session on the same page.
#
# Expected (guess before the run): virtual authenticators belong to the session that added them, or to the page. A session that never
# touched WebAuthn can come and go without a trace.
# Seen, Chromium 156.0.8078.108 (Debian 12), Playwright 1.65.2, 2026-11-30: detaching any session of the page, also one that evaluated
# a script and nothing else, removes the virtual authenticators of every other session. The session that added them is told that its
# environment "has not been enabled", and passkeys on the page fail from then on. Whoever looks at a page beside a passkey's test, as
# tools for accessibility do, must keep the session open, or add the authenticators again.
# It needs Debian's chromium-headless-shell beside it.
set -eu
browser=$(command -v chromium-headless-shell) || { echo "chromium-headless-shell is not installed" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check playwright==1.65.2
timeout 120 venv/bin/python - "$browser" <<'END'
import sys

from playwright.sync_api import Error, sync_playwright


def works(session, authenticator):
    try:
        session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    except Error as error:
        return str(error).rpartition(": ")[2].splitlines()[0]
    return "ok"


with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = chromium.new_context().new_page()
    owner = page.context.new_cdp_session(page)
    owner.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal"}
    added = owner.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    other = page.context.new_cdp_session(page)
    other.send("Runtime.evaluate", {"expression": "1 + 1"})
    before = works(owner, added)
    other.detach()
    after = works(owner, added)
    print(f"Chromium {chromium.version}: before {before}, after another session was detached: {after}")
    chromium.close()
sys.exit((before, "has not been enabled" in after) != ("ok", True))
END
