"""People as fixtures: the demo accounts in an in-process portal, with a new browser for each test.

One database per worker is seeded at the clock's start time, with a cheap password hash; before each test its rows are restored. The
engine is kept, and with it SQLAlchemy's cache of compiled statements: compiling them took a quarter of the suite's time.
"""

from dataclasses import dataclass, field, replace

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal import clock as portal_clock
from portal import create_app
from portal.cli import make_migrator
from portal.flows.factors import backup_codes
from portal.flows.operator import demo
from portal.flows.operator.bench import state
from portal.models import Authenticator, Base, User, secret_place
from portal.settings import config
from portal.settings.environment import load_settings
from tests.support.client import Browser
from tests.support.digits import totp, wrong_codes
from tests.support.hashing import cheap_hashes
from tests.support.journal import NAME, Journal
from tests.support.moving import START, MovedClock
from tests.support.sites import Site

WATCHING = {"monkeypatch", "caplog", "queries"}  # a test with one of these makes every request itself


@dataclass
class Person:
    """A person with an account: what they know and what they have."""

    username: str
    password: str
    name: str
    key: str | None = field(default=None, repr=False)  # the key in their authenticator app
    codes: list[str] = field(default_factory=list, repr=False)  # their saved backup codes
    clock: MovedClock | None = None

    def code(self, steps=0):
        """Returns the app's current code, or the code some steps later."""
        return totp(self.key, self.clock.now, steps)

    def wrong_codes(self):
        """Yields codes that match no step near now."""
        return wrong_codes(self.key, self.clock.now)

    def wrong_code(self):
        """Returns one of them."""
        return next(self.wrong_codes())


@dataclass(frozen=True)
class World:
    """This worker's portal, its site, and its people."""

    app: Flask
    site: Site
    people: dict[str, Person]
    kept: object

    def begin_anew(self):
        """Restores the database to its initial state, and ends what the previous test has left open."""
        self.rest()
        self.app.extensions[NAME].begin(follows=False)
        self.kept.put_back()
        (self.site.folder / state.FILE).unlink(missing_ok=True)

    def rest(self):
        """Closes the connections if one of them may have a lost transaction."""
        engine = self.app.extensions["engine"]
        if engine.pool.checkedout():
            engine.dispose()


@pytest.fixture(scope="session")
def world(sites):
    """The demo accounts, created once per worker by the portal's own flow."""
    site = sites.empty()
    app = create_app(load_settings(site.environment))
    event.listen(app.extensions["engine"], "connect", leave_to_memory)
    made, new_code = [], backup_codes.new_code
    with pytest.MonkeyPatch.context() as patch, cheap_hashes(), app.app_context():
        patch.setattr(portal_clock, "now", lambda: START)
        patch.setattr(backup_codes, "new_code", lambda: made.append(new_code()) or made[-1])
        make_migrator(app).upgrade()
        demo.seed_demo(app.extensions["keys"], START)
    codes = iter([made[at : at + config.BACKUP_CODES] for at in range(0, len(made), config.BACKUP_CODES)])
    keys = read_keys(app)
    people = {
        each.username: Person(
            each.username, demo.PASSWORD, each.full_name, keys.get(each.username), next(codes) if each.on else []
        )
        for each in demo.PEOPLE
    }
    app.extensions["engine"].dispose()
    app.extensions[NAME] = Journal(app.extensions["engine"])
    world = World(app, site, people, sites.keep(site))
    yield world
    app.extensions["engine"].dispose()
    world.kept.close()
    sites.remove(site)


def leave_to_memory(connection, record):
    """Switches off SQLite's fsync, which no test in this process needs."""
    if type(connection).__module__ == "sqlite3":
        connection.execute("PRAGMA synchronous=OFF")


def read_keys(app):
    """Returns username -> base32 key."""
    with Session(app.extensions["engine"]) as session:
        rows = session.execute(select(Authenticator, User.username).join(User, User.id == Authenticator.user_id))
        keys = app.extensions["keys"]
        return {name: keys.open(row.secret_sealed, secret_place(row.user_id, row.id)) for row, name in rows}


@pytest.fixture
def app(request, world, clock):
    """The portal on a fresh database, with the test's clock."""
    world.begin_anew()
    world.app.extensions[NAME].begin(follows=not WATCHING & set(request.fixturenames))
    with cheap_hashes():
        yield world.app
    world.rest()


@pytest.fixture
def database(app):
    """Direct access to the database, past the portal."""
    return Database(app)


class Database:
    """Direct access to the database."""

    def __init__(self, app):
        self.engine = app.extensions["engine"]
        self.keys = app.extensions["keys"]

    def all(self, model, *where):
        """Returns the rows of a model, oldest first."""
        with Session(self.engine) as session:
            return session.scalars(select(model).where(*where).order_by(*model.__table__.primary_key)).all()

    def user(self, person):
        """Returns a person's row."""
        return self.all(User, User.username == person.username)[0]

    def change(self, statement):
        """Executes a statement and commits."""
        with self.engine.begin() as connection:
            connection.execute(statement)

    def everything(self, *but):
        """Returns every row of every table; `but` names columns to leave out ("sessions.last_seen_at")."""
        with self.engine.connect() as connection:
            return {
                table.name: [
                    {name: value for name, value in row._mapping.items() if f"{table.name}.{name}" not in but}
                    for row in connection.execute(select(table).order_by(*table.primary_key))
                ]
                for table in Base.metadata.sorted_tables
            }


@pytest.fixture(params=["plain", "htmx"])
def browser(request, app):
    """A browser in both modes: each test that requests it runs twice."""
    return Browser(app, request.param)


@pytest.fixture
def plain(app):
    """A browser without JavaScript, for tests where the mode makes no difference."""
    return Browser(app)


def give(username):
    """Returns a fixture for one person."""

    @pytest.fixture(name=username.replace(".", "_"))
    def person(world, clock):
        known = world.people[username]
        return replace(known, codes=list(known.codes), clock=clock)

    return person


maria, jun, sam, dr_chen = give("maria"), give("jun"), give("sam"), give("dr.chen")
dr_okafor, admin_lee, dr_novak, support = give("dr.okafor"), give("admin.lee"), give("dr.novak"), give("support")
