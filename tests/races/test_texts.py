"""The limits on texts hold across processes and browsers; two presses send one text, one code opens once."""

import re

import pytest

from tests.support.crowd import add_patients, add_texters, age_texts
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CHOOSE, CODES, PASSWORD, Wire, at_once

NUMBER, CODE, SEND = f"{CHOOSE}/sms/number", f"{CHOOSE}/sms/code", f"{CHOOSE}/sms/send"
MARIAS = "+15035550164"
TEXT = re.compile(r"To (\+[\d -]+?) , .*? (\d{6}) is your Medximity code")
SENT = "SELECT count(*) FROM sent_codes s JOIN users u ON u.id = s.user_id WHERE u.username = :username"


@pytest.fixture
def portal(site):
    """A portal of three processes."""
    with running_server(site, workers=3) as server:
        yield server


def newest_code(portal):
    """Returns the digits of the newest text on the test bench."""
    return TEXT.search(Wire(portal).get("/test-bench").lines)[2]


def turn_on(portal, username="maria", number=MARIAS):
    """Sets up text messages."""
    wire = Wire(portal)
    wire.sign_in(username)
    wire.send(CHOOSE, method="sms")
    answer = wire.send(NUMBER, phone=number)
    assert answer.location == CODE, answer.lines
    wire.get(CODE)
    assert wire.post(CODE, code=newest_code(portal)).location == CODES
    return wire


def test_send_code_pressed_ten_times_at_once_sends_one_text(portal):
    person = Wire(portal)
    person.sign_in("maria")
    person.send(CHOOSE, method="sms")
    person.open(NUMBER)
    tabs = [person.tab() for _ in range(10)]
    answers = at_once(*[lambda tab=tab: tab.post(NUMBER, phone=MARIAS) for tab in tabs])
    assert {(answer.status, answer.location) for answer in answers} == {(303, CODE)}, "each leads to the code that is there"
    assert Rows(portal.site).one(SENT, username="maria") == 1


def sign_in_at_once(*sides):
    """Signs in with a password alone, (side, username) by (side, username), all at one moment; returns the answers.

    Those for whom the line to hash was too long try again, one after the other.
    """
    for side, _ in sides:
        side.open("/sign-in")
    knocks = [lambda side=side, name=name: side.post("/sign-in", username=name, password=PASSWORD) for side, name in sides]
    return [knock() if answer.status == 503 else answer for knock, answer in zip(knocks, at_once(*knocks), strict=True)]


def sides_of(portal, *names):
    """Returns (side, username) for each name, each from an address of its own: from one, a name has five tries at once."""
    return [(Wire(portal, ip=f"127.0.1.{at}"), name) for at, name in enumerate(names, 1)]


def test_ten_sign_ins_at_once_send_no_more_than_the_hour_has(portal):
    turn_on(portal)
    before = Rows(portal.site).one(SENT, username="maria")
    answers = sign_in_at_once(*sides_of(portal, *["maria"] * 10))
    assert {answer.location for answer in answers} == {"/sign-in/code"}
    assert Rows(portal.site).one(SENT, username="maria") == before + 5


def test_two_accounts_at_once_that_share_a_number_have_an_hour_each(portal):
    turn_on(portal)
    turn_on(portal, "jun")
    rows = Rows(portal.site)
    before = [rows.one(SENT, username=name) for name in ("maria", "jun")]
    sign_in_at_once(*sides_of(portal, *["maria", "jun"] * 6))
    assert [rows.one(SENT, username=name) for name in ("maria", "jun")] == [sent + 5 for sent in before]


def test_of_thirty_people_who_set_up_behind_one_address_25_get_a_text_and_their_neighbours_do_not_wait(site):
    names = add_patients(site, 33)
    with running_server(site, workers=3) as portal:
        sides = [Wire(portal, ip="127.0.0.7" if at < 30 else "127.0.0.9") for at in range(len(names))]
        for side, name in zip(sides, names, strict=True):
            side.sign_in(name)
            side.send(CHOOSE, method="sms")
            side.open(NUMBER)
        numbers = [f"+1{area}555{at:04}" for at, area in enumerate(["202", "503", "608", "415"] * 9, 100)]
        knocks = [lambda side=side, to=to: side.post(NUMBER, phone=to) for side, to in zip(sides, numbers, strict=False)]
        answers = at_once(*knocks)
        late = [knock() for knock, answer in zip(knocks, answers, strict=True) if answer.status == 503]  # so long was the line
        counted = sorted(answer.status for answer in answers + late if answer.status != 503)
    assert counted == [303] * 28 + [422] * 5
    count = "SELECT count(*) FROM sent_codes WHERE ip = :ip"
    assert [Rows(site).one(count, ip=ip) for ip in ("127.0.0.7", "127.0.0.9")] == [25, 3]
    assert Rows(site).one("SELECT count(*) FROM events WHERE event = 'authenticator_binding' AND reason = 'send_limit'") == 5


def test_thirty_people_who_sign_in_behind_one_address_all_get_their_text(site):
    names = add_texters(site, 30)
    with running_server(site, workers=3) as portal:
        sides = [(Wire(portal), name) for name in names]
        answers = sign_in_at_once(*sides)
    assert {answer.location for answer in answers} == {"/sign-in/code"}
    assert Rows(site).one("SELECT count(*) FROM sent_codes") == 30


def test_send_again_pressed_ten_times_at_once_sends_one_text_a_minute(site):
    [name] = add_texters(site, 1)
    way = Rows(site).one("SELECT a.id FROM authenticators a JOIN users u ON u.id = a.user_id WHERE u.username = :name", name=name)
    with running_server(site, workers=3) as portal:
        person = Wire(portal)
        person.sign_in(name)
        person.open("/sign-in/code")
        for sent in (1, 2, 3):
            tabs = [person.tab() for _ in range(10)]
            at_once(*[lambda tab=tab: tab.post("/sign-in/send", authenticator=way) for tab in tabs])
            assert Rows(site).one(SENT, username=name) == sent
            age_texts(site, seconds=61)


def test_one_texted_code_in_two_tabs_turns_it_on_once(portal):
    person = Wire(portal)
    person.sign_in("maria")
    person.send(CHOOSE, method="sms")
    person.send(NUMBER, phone=MARIAS)
    person.get(CODE)
    code = newest_code(portal)
    tabs = [person.tab() for _ in range(6)]
    answers = at_once(*[lambda tab=tab: tab.post(CODE, code=code) for tab in tabs])
    assert {(answer.status, answer.location) for answer in answers} == {(303, CODES)}
    assert (
        Rows(portal.site).one("SELECT count(*) FROM authenticators a JOIN users u ON u.id = a.user_id WHERE u.username = 'maria'")
        == 1
    )


def test_one_texted_code_opens_one_session_of_its_sign_in(portal):
    turn_on(portal)
    person = Wire(portal)
    person.sign_in("maria")
    person.get("/sign-in/code")
    code = newest_code(portal)
    tabs = [person.tab() for _ in range(6)]
    answers = at_once(*[lambda tab=tab: tab.post("/sign-in/code", code=code) for tab in tabs])
    assert sum(answer.went_in for answer in answers) == 1
