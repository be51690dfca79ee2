"""On PostgreSQL, the application's role adds to the audit trail and can take nothing back, and the whole portal runs under it (AU-4)."""

from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from portal import clock
from portal.db import db
from portal.flows.audit import retire
from portal.flows.operator import demo
from portal.flows.operator.operator_events import command_context
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


def run(site, *words):
    """Runs a command of the portal in this process, which can change it; returns its exit code and words."""
    with application(site) as app:
        result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


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
        assert run(site, "audit", "grants", role, "--apply")[0] == 0
    granted = {row[0] for row in Rows(site).all(
        "SELECT privilege_type FROM information_schema.table_privileges WHERE grantee = :role AND table_name = 'events'", role=role
    )}  # fmt: skip
    assert granted == {"SELECT", "INSERT"}


@pytest.mark.postgresql
@pytest.mark.parametrize(("name", "told"), [("postgres", "is a superuser or owns the tables"), ("nobody_here", "no such role")])
def test_rights_that_would_not_bind_are_not_given(site, name, told):
    code, said = run(site, "audit", "grants", name, "--apply")
    assert code == 1 and told in said


@pytest.mark.postgresql
def test_rights_that_somebody_else_than_the_owner_would_give_are_not_given(under_role, role):
    code, said = run(under_role, "audit", "grants", role, "--apply")
    assert code == 1 and "Only the owner of the tables" in said


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
def test_the_role_does_not_delete_events_by_age_and_is_told_who_does(site, under_role, monkeypatch):
    years = operation.EVENTS_KEPT.days + 1
    Rows(site).change(f"UPDATE events SET at = at - interval '{years} days'")
    with application(site) as app:
        app.extensions["queue"].seal_events()
    number = Rows(site).one("SELECT count(*) FROM events")
    code, said = run(under_role, "retention", "run")
    assert code == 1 and "This role may not delete events" in said
    with monkeypatch.context() as patch, application(site) as app, app.app_context():
        keys = app.extensions["keys"]
        patch.setattr(retire, "change", lambda *_: db.session.execute(text("SELECT no_such_column")))
        with pytest.raises(ProgrammingError, match="no_such_column"):
            retire.retire_events(command_context(keys, clock.now(), "retention run"), keys)
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
