"""Brings axe's script into pages."""

from pathlib import Path
from weakref import WeakKeyDictionary

from playwright.sync_api import Error

AXE = (Path(__file__).parent / "axe" / "axe-4.14.1.min.js").read_text()
COMPILED = WeakKeyDictionary()  # page -> (session, ID of the script that its process has compiled)


def bring_axe(page):
    """Runs axe's script in what a page shows. One process compiles it once: half a megabyte is neither sent nor parsed anew."""
    if page not in COMPILED:
        session = page.context.new_cdp_session(page)
        session.send("Runtime.enable")
        COMPILED[page] = session, _compile(session)
    session, script = COMPILED[page]
    try:
        session.send("Runtime.runScript", {"scriptId": script})
    except Error:  # the page has got another process; the session stays, since to detach one takes a page's virtual passkeys away
        COMPILED[page] = session, _compile(session)
        session.send("Runtime.runScript", {"scriptId": COMPILED[page][1]})


def _compile(session):
    compiled = session.send("Runtime.compileScript", {"expression": AXE, "sourceURL": "axe", "persistScript": True})
    return compiled["scriptId"]
