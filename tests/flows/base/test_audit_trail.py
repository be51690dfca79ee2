"""The audit trail: every event is there with all its fields, and nothing that was typed is (AU-1 to AU-3, AU-5)."""

import ast
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import update

from portal.flows.messages import outbox
from portal.gateways import HELD
from portal.models import Authenticator, Event, Outbox, TrustedBrowser, User, user_place
from portal.settings import config
from portal.version import VERSION
from portal.web.emails import compose_email
from tests.house.source import ROOT, last_name, modules
from tests.support.client import CODES, SCAN
from tests.support.hashing import CHEAP
from tests.support.mailbox import mails
from tests.support.markup import squeeze
from tests.support.texts import MARIAS, OTHERS, send_to, turn_on_texts

FIELDS = ("at", "event", "result", "request_id", "ip", "user_agent", "app_version")
RECORDERS = {"record_event", "record_event_alone", "count_event"}
TESTS = ROOT / "tests"


def named_in_code():
    """Returns every event that the code can record under a name that stands there."""
    found = set()
    for module in modules():
        for node in module.nodes(ast.Call):
            if last_name(node) in RECORDERS and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                found.add(node.args[1].value)
    return found


def asked_for_elsewhere(event):
    """Returns whether another test of flows or pages has an event's name in it: what this file doesn't drive, its own tests do."""
    places = [TESTS / "blueprints", TESTS / "flows", TESTS / "races"]
    files = [path for place in places for path in place.rglob("test_*.py") if path != Path(__file__)]
    return any(f'"{event}"' in path.read_text() for path in files)


def prove_again(browser, person):
    """Shows both factors on the page that asks for them."""
    browser.open("/account/security/confirm")
    fields = {"Current password": person.password}
    if person.key and any(label.text == "Verification Code" for label in browser.page.all("label")):
        fields["Verification Code"] = person.code()
    return browser.fill("Continue", **fields)


def change_ways(browser, clock, inbox, jun):
    """Gets codes by text, renames that way, changes its number, adds another and removes it."""
    turn_on_texts(browser.enter(jun), inbox, jun)
    browser.open("/account/security").press("Rename Text message")
    browser.fill("Save", Name="Old phone")
    for number, button in ((OTHERS, "Update Phone"), (MARIAS, "Add another way to get codes")):
        clock.move(minutes=1)
        browser.open("/account/security").press(button)
        browser.choose("Text Message (SMS)")
        browser.press("Continue")
        send_to(browser, number)
        browser.fill("Verify and Enable", Verification_Code=inbox.code(jun))
    browser.press("Remove Text message")
    browser.press("Remove")


def drive(browser, clock, database, maria, sam):
    """Does, refuses and ends everything once."""
    trust_and_end(browser, clock, database, sam)
    browser.sign_in(maria_with_a_typing_error(maria))
    browser.enter(maria).begin_set_up(maria)
    browser.press("Cancel")
    browser.begin_set_up(maria)
    browser.post(SCAN, {"code": maria.code()}, token="forged")
    browser.fill("Verify and Enable", Verification_Code=maria.wrong_code())
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    browser.post(SCAN, {"code": maria.code()})
    maria.codes = browser.read_codes() if browser.path == CODES else browser.open(CODES).read_codes()
    browser.post(f"{CODES}/later")
    browser.post(f"{CODES}/check", {"code": maria.codes[0]})
    browser.post(f"{CODES}/check", {"code": maria.codes[1]})
    for code in maria.codes:
        browser.post(f"{CODES}/check", {"code": code})
    browser.post("/session/extend")
    clock.move(minutes=6)
    browser.open("/account/security/confirm")
    browser.fill("Continue", Current_password="wrong", Verification_Code="123456")
    prove_again(browser, maria)
    keep_up_to_date(browser, maria)
    browser.press("Sign out")
    browser.sign_in(maria)
    browser.fill("Verify", Verification_Code=maria.codes[3])
    clock.move(minutes=20)
    browser.open("/home")
    turn_off(browser, database, maria)
    browser.sign_in(sam)
    for failures in (9, 99):
        database.change(update(User).where(User.username == "sam").values(code_failures=failures))
        charged = update(Authenticator).where(Authenticator.user_id == database.user(sam).id)
        database.change(charged.values(failures=failures))
        clock.move(minutes=1)
        database.change(update(User).values(codes_paused_until=None))
        browser.fill("Verify", Verification_Code=sam.wrong_code())


def keep_up_to_date(browser, maria):
    """Changes everything on the Profile once, the password last; asks for another one as who forgot it."""
    browser.open("/account/name").fill("Save", Name="Maria Luz Reyes")
    browser.open("/account/phone").fill("Save", Mobile_phone_number="503 555 0199")
    for page, address in (("email", "maria@post.example"), ("addresses", "reyes@post.example")):
        browser.open(f"/account/{page}").fill("Send link", Email_address=address)
        browser.open(mails(browser, to=address)[0].link).press("Confirm")
    browser.press("Remove r•••@post.example").press("Remove")
    browser.another().open("/forgot-password").fill("Send link", Username_or_email_address="maria")
    maria.password, old = "quiet meadow by the river", maria.password
    browser.open("/account/password").fill("Change password", Current_password=old, New_password=maria.password)


def trust_and_end(browser, clock, database, sam):
    """Trusts a browser, ends the trust and then one that is somebody else's."""
    browser.sign_in(sam)
    browser.tick("Don't ask for a code on this browser for 30 days")
    browser.fill("Verify", Verification_Code=sam.code())
    browser.post(f"/account/security/trusted-browsers/{database.all(TrustedBrowser)[0].id}")
    browser.post("/account/security/trusted-browsers/999")
    browser.press("Sign out")
    clock.next_code()


def turn_off(browser, database, maria):
    """Turns it off with a password that was too short to stand alone."""
    user, short = database.user(maria), "fourteen-chars"
    sealed = database.keys.seal(CHEAP.hash(short), user_place(user.id, "password"))
    database.change(update(User).where(User.id == user.id).values(password_sealed=sealed))
    maria.password = short
    browser.enter(maria).open("/account/security/disable")
    browser.fill("Disable", Current_password=short)
    browser.fill("Disable", New_password="seven calm herons wait")
    browser.press("Sign out")


def open_charts(browser, dr_chen):
    """Sets up, hands the sealed copy over and writes a note, as a provider."""
    browser.enter(dr_chen).set_up_ehr(dr_chen)
    browser.tick("I have given the sealed copy to my practice administrator")
    browser.press("I have saved my backup codes")
    browser.open("/ehr/charts/1").fill("Add note", Note="Seen today.")


def reset_twice(browser, dr_chen, admin_lee, support, database, monkeypatch):
    """Resets a provider, asks for it once more, and has that refused."""
    monkeypatch.setattr(config, "RESETS_ALONE", 1)
    browser.enter(admin_lee)
    for _ in range(2):
        browser.open(f"/ehr/settings/team/{database.user(dr_chen).id}/reset")
        browser.tick("Saw them in person")
        browser.fill("Reset", Reason="Phone lost.")
    browser.another().enter(support, "/support/waiting").press("View request").press("Refuse")


def watch_over(browser, admin_lee, dr_chen):
    """Looks at the team, takes the list home, reminds, sets a deadline, which is used, and removes it."""
    browser.enter(admin_lee).open("/ehr/settings/team/security").press("Send a reminder")
    browser.get("/ehr/settings/team/security/export")
    browser.open("/ehr/settings/team/deadline")
    browser.fill("Save", **{"Setup deadline": "2027-03-15", "Extra days": "1", "Extra sign-ins": "1"})
    browser.another().enter(dr_chen).press("Later")
    browser.open("/ehr/settings/team/deadline").press("Remove the deadline")


def maria_with_a_typing_error(maria):
    """Returns maria as she types today."""
    from dataclasses import replace

    return replace(maria, password="harbor-lantern-2062")


def hold_back(app, database):
    """Carries a text to a number that has moved to another SIM."""

    class Moved:
        def hand_over(self, message):
            return HELD

    row = database.all(Outbox, Outbox.kind == "text", Outbox.state == "queued")[0]
    with app.test_request_context():
        outbox.deliver_row(database.keys, row.created_at, row.id, {"text": Moved()}, compose_email)


@pytest.fixture(scope="module")
def trail():
    """What the first of the tests has driven, for the others to read."""
    return []


@pytest.fixture
def driven(trail, app, plain, clock, database, inbox, monkeypatch, maria, sam, jun, dr_chen, admin_lee, support):
    """The events of a portal in which everything happened once."""
    if trail:
        return trail
    change_ways(plain.another(), clock, inbox, jun)
    hold_back(app, database)
    drive(plain, clock, database, maria, sam)
    watch_over(plain.another(), admin_lee, dr_chen)
    open_charts(plain.another(), dr_chen)
    clock.next_code()
    reset_twice(plain.another(), dr_chen, admin_lee, support, database, monkeypatch)
    trail += [event for event in database.all(Event) if event.user_agent != "demo seed"]
    return trail


def test_every_event_that_the_code_names_happens(driven):
    named, happened = named_in_code(), {event.event for event in driven}
    assert len(named) > 60 and len(named & happened) > 30
    assert {event for event in named - happened if not asked_for_elsewhere(event)} == set()


def test_every_event_has_all_its_fields(driven, database):
    assert [event.event for event in driven if any(getattr(event, name) in (None, "") for name in FIELDS)] == []
    known = {user.id: user.role for user in database.all(User)}
    for event in driven:
        assert event.result in ("ok", "refused")
        assert event.app_version == VERSION and event.ip == "127.0.0.1" and "Chrome" in event.user_agent
        assert event.at.tzinfo is not None
        assert event.role == known[event.actor_id or event.subject_id], event.event  # of who did it
        assert event.subject_id in known, event.event
        assert event.result == "ok" or event.reason, event.event
        assert event.session_hash is None or len(event.session_hash) == 64


def test_what_happens_in_a_session_names_it(plain, database, maria):
    plain.enter(maria)
    first = sha256(plain.cookie().encode()).hexdigest()
    plain.press("Sign out")
    ended = database.all(Event, Event.event == "session_end")[0]
    assert ended.session_hash == first
    assert (ended.actor_id, ended.subject_id, ended.reason) == (database.user(maria).id, database.user(maria).id, "signed_out")


def test_each_request_has_an_id_of_its_own(driven):
    by_request = {}
    for event in driven:
        by_request.setdefault(event.request_id, set()).add(event.at)
    assert len(by_request) > 15 and all(len(moments) == 1 for moments in by_request.values())


def test_a_right_answer_to_a_step_yields_exactly_its_events(plain, clock, database, maria):
    def fresh():
        names = [event.event for event in database.all(Event)][seen[0] :]
        seen[0] += len(names)
        return sorted(names)

    seen = [len(database.all(Event))]
    plain.enter(maria)
    assert fresh() == ["authn_login_success"]
    plain.begin_set_up(maria)
    assert fresh() == ["authenticator_binding_begun"]
    plain.fill("Verify and Enable", Verification_Code=maria.code())
    assert fresh() == ["authenticator_added", "backup_codes_made"]
    plain.press("Sign out")
    assert fresh() == ["session_end"]
    clock.next_code()
    plain.sign_in(maria)
    assert fresh() == ["authn_login_success"]
    plain.fill("Verify", Verification_Code=maria.code())
    assert fresh() == ["authn_login_success"]


def test_nothing_that_was_typed_is_in_the_trail_the_outbox_or_the_log(plain, database, sam, caplog):
    caplog.set_level("DEBUG")
    plain.open("/sign-in")
    plain.fill("Sign in", Username="canary-username-typed", Password="canary-password-typed")
    plain.fill("Sign in", Username="sam", Password="canary-password-typed")
    plain.sign_in(sam)
    wrong = sam.wrong_code()
    plain.fill("Verify", Verification_Code=wrong)
    plain.fill("Verify", Verification_Code="CANA-RYCA-NARY-CANA")
    right = sam.code()
    plain.fill("Verify", Verification_Code=right)
    trail = [
        str({name: value for name, value in vars(row).items() if name != "_sa_instance_state"})
        for row in events_and_mails(database)
    ]
    told = "\n".join([*trail, caplog.text, str(database.everything())])
    hidden = {
        "username": "canary-username", "password": "canary-password", "backup code": "CANARYCANARYCANA", "key": sam.key,
        "session": plain.cookie(), "a demo password": sam.password, "own backup code": squeeze(sam.codes[0]),
    }  # fmt: skip
    assert [kind for kind, text in hidden.items() if text in told or text in squeeze(told)] == []
    rows = "\n".join(trail)
    assert [kind for kind, code in {"wrong": wrong, "right": right}.items() if f"'{code}'" in rows or f" {code} " in rows] == []


def events_and_mails(database):
    """Returns the rows of both."""
    return [*database.all(Event), *database.all(Outbox)]


def test_an_unknown_name_leaves_an_event_about_nobody(plain, database):
    plain.open("/sign-in")
    plain.fill("Sign in", Username="harbor-lantern-2026", Password="maria")
    event = database.all(Event)[-1]
    assert (event.event, event.actor_id, event.subject_id, event.reason) == ("authn_login_fail", None, None, "sign_in_wrong")


def post_forged(plain, times, **headers):
    """Posts forms without a token, in a session of nobody's."""
    for _ in range(times):
        assert plain.another().post("/sign-in", {"username": "maria", "password": "x"}, token=None, **headers).status_code == 403


def test_what_strangers_do_without_end_is_one_row_a_minute(plain, database, clock):
    before = len(database.all(Event))
    for _ in range(30):
        plain.open("/forgot-password")
        plain.fill("Send link", Username_or_email_address="nobody.knows")
        post_forged(plain, 1)
        post_forged(plain, 1, Origin="https://evil.example")
    rows = database.all(Event)[before:]
    counted = {(row.event, row.reason): (row.times, row.subject_id, row.ip) for row in rows}
    assert len(rows) == 3 and counted == {
        ("password_forgotten", "nobody"): (30, None, "127.0.0.1"),
        ("malicious_csrf", "form_expired"): (30, None, "127.0.0.1"),
        ("malicious_csrf", "cross_site"): (30, None, "127.0.0.1"),
    }
    clock.move(minutes=1)
    post_forged(plain, 1)
    post_forged(plain.another(ip="127.0.0.2"), 1)
    assert len(database.all(Event)) == before + 5


def test_what_strangers_ask_of_an_account_without_end_is_one_row_a_minute_too(plain, database, maria):
    before = len(database.all(Event))
    for _ in range(30):
        plain.open("/forgot-password")
        plain.fill("Send link", Username_or_email_address="maria")
    rows = database.all(Event)[before:]
    assert [(row.reason, row.times, row.subject_id) for row in rows] == [
        (None, 1, database.user(maria).id),
        ("mailed_lately", 29, database.user(maria).id),
    ]


def test_different_unknown_names_are_one_row_and_none_can_be_told_from_it(plain, database):
    before = len(database.all(Event))
    plain.open("/sign-in")
    for number in range(10):
        plain.post("/sign-in", {"username": f"nobody.{number}", "password": "x" * number + "y"})
    (row,) = database.all(Event)[before:]
    assert (row.event, row.times, row.factor) == ("authn_login_fail", 10, "password")


def test_an_ended_session_that_comes_back_without_end_is_one_row_a_minute(plain, database, maria):
    other = plain.enter(maria).another()
    other.client.set_cookie("session", plain.cookie())
    plain.press("Sign out")
    before = len(database.all(Event))
    for _ in range(10):
        other.get("/home")
    (row,) = database.all(Event)[before:]
    assert (row.event, row.times) == ("session_use_after_expire", 10)


def test_a_refused_sign_in_names_the_account_but_no_actor(plain, database, maria):
    plain.sign_in(maria_with_a_typing_error(maria))
    event = database.all(Event)[-1]
    assert (event.actor_id, event.subject_id) == (None, database.user(maria).id)


def test_a_browser_that_writes_two_lines_of_itself_stays_one_record(plain, database, maria):
    forged = "Firefox\x0b2027-01-01\x1b[31m authn_login_success\u2028 admin\x85 ok" + "x" * 1000
    before = len(database.all(Event))
    client = plain.client
    answer = client.post("/sign-in", data={"username": "maria", "password": "x", "csrf_token": plain.open("/sign-in").token},
                         environ_overrides={"HTTP_USER_AGENT": forged.encode().decode("latin-1")})  # fmt: skip
    assert answer.status_code == 422
    (event,) = database.all(Event)[before:]
    assert event.user_agent.isprintable() and len(event.user_agent) <= 200
    assert event.user_agent.startswith("Firefox 2027-01-01 [31m authn_login_success")


@pytest.mark.parametrize("text", ["a\r\nb", "a\nb", "a\x00b", "a\u2028b", "\r\na\r\n\r\nb\r\n"])
def test_text_from_outside_is_one_line(text):
    from portal.flows.base.audit import one_line

    assert one_line(text) == "a b"


def test_an_address_from_a_proxy_that_nobody_trusts_is_not_believed(plain, database, maria):
    plain.open("/sign-in")
    plain.post("/sign-in", {"username": "maria", "password": "x"}, X_Forwarded_For="203.0.113.9")
    assert database.all(Event)[-1].ip == "127.0.0.1"


def test_the_event_and_its_change_stand_or_fall_together(plain, database, maria, monkeypatch):
    from portal.flows.messages import notices

    def fail(*args, **facts):
        raise RuntimeError("the notice fails")

    plain.enter(maria).begin_set_up(maria)
    before = database.everything("sessions.last_seen_at")
    monkeypatch.setattr(notices, "queue_notice", fail)
    plain.fill("Verify and Enable", Verification_Code=maria.code())
    assert plain.status == 500
    assert database.everything("sessions.last_seen_at") == before
