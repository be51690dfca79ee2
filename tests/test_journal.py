"""A repeated journey leaves what a real one leaves, and is not offered where it could hide something."""

import re

import pytest
from sqlalchemy import update

from portal.models import Session, User
from tests.support.client import Browser
from tests.support.journal import NAME
from tests.support.texts import MARIAS, set_up_texts

# What is drawn by chance: tokens, backup codes, setup keys.
DRAWN = re.compile(r"[0-9A-Za-z_-]{16,}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}|\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b")
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
    """This worker's journal."""
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
def test_a_repeated_journey_leaves_what_a_real_one_leaves(world, journal, browser, database, request, name, journeys, page):
    known = request.getfixturevalue(name)
    key, codes, left = known.key, known.codes, []
    for follows in (False, True, True):
        world.begin_anew()
        journal.begin(follows)
        known.key, known.codes = key, list(codes)
        visitor = Browser(browser.app, browser.guise)
        made = len(journal.journeys)
        for journey in journeys:
            set_up_texts(visitor, known, MARIAS) if journey == "texts" else getattr(visitor, journey)(known)
        left.append(left_behind(visitor, database, known, page))
    assert len(journal.journeys) == made, "the third was no repetition"
    assert left[0] == left[2] and left[1] == left[2]


def test_the_page_that_a_repetition_shows_can_be_used(world, journal, maria):
    for _ in range(2):
        world.begin_anew()
        journal.begin(follows=True)
        browser = Browser(world.app).enter(maria)
        browser.press("Sign out")
        assert browser.path == "/sign-in"


def test_what_was_written_before_is_not_overlooked(journal, plain, database, maria):
    plain.enter(maria)
    database.change(update(User).where(User.username == "maria").values(full_name="Maria Renamed"))
    assert journal.state is None
    assert "Maria Renamed" in plain.another().enter(maria).page.text


def test_another_time_is_another_journey(journal, plain, database, clock, maria):
    clock.move(minutes=1)
    plain.enter(maria)
    assert [row.created_at for row in database.all(Session)] == [clock.now]


def test_a_test_that_replaces_a_part_of_the_portal_makes_every_journey_itself(journal, monkeypatch):
    assert journal.state is None


def test_so_does_one_that_reads_the_log(journal, caplog):
    assert journal.state is None
