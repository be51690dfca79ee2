"""Accounts by the thousand, to measure with: each works like one that people made, and none is made twice."""

import dataclasses

import pytest
from sqlalchemy import text, update

from portal.db import db
from portal.flows.operator import accounts, copying, demo, demo_crowd
from portal.flows.operator.demo_rows import USERNAME
from portal.models import (
    Authenticator,
    BackupCode,
    Event,
    Outbox,
    Practice,
    Session,
    TrustedBrowser,
    User,
    secret_place,
)
from portal.settings import config
from tests.support.people import Person

WANTED = 110
TABLES = Event, Session, Authenticator, BackupCode, TrustedBrowser, Practice, Outbox


@pytest.fixture
def seed(app):
    """Runs `demo seed --accounts N`; returns its exit code and words."""

    def seed(number):
        result = app.test_cli_runner().invoke(args=["demo", "seed", "--accounts", str(number)])
        return result.exit_code, result.output

    return seed


@pytest.fixture
def batches_of_forty(monkeypatch):
    monkeypatch.setattr(demo_crowd, "BATCH", 40)


def crowd(database):
    return database.all(User, User.username.between(USERNAME.format(1), USERNAME.format(WANTED)))


def test_each_has_what_years_of_use_would_leave(seed, database, batches_of_forty):
    before = {table: len(database.all(table)) for table in TABLES}
    code, said = seed(WANTED)
    assert code == 0 and "Accounts" in said and USERNAME.format(WANTED) in said
    people = crowd(database)
    on = [person for person in people if person.two_factor == "on"]
    added = {table: len(database.all(table)) - number for table, number in before.items()}
    assert (len(people), len(on)) == (WANTED, 77)
    assert added == {Event: 1100, Session: 220, Authenticator: 77, BackupCode: 770, TrustedBrowser: 33, Practice: 1, Outbox: 187}
    assert [(person.username, person.role) for person in people if person.practice_id] == [(USERNAME.format(100), "provider")]
    assert len({person.id for person in people}) == len({person.email_hash for person in people}) == WANTED


def test_seeding_again_adds_those_that_are_missing(seed, database, batches_of_forty):
    assert seed(30)[0] == seed(50)[0] == 0
    before = database.everything()
    assert len(crowd(database)) == 50
    assert seed(50)[0] == seed(20)[0] == seed(0)[0] == 0
    assert database.everything() == before


def test_people_and_practices_with_similar_names_are_left_alone(app, seed, database, clock, batches_of_forty):
    names = ("person5", "person00000007x", "person9x")
    with app.app_context():
        for name in names:
            accounts.create_account(database.keys, clock.now, name, name, "patient", "harbor lantern fig tree")
        db.session.add(Practice(name="Practice 1", city="Boston", phone="", time_zone="America/New_York"))
        db.session.commit()
    before = database.everything()["users"]
    assert seed(60)[0] == seed(WANTED)[0] == 0
    after = database.everything()["users"]
    assert len(crowd(database)) == WANTED + 1  # and person00000007x
    assert all(row in after for row in before)
    (practice,) = database.all(Practice, Practice.name == "Practice 1")
    assert not database.all(User, User.practice_id == practice.id)


def test_one_of_them_signs_in_with_password_and_code(seed, database, plain, clock):
    seed(3)
    (user,) = database.all(User, User.username == USERNAME.format(3))
    (row,) = database.all(Authenticator, Authenticator.user_id == user.id)
    key = database.keys.open(row.secret_sealed, secret_place(user.id, row.id))
    plain.enter(Person(user.username, demo.PASSWORD, user.full_name, key=key, clock=clock))
    assert plain.path == "/home"
    plain.open("/account/security")
    assert "10 of 10 left" in plain.text


def test_accounts_made_on_the_pages_later_get_ids_of_their_own(seed, database, app, clock):
    """PostgreSQL numbers rows by a sequence, which knows nothing of numbers that are given to it."""
    seed(5)
    with app.app_context():
        accounts.create_account(app.extensions["keys"], clock.now, "pat", "Pat Doe", "patient", "harbor lantern fig tree")
    assert database.all(User)[-1].username == "pat"


def test_nobody_to_copy_is_nothing_to_do(app, database):
    before = database.everything()
    with app.app_context():
        copying.copy_rows(User, iter(()))
    assert database.everything() == before


def test_none_is_made_where_people_are_served(seed, app, database, monkeypatch):
    settings = dataclasses.replace(app.extensions["settings"], base_url="https://portal.example.test")
    monkeypatch.setitem(app.extensions, "settings", settings)
    database.change(update(User).where(User.username == "jun").values(username="june"))
    before = database.everything()
    code, said = seed(5)
    assert code == 1 and said == "Error: --accounts: These accounts are for measuring, on loopback only.\n"
    code, said = seed(0)
    assert code == 1 and said == "Error: Everybody knows the demo accounts' password, so they are created on loopback only.\n"
    assert database.everything() == before


@pytest.mark.postgresql
def test_a_batch_may_take_longer_than_the_statement_of_a_page(app):
    limit = text("SHOW statement_timeout")
    with app.app_context():
        assert copying.begin_long_write().scalar(limit) == "0"
        db.session.rollback()
        assert db.session.scalar(limit) == f"{config.DATABASE_STATEMENT_SECONDS}s"
