"""The tables that the migrations make are the tables that the models describe, and every command can be run twice."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from portal.models import Base
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
