"""Notices: one in the outbox for each thing that a person should hear of, in words without a secret (rule 11, NO-1 to NO-4)."""

from dataclasses import replace

import pytest
from flask import render_template
from sqlalchemy import insert, update

from portal.flows.messages.notices import describe_browser, outbox_place
from portal.models import NoticeAddress, Outbox, User
from tests.house.source import TEMPLATES
from tests.support.client import AGENT, CODES
from tests.support.mailbox import told

AGENTS = {
    AGENT: "Chrome on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0": "Edge on Windows",
    "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 OPR/106.0": "Opera on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) Version/19.0 Safari/604.1": "Safari on iPad",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Mac",
    "Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36": "Chrome on Android",
    "curl/8.5.0": "",
    "": "",
}
FACTS = {"name": "Maria Reyes", "when": "2027-03-01T12:00:00+00:00", "browser": "", "ip": "127.0.0.1", "left": 1}
CARRIED = {"username": "maria", "phone": "••• ••• ••99", "address": "m•••@post.example", "link": "x" * 43}
LINKED = ("password_forgotten", "confirm_email", "unblock_asked")
# What is no notice of the reader's own account: looked at where it is sent.
OTHERS = {
    "emergency_review", "emergency_told", "new_browser_asked", "phone_found", "phone_lost", "recovery_approved", "recovery_more",
    "recovery_due", "recovery_off", "recovery_refused", "recovery_second", "recovery_stopped", "reset_link",
    "reset_waiting", "set_up_reminder", "ticket_answered", "ticket_closed", "ticket_due", "too_many_passwords",
}  # fmt: skip
EMAILS = {path.stem: path.read_text() for path in sorted((TEMPLATES / "email").glob("[a-z]*.txt"))}
NOTICES = [name for name, text in EMAILS.items() if "email/_about.txt" in text]
STOPPING = [name for name, text in EMAILS.items() if "email/_stop.txt" in text]  # about an account recovery
ABOUT_RECOVERY = {"hours": 24, "until": FACTS["when"], "replaced": ["Authenticator App", "<b>Tablet</b>"], "stop": "y" * 96}


@pytest.mark.parametrize(("agent", "words"), AGENTS.items())
def test_a_browser_is_named_as_people_name_it(agent, words):
    assert describe_browser(agent) == words


def templates(database, person):
    """Returns the names of the notices to a person."""
    return sorted(row.template for row in database.all(Outbox, Outbox.user_id == database.user(person).id))


@pytest.mark.parametrize(
    ("name", "subject"), [("maria", "Two-factor authentication is on"), ("sam", "Sign-in from a new browser")]
)
def test_a_second_address_is_told_of_what_a_code_did(plain, clock, database, world, name, subject):
    """The code is charged first, and the account is read with the charge."""
    person = replace(world.people[name], clock=clock)
    row = {"user_id": database.user(person).id, "created_at": clock.now, "confirmed_at": clock.now}
    sealed = database.keys.seal("second@example.test", "notice_addresses:9:email")
    database.change(insert(NoticeAddress).values(id="9", email_sealed=sealed, **row))
    plain.enter(person)
    if name == "maria":
        plain.set_up(person)
    assert told(plain, subject) == [f"{name}@example.test", "second@example.test"]


def test_each_change_of_a_factor_is_told(plain, clock, database, maria):
    plain.enter(maria).set_up(maria)
    assert templates(database, maria) == ["new_browser", "two_factor_on"]
    plain.open("/account/security")
    plain.press("Regenerate Backup Codes")
    plain.press("Regenerate Backup Codes")
    maria.codes = plain.read_codes()
    other = plain.another()
    other.sign_in(maria)
    other.fill("Verify", Verification_Code=maria.codes[0])
    assert templates(database, maria) == [
        "backup_code_used", "backup_codes_replaced", "new_browser", "new_browser", "two_factor_on",
    ]  # fmt: skip


def test_it_goes_to_the_confirmed_address_which_is_sealed(plain, database, maria):
    plain.enter(maria)
    (row,) = database.all(Outbox)
    assert database.keys.open(row.to_sealed, outbox_place(row.id, "to")) == "maria@example.test"
    assert b"maria" not in row.to_sealed and "@" not in str(row.facts)
    assert row.sent_at is None
    assert row.facts == {
        "name": "Maria Reyes",
        "when": "2027-03-01T12:00:10+00:00",
        "browser": "Chrome on Linux",
        "ip": "127.0.0.1",
        "issuer": "Medximity",
        "may_trust": True,
    }


def test_without_an_address_nothing_is_queued_and_nothing_blocks(plain, database, maria):
    database.change(update(User).where(User.username == "maria").values(email_sealed=None))
    plain.enter(maria).set_up(maria)
    assert plain.path == CODES
    assert database.all(Outbox) == []


def test_an_address_that_does_not_open_blocks_nothing_and_is_told_to_those_who_run_it(plain, database, maria, caplog):
    database.change(update(User).where(User.username == "maria").values(email_sealed=b"k1\0broken"))
    plain.enter(maria).set_up(maria)
    assert plain.path == CODES and database.all(Outbox) == []
    assert {entry.levelname for entry in caplog.records} >= {"CRITICAL"}


def test_every_mail_is_a_notice_or_known_for_what_it_is():
    assert EMAILS.keys() - {*NOTICES, *STOPPING} == {*LINKED, *OTHERS}


@pytest.mark.parametrize("name", NOTICES)
def test_a_mail_says_what_when_where_and_what_to_do(app, name):
    with app.test_request_context():
        text = render_template(f"email/{name}.txt", **FACTS, **CARRIED, **ABOUT_RECOVERY)
    subject, _, body = text.partition("\n")
    assert subject and subject[0].isupper() and not subject.endswith(".")
    for words in (
        "Hello Maria Reyes,",
        "Mon, Mar 1, 2027, 12:00 PM UTC",
        "127.0.0.1",
        "an unknown browser",
        "support@medximity.example",
    ):
        assert words in body
    assert "If it wasn't you" in body and "http" not in text and "&" not in text


@pytest.mark.parametrize("link", ["x" * 43, None])
@pytest.mark.parametrize("name", STOPPING)
def test_each_mail_about_a_recovery_says_how_to_stop_it_and_nothing_in_its_subject(app, name, link):
    with app.test_request_context():
        text = render_template(f"email/{name}.txt", **FACTS, **{**CARRIED, **ABOUT_RECOVERY, "link": link})
    subject, _, body = text.partition("\n")
    assert subject[0].isupper() and not subject.endswith(".") and not any(sign.isdigit() for sign in subject)
    for words in ("Hello Maria Reyes,", "Mon, Mar 1, 2027, 12:00 PM UTC", "127.0.0.1", "support@medximity.example"):
        assert words in body
    assert (
        "If it wasn't you, stop it now." in body
        and f"Stop this request:\nhttp://127.0.0.1:5000/recovery/stop/{'y' * 96}\n" in body
    )
    assert ("<b>Tablet</b>" in body) is (name == "recovery_set_up")


@pytest.mark.parametrize(
    ("name", "path", "life"),
    [(LINKED[0], "new-password", "30 minutes"), (LINKED[1], "confirm-address", "24 hours"), (LINKED[2], "unblock", "24 hours")],
)
def test_a_mail_with_a_link_carries_that_one_and_says_how_long_it_works(app, name, path, life):
    with app.test_request_context(headers={"Host": "127.0.0.1:9"}):
        text = render_template(f"email/{name}.txt", **FACTS, **CARRIED)
    assert text.count("http") == 1 and f"http://127.0.0.1:5000/{path}/{'x' * 43}\n" in text
    assert life in text and "If it wasn't you" in text.replace("that", "it") and "support@medximity.example" in text
    assert ("Maria" in text) is (name != LINKED[1]), "an address that is not confirmed may be a stranger's"


def test_a_name_with_signs_reads_in_a_mail_as_it_is_written(app):
    with app.test_request_context():
        text = render_template("email/new_browser.txt", **{**FACTS, "name": "Pat O'Neil & <Sons>"})
    assert "Hello Pat O'Neil & <Sons>," in text


def test_every_notice_that_is_queued_has_its_text():
    import ast

    from tests.house.source import last_name, modules

    there = {path.stem for path in (TEMPLATES / "email").glob("[a-z]*.txt")}
    calls = [node for module in modules() for node in module.nodes(ast.Call) if last_name(node) == "queue" and len(node.args) > 2]
    assert {node.args[2].value for node in calls if isinstance(node.args[2], ast.Constant)} <= there
    named = {node.value for module in modules() for node in module.nodes(ast.Constant) if isinstance(node.value, str)}
    assert there - named == set(), "a mail that nothing sends"
