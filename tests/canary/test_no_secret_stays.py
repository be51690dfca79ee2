"""After the proof of saving, no place that the portal writes to yields a secret or a code (TO-8, C-16, AU-3, SE-12)."""

import json
import re

import pytest

from tests.support import canary, moments, phone, wire
from tests.support.browser import ARGUMENTS, program
from tests.support.loud import break_inserts, heap, said
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import BACKUP_CODE, CODE, PASSWORD, SCAN, Wire, claimant

TYPED = "Wrong-canary-7hQ2-lantern"  # a password that is nobody's
STORAGE = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"


@pytest.fixture
def portal(site):
    """A portal that logs everything there is to log, each request and each statement."""
    with running_server(site, workers=2, **said(site)) as server:
        yield server


def everything(entry, codes, tokens):
    """Returns the spellings to look for, by name."""
    return {
        "key": canary.of_key(entry.secret),
        "backup codes": {raw for code in codes.values() for raw in canary.of_backup_code(code)},
        "passwords": canary.of_text(PASSWORD) | canary.of_text(TYPED),
        "tokens": {raw for token in tokens for raw in canary.of_text(token)},
    }


def test_the_search_finds_what_is_there():
    """The needles are found in every dress, so that an empty result means something."""
    key, code = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "0123-4567-89AB-CDEF"
    dressed = [
        key.encode(),
        b"x=gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        b"12345678901234567890",
        b"12345678901234567890".hex().encode(),
    ]
    assert [canary.hits(heap, canary.of_key(key)) > 0 for heap in dressed] == [True] * 4
    dressed = [b'"0123456789ABCDEF"', b"0123+4567+89ab+cdef"]
    assert [canary.hits(heap, canary.of_backup_code(code)) > 0 for heap in dressed] == [True] * 2
    assert canary.digits_in("code=123456&a", ["123456"]) == 1
    assert canary.digits_in("ab123456cd 1234567", ["123456"]) == 0


def walk(server, moment):
    """Sets up with the code of a moment, proves, signs in with the next one and a backup code, and errs at each form.

    Returns the entry, codes, tokens and digits."""
    person, tokens = Wire(server), set()
    Wire(server).sign_in("maria", TYPED)
    entry = wire.begin(person, "maria")
    tokens |= set(person.cookies.values())
    wrong = moments.wrong_codes(entry.secret, 2)
    person.post(SCAN, code=wrong[0])
    typed = [*wrong, entry.code(moment), entry.code(moments.after(moment))]
    assert person.post(SCAN, code=typed[2]).location == wire.CODES
    codes = wire.codes_on(person.get(wire.CODES))
    person.get(wire.CODES + "/sheet")
    person.get(wire.CODES + "/download")
    assert wire.prove_saved(person, codes).location
    late, spare = claimant(server, "maria"), claimant(server, "maria")
    tokens |= set(late.cookies.values())
    late.post(CODE, code=typed[1])
    assert late.post(CODE, code=typed[3]).went_in
    assert spare.post(BACKUP_CODE, code=codes[5].lower().replace("-", " ")).went_in
    tokens |= {value for browser in (person, late, spare) for value in browser.cookies.values()}
    return entry, codes, tokens, typed


@pytest.mark.long
def test_database_instance_folder_and_the_loudest_logs_hold_no_secret(portal, postgres):
    entry, codes, tokens, typed = walk(portal, moments.quiet())
    log = portal.log.read_text()
    assert "POST /sign-in/code" in log, "requests are not logged"
    assert "UPDATE authenticators" in log, "statements are not logged"
    written = heap(portal, postgres)
    assert {name: canary.hits(written, needles) for name, needles in everything(entry, codes, tokens).items()} == {
        "key": 0, "backup codes": 0, "passwords": 0, "tokens": 0,
    }  # fmt: skip
    assert canary.digits_in(re.sub(r"\.\d{6}", "", log), typed) == 0
    assert sum(canary.digits_in(cell, typed) for cell in Rows(portal.site).texts()) == 0


@pytest.mark.long
def test_an_error_page_and_its_traceback_hold_no_secret(portal, postgres):
    """Every form that takes a secret is broken in the middle of its transaction."""
    entry, codes, tokens, _ = walk(portal, moments.before(moments.quiet(20)))  # the next step's code stays unspent
    late = claimant(portal, "maria")
    break_inserts(portal.site, "events")
    moments.quiet()
    code = entry.code(moments.after(moments.quiet()))
    broken = [
        Wire(portal).sign_in("maria"),
        Wire(portal).sign_in("maria", TYPED),
        late.post(CODE, code=code),
        late.post(BACKUP_CODE, code=codes[7]),
        late.post(CODE, code=codes[8]),
    ]
    assert {answer.status for answer in broken} == {500}
    log = portal.log.read_text()
    assert "Traceback" in log
    pages = " ".join(answer.text for answer in broken)
    tokens |= set(late.cookies.values())
    for place in (pages.encode(), heap(portal, postgres)):
        found = {name: canary.hits(place, needles) for name, needles in everything(entry, codes, tokens).items()}
        assert found == {"key": 0, "backup codes": 0, "passwords": 0, "tokens": 0}
    assert canary.digits_in(re.sub(r"\.\d{6}", "", log) + pages, [code]) == 0
    assert all(re.search(r"\b[0-9a-f]{16}\b", answer.text)[0] in log for answer in broken), "a reference is not in the log"


@pytest.mark.once("looks into the browser; the tests above look into the database")
def test_a_browser_keeps_nothing_but_its_cookies(portal, chromium, tmp_path):
    """Cookies, storage, addresses, headers and the profile on disk, after the whole walk in Chromium."""
    profile, seen = tmp_path / "profile", []
    options = {"executable_path": program(), "args": ARGUMENTS, "base_url": portal.url}
    context = chromium.browser_type.launch_persistent_context(profile, **options)
    try:
        context.on(
            "response", lambda answer: seen.append(f"{answer.url} {answer.request.headers.get('referer')} {answer.headers}")
        )
        entry, codes, typed, kept = browse(context.pages[0], context)
    finally:
        context.close()
    needles = everything(entry, codes, [])
    for name in ("key", "backup codes", "passwords"):
        assert canary.hits(" ".join(seen).encode(), needles[name]) == 0, f"{name} in an address or a header"
        assert canary.hits(kept.encode(), needles[name]) == 0, f"{name} in a cookie or in storage"
        found = [path.name for path in profile.rglob("*") if path.is_file() and canary.hits(path.read_bytes(), needles[name])]
        assert found == [], f"{name} in the browser's profile"
    assert canary.digits_in(" ".join(seen) + kept, typed) == 0


def browse(page, context):
    """Walks from sign-in to the proof and in again; returns the entry, the codes, what was typed, and what the browser keeps."""
    press = page.get_by_role("button", name=re.compile("^(Sign in|Continue|Verify and Enable|Done|Verify)$")).first
    page.goto("/sign-in")
    page.get_by_label("Username", exact=True).fill("maria")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press.click()
    page.wait_for_url("**/home")
    page.goto(wire.CHOOSE)
    press.click()
    page.locator(".qr svg").wait_for()
    moment = moments.quiet()
    entry = phone.scan(page, ".qr svg")
    typed = [entry.code(moment), entry.code(moments.after(moment))]
    page.get_by_label("Verification Code", exact=True).fill(typed[0])
    press.click()
    page.wait_for_url("**" + wire.CODES)
    codes = wire.codes_on(wire.Answer(200, page.content(), ()))
    page.goto(wire.PROVE)
    number = int(re.search(r"code (\d+)", page.locator("h1").inner_text())[1])
    page.get_by_label(f"Code {number}", exact=True).fill(codes[number])
    press.click()
    page.wait_for_url("**/account/security?*")
    kept = page.evaluate(STORAGE) + json.dumps(context.cookies()) + json.dumps(page.evaluate("caches.keys()"))
    assert page.evaluate(STORAGE) == "[[],[]]"
    context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_label("Username", exact=True).fill("maria")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press.click()
    page.get_by_label("Verification Code", exact=True).fill(typed[1])
    press.click()
    page.wait_for_url("**/home")
    assert page.evaluate(STORAGE) == "[[],[]]"
    return entry, codes, typed, kept + json.dumps(context.cookies())
