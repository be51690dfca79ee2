"""A repeated answer leaves what a real one leaves, and is not given where it could hide something."""

import re
import threading

import pytest
from sqlalchemy import event, update

from portal import passwords
from portal.models import Session, User
from tests.support.client import Browser
from tests.support.journal import NAME
from tests.support.outbox import until
from tests.support.texts import turn_on_texts

# What is drawn by chance: tokens, backup codes, setup keys.
DRAWN = re.compile(r"[0-9A-Za-z_-]{16,}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}|\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b")
SECURITY = "/account/security"
RENAME = update(User).where(User.username == "maria").values(full_name="Maria Renamed")
JOURNEYS = [
    ("maria", ("enter", "set_up"), "/account/security"),
    ("jun", ("enter", "texts"), "/account/security"),
    ("sam", ("enter",), "/account/security"),
    ("dr_chen", ("enter", "set_up_ehr"), "/ehr"),
    ("admin_lee", ("enter",), "/ehr"),
    ("support", ("enter",), "/support"),
]


@pytest.fixture
def journal(app):
    """This worker's journal, once no thread of an earlier test holds a connection of its portal."""
    assert until(lambda: not app.extensions["engine"].pool.checkedout(), 20), "a test has left a connection behind"
    return app.extensions[NAME]


def plainly(value):
    """Returns a value without what is drawn by chance."""
    if isinstance(value, bytes):
        return len(value)
    return DRAWN.sub("…", value) if isinstance(value, str) else value


def left_behind(browser, database, person, page):
    """Returns what a journey left, and what the next page says."""
    rows = database.everything("backup_code_sets.asked_number")
    cookies = sorted(name for *_, name in browser.client._cookies)
    shown = [each.kind for each in browser.secrets], bool(person.key), len(person.codes)
    own = browser.path, browser.status, browser.query, plainly(browser.text)
    browser.open(page)
    return [
        {name: sorted(str({key: plainly(value) for key, value in row.items()}) for row in rows[name]) for name in rows},
        *(cookies, shown, own, browser.path, browser.status, plainly(browser.text)),
    ]


@pytest.mark.parametrize(("name", "journeys", "page"), JOURNEYS, ids=[name for name, *_ in JOURNEYS])
def test_a_repeated_journey_leaves_what_a_real_one_leaves(
    world, journal, browser, database, inbox, request, name, journeys, page
):
    known = request.getfixturevalue(name)
    key, codes, left = known.key, known.codes, []
    for follows in (False, True, True):
        world.begin_anew()
        journal.begin(follows)
        known.key, known.codes = key, list(codes)
        visitor = Browser(browser.app, browser.guise)
        made = len(journal.answers)
        for journey in journeys:
            turn_on_texts(visitor, inbox, known) if journey == "texts" else getattr(visitor, journey)(known)
        left.append(left_behind(visitor, database, known, page))
    assert len(journal.answers) == made, "the third was no repetition"
    assert left[0] == left[2] and left[1] == left[2]


def test_the_page_that_a_repetition_shows_can_be_used(world, journal, maria):
    for _ in range(2):
        world.begin_anew()
        journal.begin(follows=True)
        browser = Browser(world.app).enter(maria)
        browser.press("Sign out")
        assert browser.path == "/sign-in"


def test_what_was_written_before_is_not_overlooked(journal, plain, database, maria):
    plain.enter(maria).open(SECURITY)
    database.change(RENAME)
    assert "Maria Renamed" in plain.open(SECURITY).page.text


def test_another_time_is_another_request(world, journal, database, clock, maria):
    for minutes in (0, 1):
        world.begin_anew()
        journal.begin(follows=True)
        clock.move(minutes=minutes)
        Browser(world.app).enter(maria)
    assert [row.created_at for row in database.all(Session)] == [clock.now]


def test_another_browser_gets_another_answer(plain, maria):
    plain.enter(maria).open(SECURITY)
    assert plain.another().open(SECURITY).path == "/sign-in"


def test_a_listener_hears_every_request(app, plain, maria):
    plain.enter(maria).open(SECURITY)
    heard, engine = [], app.extensions["engine"]
    listener = (engine, "before_cursor_execute", lambda *args: heard.append(args[2]))
    event.listen(*listener)
    plain.open(SECURITY)
    event.remove(*listener)
    assert heard


def test_while_a_connection_or_a_session_is_taken_nothing_is_repeated(journal, app, plain, maria):
    plain.enter(maria).open(SECURITY)
    kept = plain.response
    assert plain.open(SECURITY).response is kept
    with app.extensions["engine"].connect():
        assert plain.open(SECURITY).response is not kept
    for hashing in (passwords.take_turn("a session's"), passwords.place_in_line()):
        with hashing:
            assert plain.open(SECURITY).response is not kept


def test_after_a_write_by_another_thread_nothing_is_repeated(journal, database):
    other = threading.Thread(target=database.change, args=[RENAME])
    other.start()
    other.join()
    assert journal.state is None


def test_a_request_that_lost_a_write_is_not_repeated(journal, app):
    kept = len(journal.answers)
    client = app.test_client()
    client.open = lambda path: lose(app.extensions["engine"])
    journal.travel(client, "/sign-in")
    assert len(journal.answers) == kept


def lose(engine):
    """Writes a row and takes it back."""
    with engine.connect().execution_options(writes=True) as connection:
        connection.execute(RENAME)
        connection.rollback()


def test_a_test_that_replaces_a_part_of_the_portal_makes_every_request_itself(journal, monkeypatch):
    assert journal.state is None


def test_so_does_one_that_reads_the_log(journal, caplog):
    assert journal.state is None
