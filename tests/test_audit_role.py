"""On PostgreSQL, the application's role adds to the audit trail and can take nothing back, and the whole portal runs under it (AU-4)."""

from types import SimpleNamespace

import pytest
from sqlalchemy.exc import ProgrammingError

from portal import clock
from portal.flows.operator import demo
from portal.settings import operation
from portal.watch.readiness import Readiness
from tests.support.application import application
from tests.support.client import Browser
from tests.support.people import Person, read_keys
from tests.support.rows import Rows

FORBIDDEN = (
    "UPDATE events SET reason = 'x'",
    "UPDATE events SET at = at",
    "DELETE FROM events",
    "TRUNCATE events",
    "UPDATE event_seals SET tags = ''",
    "DELETE FROM event_seals",
    "TRUNCATE event_seals",
    "DROP TABLE event_seals",
    "DELETE FROM audit_keys",
    "TRUNCATE audit_keys CASCADE",
    "UPDATE audit_keys SET made_with = 'x'",
    "UPDATE audit_keys SET created_at = created_at",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TABLE more (id integer)",
)


@pytest.mark.postgresql
def test_people_set_up_and_sign_in_and_the_worker_works_under_the_role(under_role):
    with application(under_role) as app:
        keys, now = read_keys(app), SimpleNamespace(now=clock.now())
        for username in ("sam", "dr.okafor"):
            browser = Browser(app)
            browser.enter(Person(username, demo.PASSWORD, "", keys[username], clock=now))
            assert browser.status == 200 and browser.path in ("/home", "/ehr/charts", "/ehr"), browser.path
        maria = Browser(app)
        maria.enter(Person("maria", demo.PASSWORD, "", clock=now))
        maria.set_up(Person("maria", demo.PASSWORD, "", clock=now))
        assert "backup codes" in maria.text
        for _ in range(2):
            assert Browser(app).post("/sign-in", {"username": "maria", "password": "x"}, token=None).status_code == 403
        queue = app.extensions["queue"]
        queue.order_due()
        queue.seal_events()
    rows = Rows(under_role)
    assert rows.one("SELECT max(times) FROM events") == 2
    assert "Compared" not in under_role.flask("audit", "verify")
    under_role.flask("keys", "rotate")
    under_role.flask("audit", "export", "--from", "2026-01-01", "--to", "2040-01-01")


@pytest.mark.postgresql
def test_the_role_takes_nothing_back(under_role, site):
    site.flask("db", "upgrade")
    for statement in FORBIDDEN:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            Rows(under_role).change(statement)
    assert Rows(under_role).one("SELECT count(*) FROM events") > 0


@pytest.mark.postgresql
def test_rights_that_a_role_had_before_are_taken_back(site, role):
    Rows(site).change(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"')
    for _ in range(2):
        site.flask("audit", "grants", role, "--apply")
    granted = {row[0] for row in Rows(site).all(
        "SELECT privilege_type FROM information_schema.table_privileges WHERE grantee = :role AND table_name = 'events'", role=role
    )}  # fmt: skip
    assert granted == {"SELECT", "INSERT"}


@pytest.mark.postgresql
@pytest.mark.parametrize(("name", "told"), [("postgres", "is a superuser or owns the tables"), ("nobody_here", "no such role")])
def test_rights_that_would_not_bind_are_not_given(site, name, told):
    with pytest.raises(AssertionError, match=told):
        site.flask("audit", "grants", name, "--apply")


@pytest.mark.postgresql
def test_rights_that_somebody_else_than_the_owner_would_give_are_not_given(under_role, role):
    with pytest.raises(AssertionError, match="Only the owner of the tables"):
        under_role.flask("audit", "grants", role, "--apply")


def test_the_statements_are_printed_for_who_would_rather_read_them(app):
    run = app.test_cli_runner().invoke
    printed = run(args=["audit", "grants", "portal_app"]).stdout
    assert 'GRANT SELECT, INSERT, UPDATE (times) ON events TO "portal_app";\n' in printed
    assert 'GRANT SELECT, INSERT ON event_seals TO "portal_app";\n' in printed and "DELETE ON act_proofs, " in printed
    refused = run(args=["audit", "grants", 'x"; DROP TABLE events; --'])
    assert refused.exit_code == 1 and refused.stderr.startswith("Error: ROLE: A role's name has letters")


def test_sqlite_knows_no_roles(app):
    if app.extensions["engine"].dialect.name == "sqlite":
        refused = app.test_cli_runner().invoke(args=["audit", "grants", "portal_app", "--apply"])
        assert refused.exit_code == 1 and "SQLite knows no roles" in refused.stderr


@pytest.mark.postgresql
def test_the_role_does_not_delete_events_by_age_and_is_told_who_does(site, under_role):
    years = operation.EVENTS_KEPT.days + 1
    Rows(site).change(f"UPDATE events SET at = at - interval '{years} days'")
    with application(site) as app:
        app.extensions["queue"].seal_events()
    number = Rows(site).one("SELECT count(*) FROM events")
    with pytest.raises(AssertionError, match="This role may not delete events"):
        under_role.flask("retention", "run")
    assert Rows(site).one("SELECT count(*) FROM events") == number
    assert f"{number:>12,} events, older than" in site.flask("retention", "run")
    assert "unchanged" in site.flask("audit", "verify")


@pytest.mark.postgresql
def test_a_role_without_rights_on_a_table_is_not_ready(site, role, under_role):
    with application(under_role) as app:
        assert Readiness(app).failure() == ""
    Rows(site).change(f'REVOKE INSERT ON limit_counters FROM "{role}"')
    with application(under_role) as app:
        assert Readiness(app).failure() == "rights"
