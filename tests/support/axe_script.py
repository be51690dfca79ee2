"""Brings axe's script into pages."""

from pathlib import Path
from weakref import WeakKeyDictionary

from playwright.sync_api import Error

AXE = (Path(__file__).parent / "axe" / "axe-4.14.1.min.js").read_text()
COMPILED = WeakKeyDictionary()  # page -> (session, ID of the script that its process has compiled)


def bring_axe(page):
    """Runs axe's script in what a page shows. One process compiles it once: half a megabyte is neither sent nor parsed anew."""
    session, script = COMPILED.get(page) or _compile(page)
    try:
        session.send("Runtime.runScript", {"scriptId": script})
    except Error:  # the page has got another process
        session.detach()
        session, script = _compile(page)
        session.send("Runtime.runScript", {"scriptId": script})
    COMPILED[page] = session, script


def _compile(page):
    session = page.context.new_cdp_session(page)
    session.send("Runtime.enable")
    told = session.send("Runtime.compileScript", {"expression": AXE, "sourceURL": "axe", "persistScript": True})
    return session, told["scriptId"]
