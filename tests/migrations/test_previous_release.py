"""A database of the previous release, with rows, is upgraded and goes on to be used (previous/make.py says how it was made)."""

import contextlib
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from portal import clock
from portal.cli import make_migrator
from portal.flows.operator import demo
from tests.migrations.test_upgrade import contents, differences
from tests.support.application import application
from tests.support.client import Browser
from tests.support.people import Person, read_keys
from tests.support.sites import DATABASE

DUMPS = Path(__file__).with_name("previous")
KEYS = {  # made up, see previous/make.py
    "PORTAL_SECRET_KEY": "previous-release-0123456789-abcdefghijklmnop",
    "PORTAL_ENCRYPTION_KEYS": "test:cHJldmlvdXMgcmVsZWFzZSwgYSB0ZXN0J3Mga2V5MDE=",
}


@pytest.fixture
def previous(sites, postgres):
    """A site as the previous release left it."""
    site = sites.empty()
    if postgres:
        postgres.fill(site.folder.name, (DUMPS / "postgresql.sql").read_text())
    else:
        with contextlib.closing(sqlite3.connect(site.folder / DATABASE)) as connection:
            connection.executescript((DUMPS / "sqlite.sql").read_text())
    yield site
    sites.remove(site)


def test_a_database_of_the_previous_release_is_upgraded_and_people_sign_in(previous):
    before = contents(previous)
    assert before["users"] == len(demo.PEOPLE) and before["charts"] and before["backup_codes"]
    with application(previous, **KEYS) as app:
        with app.app_context():
            make_migrator(app).upgrade()
        assert differences(previous) == []
        after = contents(previous)
        joined = after.pop("appointments") - before.pop("appointments")  # next visits of charts that nobody's portal had
        assert 0 < joined <= before["charts"] and {table: after[table] for table in before} == before
        keys, now = read_keys(app), SimpleNamespace(now=clock.now())
        for username in ("maria", "sam", "dr.okafor"):  # set up by hand; a demo patient; a demo provider
            browser = Browser(app)
            browser.enter(Person(username, demo.PASSWORD, "", keys[username], clock=now))
            assert browser.status == 200 and browser.heading not in ("Sign in", "Enter your verification code")
            assert browser.path in ("/home", "/ehr/charts", "/ehr"), browser.path
