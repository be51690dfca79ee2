"""Who may send a form (CF-1 to CF-3), from where, to which name; and that reading changes nothing (CF-2)."""

import re

import pytest

from portal.models import Event
from portal.web.browser_session import origin, request_context
from tests.support.client import CODES, SCAN, WIZARD

FORMS = {
    "method_name": "totp", "step_name": "scan", "filename": "portal.css", "row_id": "1", "token": "a-token",
    "authenticator_id": "1", "address_id": "1", "appointment_id": "1", "chart_id": "1", "user_id": "1", "kind": "reset", "grant_id": "1",
    "session_id": "1", "reference": "ABCD-ABCD-ABCD", "case_id": "1", "deed": "approve", "name": "backup-codes",
    "number": "1", "username": "maria", "entry_id": "1", "mail_id": "1", "step": "days", "scenario": "none", "example": "wrong",
}  # fmt: skip


def state(database):
    """Returns everything in the database but the time of the last click."""
    return database.everything("sessions.last_seen_at")


def events(database, name):
    """Returns (result, reason) of the events of a name."""
    return [(event.result, event.reason) for event in database.all(Event, Event.event == name)]


def posts(app):
    """Returns the address of each form of the portal; reports from outside carry none."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods and not rule.endpoint.startswith("reports.")]
    return sorted(re.sub(r"<(?:\w+:)?(\w+)>", lambda match: FORMS[match[1]], rule.rule) for rule in rules)


# --- the token


@pytest.mark.parametrize("which", ["missing", "another session's", "of before the sign-in", "damaged"])
def test_a_form_without_this_sessions_token_is_refused_and_recorded(browser, database, maria, jun, which):
    browser.open("/sign-in")
    before_sign_in = browser.token
    other = browser.another().enter(jun)
    browser.enter(maria).open(WIZARD)
    token = {
        "missing": None,
        "another session's": other.token,
        "of before the sign-in": before_sign_in,
        "damaged": browser.token[:-2],
    }[which]
    before = state(database)
    answer = browser.post(WIZARD, {"method": "totp"}, token=token)
    assert answer.status_code == 403
    assert "This form has expired" in answer.text and "Open it again" in answer.text
    assert events(database, "malicious_csrf") == [("refused", "form_expired")]
    after = state(database)
    assert {name for name in after if after[name] != before[name]} == {"events"}


def test_every_form_asks_for_the_token(app, plain, database, sam):
    plain.enter(sam)
    before = state(database)
    before.pop("events")
    answers = {path: plain.post(path, {"code": "123456"}, token=None).status_code for path in posts(app)}
    assert set(answers.values()) == {403}, answers
    after = state(database)
    after.pop("events")
    assert after == before


def test_signing_in_and_out_ask_for_the_token_too(plain, maria, database):
    form = {"username": "maria", "password": maria.password}
    assert plain.post("/sign-in", form, token=None).status_code == 403
    plain.enter(maria)
    assert plain.post("/sign-out", token=None).status_code == 403
    plain.open("/home")
    assert plain.path == "/home"


def test_an_expired_form_keeps_the_persons_place(browser, maria):
    browser.enter(maria).begin_set_up(maria)
    for field in browser.page.all("input", name="csrf_token"):
        field.attributes["value"] = "stale"
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert (browser.status, browser.heading) == (403, "This form has expired")
    browser.press("Open it again")
    assert browser.path == SCAN
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert browser.path == CODES


def test_the_token_changes_with_the_session(plain, clock, sam):
    def raw():
        return plain.token.rsplit(".", 2)[0]

    plain.open("/sign-in")
    seen = [raw()]
    plain.sign_in(sam)
    seen.append(raw())
    plain.fill("Verify", Verification_Code=sam.code())
    seen.append(raw())
    assert len(set(seen)) == 3


def test_the_token_stands_in_no_address(browser, maria):
    browser.enter(maria).set_up(maria)
    links = [link["href"] for link in browser.page.all("a")] + [form["action"] for form in browser.page.all("form")]
    assert not [address for address in links if "csrf" in address or browser.token in address]


# --- another site


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "https://localhost"},
        {"Origin": "localhost"},
        {"Origin": "http://["},
        {"Origin": "http://localhost]"},
        {"Origin": "http://localhost/"},
        {"Origin": "http://user@localhost"},
        {"Origin": "http://localhost:99999"},
        {"Origin": "http://localhost, http://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Origin": "http://localhost", "Sec_Fetch_Site": "cross-site"},
    ],
    ids=str,
)
def test_what_another_site_sends_is_refused_with_the_right_token_even(plain, database, maria, headers):
    plain.enter(maria).open(WIZARD)
    before = state(database)
    answer = plain.post(WIZARD, {"method": "totp"}, **headers)
    assert answer.status_code == 403
    assert events(database, "malicious_csrf") == [("refused", "cross_site")]
    after = state(database)
    assert {name for name in after if after[name] != before[name]} == {"events"}


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://localhost"}, {"Origin": "HTTP://LocalHost"}, {"Sec_Fetch_Site": "same-origin"}, {"Origin": "null"}, {}],
    ids=str,
)
def test_what_our_own_pages_send_is_taken(plain, maria, headers):
    plain.enter(maria).open(WIZARD)
    assert plain.post(WIZARD, {"method": "totp"}, **headers).headers["Location"] == SCAN


def test_a_link_from_another_site_may_be_followed(plain):
    assert plain.get("/help", Sec_Fetch_Site="cross-site", Origin="https://evil.example").status_code == 200


# --- another name


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "portal.example"])
@pytest.mark.parametrize("path", ["/sign-in", "/", "/home", "/no-such-page"])
def test_a_forged_host_is_refused_and_named_nowhere(plain, host, path):
    answer = plain.get(path, Host=host)
    assert answer.status_code == 400
    assert host not in answer.text + str(answer.headers)
    assert "We can't find that page" in answer.text or "have access to this page" in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.1:5000", "LOCALHOST", "LocalHost:5000"])
def test_the_names_of_this_machine_are_its_own(plain, host):
    assert plain.get("/sign-in", Host=host).status_code == 200


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1:5000"])
def test_both_names_sign_people_in_and_are_known_to_flows(app, maria, host):
    client = app.test_client()
    with client:
        at = {"base_url": f"http://{host}", "headers": {"Origin": f"http://{host}"}}
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in", base_url=at["base_url"]).text)[1]
        typed = {"username": "maria", "password": maria.password, "csrf_token": token}
        assert client.post("/sign-in", data=typed, **at).headers["Location"] == "/home"
        assert client.get("/home", base_url=at["base_url"]).status_code == 200
        assert request_context().origin == f"http://{host}" and request_context().host == "127.0.0.1"


def test_an_origin_of_somebody_else_is_not_taken_over(app):
    with app.test_request_context(headers={"Host": "evil.example:5000"}):
        assert origin() == "http://127.0.0.1:5000"


def test_a_caller_from_another_machine_is_refused_over_plain_http(plain):
    assert plain.another(ip="192.0.2.7").get("/sign-in").status_code == 403


# --- reading


def gets(app):
    """Returns the address of each page."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.build_only]
    return sorted(re.sub(r"<(?:\w+:)?(\w+)>", lambda match: FORMS[match[1]], rule.rule) for rule in rules)


WALKS = {
    "a stranger": lambda browser, maria, sam: browser.open("/sign-in"),
    "a claimant": lambda browser, maria, sam: browser.sign_in(sam),
    "a patient, off": lambda browser, maria, sam: browser.enter(maria),
    "a patient at the QR code": lambda browser, maria, sam: browser.enter(maria).begin_set_up(maria),
    "a patient with unsaved codes": lambda browser, maria, sam: browser.enter(maria).set_up(maria),
    "a patient, on": lambda browser, maria, sam: browser.enter(sam),
}


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
@pytest.mark.parametrize("htmx", [False, True], ids=["pages", "fragments"])
def test_reading_every_page_twice_changes_nothing(app, plain, clock, database, maria, sam, walk, htmx):
    walk(plain, maria, sam)
    clock.move(minutes=2)
    before = state(database)
    headers = {"HX_Request": "true"} if htmx else {}
    answers = [plain.get(path, **headers).status_code for path in gets(app) * 2]
    assert len(answers) > 40 and max(answers) < 500
    assert state(database) == before


def test_asking_for_what_a_form_is_for_is_refused(plain, maria, database):
    plain.enter(maria)
    before = state(database)
    for path in ("/sign-out", "/session/extend", f"{WIZARD}/cancel", f"{CODES}/later"):
        assert plain.get(path).status_code in (303, 404, 405), path
    assert state(database) == before
    plain.open("/home")
    assert plain.path == "/home"
