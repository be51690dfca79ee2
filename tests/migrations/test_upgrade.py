"""The tables that the migrations make are the tables that the models describe, and every command can be run twice."""

from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select

from portal.cli import make_migrator
from portal.db import db
from portal.flows.messages import send_code
from portal.models import Authenticator, Base, Binding, SentCode, User, secret_place
from portal.names import sort_key
from tests.support.application import application
from tests.support.crowd import add_texters
from tests.support.moving import START
from tests.support.rows import Rows

COMMANDS = (
    ("accounts",), ("accounts", "create"), ("demo",), ("demo", "seed"), ("keys",), ("keys", "rotate"), ("queue",), ("db",),
)  # fmt: skip
CREATE = ("accounts", "create", "ida.lund", "--name", "Ida Lund", "--email", "ida@example.test")
PASSWORD = "seven green umbrellas"


@pytest.fixture
def empty_site(sites):
    """A site without a single table."""
    site = sites.empty()
    yield site
    sites.remove(site)


def contents(site):
    """Returns how many rows each table has."""
    facts = Rows(site)
    return {table: facts.one(f'SELECT count(*) FROM "{table}"') for table in sorted(facts.tables())}


def differences(site):
    """Returns what Alembic would change to make the tables those of the models."""
    with Rows(site).engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, Base.metadata)


def test_an_upgrade_from_nothing_makes_what_the_models_describe_and_another_changes_nothing(empty_site):
    empty_site.flask("db", "upgrade")
    assert differences(empty_site) == []
    assert set(Base.metadata.tables) < set(Rows(empty_site).tables())
    once = contents(empty_site)
    empty_site.flask("db", "upgrade")
    assert contents(empty_site) == once


def test_names_of_the_release_before_get_their_keys(empty_site):
    """Everybody there was comes into the order of names, more people than are filled at once."""
    with application(empty_site) as app, app.app_context():
        migrator = make_migrator(app)
        migrator.upgrade("0003")
        facts = Rows(empty_site)
        values = "(:id, :name, :name, 'patient', :sealed, :at, 'off', 0, 0, 0, 0)"
        columns = "id, username, full_name, role, password_sealed, created_at, two_factor"
        counters = "code_failures, backup_failures, set_up_failures, password_failures"
        for key, name in enumerate(("Emily", "Émile", "Emil"), 1):
            facts.change(f"INSERT INTO users ({columns}, {counters}) VALUES {values}", id=key, name=name, sealed=b"x", at=START)
        with pytest.MonkeyPatch.context() as patch:
            scripts = migrator.script_directory
            patch.setattr(scripts.get_revision("0005").module, "AT_ONCE", 2)
            migrator.upgrade()
    named = facts.all("SELECT full_name, name_key FROM users ORDER BY name_key")
    assert [(name, bytes(key)) for name, key in named] == [(name, sort_key(name)) for name in ("Emil", "Émile", "Emily")]
    assert differences(empty_site) == []


def test_tables_that_differ_from_the_models_would_be_seen(bare_site):
    Rows(bare_site).change("ALTER TABLE users ADD COLUMN shoe_size integer")
    assert len(differences(bare_site)) == 1


def test_seeding_twice_keeps_what_people_did_meanwhile(site):
    facts, before = Rows(site), contents(site)
    facts.change("UPDATE users SET full_name = 'Maria R.' WHERE username = 'maria'")
    keys = facts.all("SELECT id, secret_sealed FROM authenticators ORDER BY id")
    site.flask("demo", "seed")
    assert contents(site) == before
    assert facts.one("SELECT full_name FROM users WHERE username = 'maria'") == "Maria R."
    kept = facts.all("SELECT id, secret_sealed FROM authenticators ORDER BY id") == keys
    assert kept, "an authenticator was made anew"


def test_an_account_is_made_once(bare_site):
    assert bare_site.flask(*CREATE, "--password", PASSWORD) == "Created ida.lund.\n"
    stored = Rows(bare_site).all("SELECT password_sealed, full_name FROM users")
    words = [word.replace("Ida Lund", "Somebody Else") for word in CREATE]
    assert bare_site.flask(*words, "--password", "another fine umbrella") == "ida.lund already exists. Nothing was changed.\n"
    kept = Rows(bare_site).all("SELECT password_sealed, full_name FROM users") == stored
    assert kept, "the account was changed"


def test_a_password_that_is_easy_to_guess_makes_no_account(bare_site):
    with pytest.raises(AssertionError, match="at least 15 characters"):
        bare_site.flask(*CREATE, "--password", "umbrella")
    assert contents(bare_site)["users"] == 0


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_explains_itself(app, words):
    said = app.test_cli_runner().invoke(args=[*words, "--help"]).output
    assert f"{' '.join(words)} [OPTIONS]" in said


def test_upgrading_explains_itself(bare_site):
    assert "db upgrade [OPTIONS]" in bare_site.flask("db", "upgrade", "--help")


def test_a_database_that_cannot_be_used_is_said_in_a_sentence(empty_site):
    with pytest.raises(AssertionError, match="not migrated") as said:
        empty_site.flask(*CREATE, "--password", PASSWORD)
    assert "Traceback" not in str(said.value)


def rows_of(site, table):
    """Returns every row of a table, each as a dictionary."""
    return [dict(row._mapping) for row in Rows(site).all(f"SELECT * FROM {table} ORDER BY id")]


def go_back(site, revision):
    """Takes back every migration after this one. The command takes a number of steps, which grows with each migration."""
    with application(site) as app, app.app_context():
        make_migrator(app).downgrade(revision)


def begin(site, username, method, text, step):
    """Leaves a set-up of somebody under way."""
    with application(site) as app, app.app_context():
        user = db.session.scalars(select(User).where(User.username == username)).one()
        sealed = app.extensions["keys"].seal(text, secret_place(user.id, username))
        times = {"created_at": START, "expires_at": START}
        row = {"id": username, "user_id": user.id, "session_id": 1, "method": method, "secret_sealed": sealed, "step": step}
        db.session.execute(insert(Binding).values(**row, **times))
        db.session.commit()


def test_what_methods_remember_and_set_ups_under_way_survive_the_way_back_and_forth(site):
    add_texters(site, 1)
    begin(site, "maria", "totp", "A" * 32, "scan")
    begin(site, "jun", "sms", "", "number")
    begin(site, "sam", "sms", "+15035550164", "code")
    before = {table: rows_of(site, table) for table in ("authenticators", "bindings")}
    go_back(site, "0005")
    old = "SELECT DISTINCT method, algorithm, digits, period, last_step FROM authenticators ORDER BY method"
    assert [(*row,) for row in Rows(site).all(old)] == [("sms", "none", 6, 600, 0), ("totp", "SHA1", 6, 30, 0)]
    assert "remembered" not in rows_of(site, "authenticators")[0] and "step" not in rows_of(site, "bindings")[0]
    site.flask("db", "upgrade")
    assert {table: rows_of(site, table) for table in before} == before and differences(site) == []


def test_texts_of_before_count_as_sent_to_proved_numbers_unless_a_set_up_asked_for_them(site):
    add_texters(site, 1)
    with application(site) as app, app.app_context():
        row = db.session.scalars(select(Authenticator).where(Authenticator.method == "sms")).one()
        values = {"user_id": row.user_id, "authenticator_id": row.id, "to_hash": row.target_hash, "prefix": "+1503", "ip": ""}
        for attempt in ("session:1", "binding:2", "confirm:3"):
            context, owner = SimpleNamespace(keys=app.extensions["keys"], now=START), SimpleNamespace(id=row.user_id)
            message = send_code.text_row(context, owner, "code", "+1503", "", START)
            db.session.add(message)
            db.session.flush()
            times = {"created_at": START, "expires_at": START, "code_hash": b"x", "outbox_id": message.id}
            db.session.add(SentCode(attempt=attempt, is_known=True, is_proved=False, **values, **times))
        db.session.commit()
    go_back(site, "0007")
    site.flask("db", "upgrade")
    kept = Rows(site).all("SELECT attempt FROM sent_codes WHERE is_proved ORDER BY attempt")
    assert [attempt for (attempt,) in kept] == ["confirm:3", "session:1"] and differences(site) == []


def test_what_was_stopped_stays_so_for_strangers_and_works_again_for_its_owner(site):
    rows = Rows(site)
    until = "2027-03-01 12:10:00"
    go_back(site, "0008")
    rows.change("UPDATE users SET code_failures = 10, codes_paused_until = :until", until=until)
    rows.change("UPDATE authenticators SET failures = 100, disabled_at = :until", until=until)
    site.flask("db", "upgrade")
    columns = "failures, own_failures, strangers_disabled_at IS NULL, disabled_at IS NULL"
    assert {(*row,) for row in rows.all(f"SELECT {columns} FROM authenticators")} == {(100, 0, False, True)}
    columns = "code_failures, own_failures, codes_paused_until IS NULL, own_paused_until IS NULL"
    assert {(*row,) for row in rows.all(f"SELECT {columns} FROM users")} == {(10, 0, False, True)}
    go_back(site, "0008")
    assert rows.one("SELECT count(*) FROM authenticators WHERE disabled_at IS NULL") == 0


def test_messages_under_way_keep_their_place_in_the_outbox(site):
    """A text that a worker had claimed, an expired one, and the one to a replaced number go on under the new names, and back."""
    with application(site) as app, app.app_context():
        context, owner = SimpleNamespace(keys=app.extensions["keys"], now=START), SimpleNamespace(id=1)
        for state in ("claimed", "expired", "sent"):
            row = send_code.text_row(context, owner, "number_replaced" if state == "sent" else "code", "+15035550164", "", START)
            row.state = state
            db.session.add(row)
        db.session.commit()
    before = rows_of(site, "outbox")
    go_back(site, "0010")
    old = Rows(site).all("SELECT state, template, dies_at IS NULL FROM outbox ORDER BY state")
    assert [(*row,) for row in old] == [("carried", "code", False), ("dead", "code", False), ("sent", "told", False)]
    site.flask("db", "upgrade")
    assert rows_of(site, "outbox") == before and differences(site) == []


def test_appointments_and_next_visits_become_one_table_and_none_is_lost(site):
    """One visit that both had, one that each had alone, one at a place that is no practice yet, and two people of one name."""
    rows = Rows(site)
    go_back(site, "0014")
    rows.change("DELETE FROM appointments")
    rows.change("UPDATE practices SET time_zone = 'America/Los_Angeles' WHERE name = 'Riverside Family Practice'")
    rows.change("UPDATE charts SET reason = 'Old', visit_at = '2027-03-20 16:00:00+00:00'")
    rows.change(
        "UPDATE charts SET reason = 'Check-up', visit_at = '2027-03-07 15:00:00+00:00' WHERE patient_name = 'Maria Reyes'"
    )
    book = "INSERT INTO appointments (patient_id, at, with_whom, place, reason) SELECT id, :at, 'Dr. Chen', :place, :reason FROM users"
    for username, at, place, reason in (
        ("maria", "2027-03-07 15:30:00+00:00", "Riverside Family Practice", "Check-up"),
        ("maria", "2027-07-07 14:30:00+00:00", "Riverside Family Practice", "Flu shot"),
        ("jun", "2027-03-07 15:30:00+00:00", "Hilltop", "X-ray"),
    ):
        rows.change(f"{book} WHERE username = :name", at=at, place=place, reason=reason, name=username)
    charts = rows.one("SELECT count(*) FROM charts")
    site.flask("db", "upgrade")
    assert differences(site) == []
    kept = (
        "SELECT p.name, u.username, c.patient_name, a.reason, a.with_whom, a.starts_at FROM appointments a"
        " JOIN practices p ON p.id = a.practice_id LEFT JOIN users u ON u.id = a.patient_id"
        " LEFT JOIN charts c ON c.id = a.chart_id WHERE a.reason <> 'Old' ORDER BY a.id"
    )
    found = [(*row[:5], str(row[5])[:16]) for row in rows.all(kept)]
    assert found == [
        ("Riverside Family Practice", "maria", "Maria Reyes", "Check-up", "Dr. Chen", "2027-03-07 07:30"),
        ("Riverside Family Practice", "maria", "Maria Reyes", "Flu shot", "Dr. Chen", "2027-07-07 07:30"),
        ("Hilltop", "jun", None, "X-ray", "Dr. Chen", "2027-03-07 15:30"),
    ]
    assert rows.one("SELECT count(*) FROM appointments WHERE reason = 'Old' AND patient_id IS NULL") == charts - 1
    go_back(site, "0014")
    assert rows.one("SELECT count(*) FROM appointments") == 3
    visit = rows.all("SELECT reason, visit_at FROM charts WHERE patient_name = 'Maria Reyes'")[0]
    assert visit[0] == "Check-up" and str(visit[1])[:16] in ("2027-03-07 15:30", "2027-03-08 00:30")  # in the server's zone
    site.flask("db", "upgrade")
    assert rows.one("SELECT count(*) FROM appointments") == 3 + charts - 1 and differences(site) == []
