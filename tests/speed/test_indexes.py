"""Each statement of the hot steps finds its rows by an index, however many accounts there are: the database itself explains how."""

import re
from datetime import timedelta

import flask
import pytest
from sqlalchemy import event, insert

from portal.flows.base.recovery_cases import LAPSED
from portal.models import Base, EmergencyGrant
from portal.watch.numbers import read_trail
from tests.support.mailbox import mails
from tests.support.recovered import case_of, deliver, show_password
from tests.support.recovery import begin
from tests.support.trail import Trail

# Tables that grow with accounts. Practices, and the keys of the audit trail, are few, and read whole.
LARGE = set(Base.metadata.tables) - {"practices", "audit_keys"}
# Indexes of the few rows of a table that wait for something: they may be read whole.
OF_FEW = {
    index.name
    for table in Base.metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
PASSED = ("BEGIN", "PRAGMA", "EXPLAIN", "SET", "SAVEPOINT", "RELEASE", "ROLLBACK")


class Asked(dict):
    """Statements, each once: {statement: parameters}. Those of requests, and of the worker while it `is_at_work`."""

    is_at_work = False

    def note(self, connection, cursor, statement, parameters, context, executemany):
        """Notes a statement that the engine is about to execute."""
        is_noted = flask.request.blueprint != "test_bench" if flask.has_request_context() else self.is_at_work
        if is_noted and not statement.startswith(PASSED):
            self.setdefault(statement, parameters[0] if isinstance(parameters, list) else parameters)

    def let_work(self, app):
        """Lets the worker's sweep run, seal, and deliver what is queued."""
        self.is_at_work = True
        app.extensions["queue"].order_due()
        app.extensions["queue"].seal_events()
        self.is_at_work = False
        deliver(app)


@pytest.fixture
def asked(app):
    """The statements of this test."""
    found, engine = Asked(), app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", found.note)
    yield found
    event.remove(engine, "before_cursor_execute", found.note)


@pytest.fixture
def trail(app, clock):
    """The audit trail, with all that was before in a seal."""
    found = Trail(app, clock)
    found.seal(minutes=10)
    return found


def scans(app, asked):
    """Returns each table that the database would read whole, with the statement."""
    engine = app.extensions["engine"]
    with engine.connect() as connection:
        explain = scans_on_sqlite
        if engine.dialect.name == "postgresql":
            explain = scans_on_postgres
            forbid_whole_reads(connection)
        return [
            f"{whole}: {statement}" for statement, values in asked.items() for whole in explain(connection, statement, values)
        ]


def scans_on_sqlite(connection, statement, values):
    """Without statistics, SQLite takes each table for a large one.

    For an INSERT, it names the tables that refer to the row, which it reads only while a deferred reference is broken.
    """
    if statement.startswith("INSERT INTO"):
        return []
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    tables = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement)}
    whole = [row.detail.split()[1] for row in plan if row.detail.startswith("SCAN ") and row.detail.split()[-1] not in OF_FEW]
    return [name for name in (tables.get(each, each) for each in whole) if name in LARGE]


def forbid_whole_reads(connection):
    """Until the rollback, PostgreSQL reads a table whole only if it has no other way.

    And it knows no sizes: once autovacuum has counted a table's few rows, it would rather read all of its index.
    """
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    connection.exec_driver_sql("UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relnamespace = 'public'::regnamespace")
    connection.exec_driver_sql("DELETE FROM pg_statistic")


def scans_on_postgres(connection, statement, values):
    """An index of all rows that is read whole counts as well."""
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    return [name for name in whole_reads(plan[0]["Plan"]) if name.removeprefix("pk_") in LARGE]


def whole_reads(node):
    """Yields the tables that this part of a plan reads whole."""
    is_index = "Index" in node["Node Type"] and node["Index Name"] not in OF_FEW
    if node["Node Type"] == "Seq Scan" or (is_index and "Index Cond" not in node):
        yield node.get("Relation Name") or node["Index Name"]
    for part in node.get("Plans", []):
        yield from whole_reads(part)


def sorts(app, asked):
    """Returns whether the database would sort what it finds, and so read all of it, before it takes the first rows."""
    with app.extensions["engine"].connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            forbid_whole_reads(connection)
            connection.exec_driver_sql(
                "SET LOCAL enable_sort = off"
            )  # unless there is no other way: it takes no table for a large one
        how, word = ("EXPLAIN QUERY PLAN", "TEMP B-TREE") if is_sqlite else ("EXPLAIN", "Sort")
        return any(word in str(connection.exec_driver_sql(f"{how} {each}", values).all()) for each, values in asked.items())


def set_up_and_sign_in(browser, person, clock):
    """Signs in with a password, turns two-factor authentication on, and signs in with a wrong code, a right one, and a backup code."""
    browser.enter(person)
    for path in ("/home", "/account", "/account/security", "/account/security/activity"):
        browser.open(path)
    browser.set_up(person)
    browser.press("I have saved my backup codes")
    label = browser.page.one("main").one("label").text
    browser.fill("Done", **{label: person.codes[int(re.search(r"\d+", label)[0]) - 1]})
    for path in ("/home", "/account/security", "/account/security/backup-codes", "/account/security/disable"):
        browser.open(path)
    browser.press("Sign out")
    clock.next_code()
    browser.sign_in(person)
    browser.fill("Verify", Verification_Code=person.wrong_code())
    browser.fill("Verify", Verification_Code=person.code())
    other = browser.another()
    other.sign_in(person)
    other.tick("Don't ask for a code on this browser for 30 days")
    other.fill("Verify", Verification_Code=person.codes[0])
    other.press("Sign out")
    other.enter(person)


def test_sign_in_the_security_page_and_set_up(app, asked, plain, maria, clock):
    set_up_and_sign_in(plain, maria, clock)
    assert len(asked) > 40 and scans(app, asked) == []


def test_a_forgotten_password_and_account_recovery(app, asked, plain, sam):
    plain.open("/forgot-password")
    plain.fill("Send link", Username_or_email_address="sam")
    plain.open(mails(plain, to="sam@example.test")[0].link)
    stranger = plain.another()
    stranger.sign_in(sam)
    stranger.open("/sign-in/no-code")
    begin(stranger, "sam@example.test")
    stranger.press("Continue")
    assert len(asked) > 40 and scans(app, asked) == []


def test_the_sweep_of_the_worker_and_its_deliveries(app, asked, plain, sam, dr_okafor, database, clock):
    """An emergency access runs out, a recovery's day passes, and its link is never used."""
    show_password(plain, sam)
    asked.clear()
    asked.let_work(app)
    clock.move(hours=24)
    row = {"practice_id": 1, "provider_id": database.user(dr_okafor).id, "reason": "A patient waits."}
    times = {name: clock.now - timedelta(hours=1) for name in ("asked_at", "approved_at", "ends_at")}
    database.change(insert(EmergencyGrant).values(id="7", **row, **times))
    asked.let_work(app)
    clock.move(days=30)
    asked.let_work(app)
    assert case_of(database, sam).state == LAPSED and database.all(EmergencyGrant)[0].ended_at
    assert len(asked) > 25 and scans(app, asked) == []


def test_how_long_the_audit_trail_waits_for_its_seal(app, asked, trail):
    """However many events there are, sealed or not: the end of one index, and the first rows behind it in the other."""
    trail.fill(3)
    trail.add(2)
    asked.clear()
    asked.is_at_work = True
    with app.extensions["engine"].connect() as connection:
        assert read_trail(connection, trail.clock.now)["portal_audit_unsealed_seconds"][()] > 0
    asked.is_at_work = False
    assert len(asked) == 1 and scans(app, asked) == [] and not sorts(app, asked)


def test_a_table_that_is_read_whole_is_told(app):
    """The proof that the two tests above can fail."""
    assert scans(app, {"SELECT id FROM events WHERE ip = '192.0.2.7'": ()}) != []
    assert scans(app, {"SELECT id FROM events WHERE subject_id = 1": (), "SELECT id FROM practices": ()}) == []
    assert sorts(app, {"SELECT id FROM events WHERE id > 7 ORDER BY at LIMIT 1": ()})
    assert not sorts(app, {"SELECT id FROM events WHERE id > 7 ORDER BY id LIMIT 1": ()})
