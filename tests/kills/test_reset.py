"""The whole server is killed while it resets somebody: either everything that a reset is happened, or nothing (proof 5)."""

from tests.kills.test_in_the_middle import DELAYS, post_and_kill
from tests.support import resets
from tests.support.resets import RESET, UNTOUCHED, enter, facts_of, ready
from tests.support.rows import Rows
from tests.support.server import running_server

TABLES = (
    "users", "authenticators", "backup_code_sets", "trusted_browsers", "sessions", "links", "events", "outbox", "reset_requests",
)  # fmt: skip


def test_a_kill_while_a_reset_is_answered_leaves_all_or_nothing(site):
    """The kill comes a little later each time; who was not reset can be reset again."""
    with running_server(site, workers=2) as server:
        keys = resets.add_providers(site, len(DELAYS))
        for name, key in keys.items():
            enter(server, name, key)
        lee = enter(server, "admin.lee")
        for delay, name in zip(DELAYS, keys, strict=True):
            post_and_kill(server, delay, ready(lee, site, name), ready(lee, site, name))
            assert facts_of(site, name) in (UNTOUCHED, RESET)
            server.start()
            if facts_of(site, name) == UNTOUCHED:
                assert ready(lee, site, name)().location.endswith("/done")
            assert facts_of(site, name) == RESET


def test_a_kill_at_any_table_of_a_reset_takes_everything_back(site):
    """PostgreSQL: a locked table stops the transaction there, and the kill comes then. SQLite has one lock for all."""
    facts = Rows(site)
    tables = TABLES[:1] if facts.is_sqlite else TABLES
    with running_server(site, workers=2) as server:
        keys = resets.add_providers(site, 1)
        enter(server, "crowd1", keys["crowd1"])
        lee = enter(server, "admin.lee")
        for table in tables:
            press = ready(lee, site, "crowd1")
            with facts.held(f"LOCK TABLE {table} IN EXCLUSIVE MODE"):
                post_and_kill(server, 0.4, press)
            server.start()
            assert facts_of(site, "crowd1") == UNTOUCHED, f"half done at {table}"
        assert ready(lee, site, "crowd1")().location.endswith("/done")
        assert facts_of(site, "crowd1") == RESET
