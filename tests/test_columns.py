"""Text from outside is bounded before it meets a column of the database, on PostgreSQL as on SQLite, which takes any length."""

import pytest
import sqlalchemy

from portal.flows.base.context import METHODS_APART
from portal.folder.rules import NAMES as RULES
from portal.languages import list_languages
from portal.models import LEVELS, ROLES, Base
from portal.settings import config
from portal.version import VERSION
from portal.web.client_address import read_client_address
from portal.words.activity import SENTENCES as EVENTS
from portal.words.endings import NOTICES
from portal.words.refusals import SENTENCES
from tests.house.source import TEMPLATES

COLUMNS = {
    f"{table.name}.{column.name}": column.type.length
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, sqlalchemy.String) and column.type.length
}
# Filled with what somebody types or sends; each has a door below.
OUTSIDE = {
    "users.username",
    "users.full_name",
    "practices.name",
    "practices.city",
    "practices.phone",
    "practices.address",
    "practices.time_zone",
    "users.time_zone",
    "authenticators.name",
    "sessions.next_path",
    "sessions.ip",
    "trusted_browsers.ip",
    "browser_confirmations.ip",
    "events.ip",
    "sent_codes.ip",
    "restore_drills.done_by",
}
# Filled by the operator's demo alone.
DEMO = ("appointments.", "charts.", "letters.", "results.", "users.country")
# Filled with values of our own: random ids and hashes of a fixed length, and words of lists that the tests below measure.
OWN_IDS = ("id", "_id", "_hash", "key", "replaces", "attempt", "prefix", "code_seed")
OWN_WORDS = {
    16: {"role", "level", "method", "factor", "app_version", "made_with"},
    8: {"two_factor", "result", "kind", "status"},
    12: {"state", "outcome", "stopped_by"},
    35: {"language"},
    24: {"purpose"},
    32: {"step", "ended_reason"},
    48: {"event", "reason", "template"},
    255: {"added_methods"},
}
LONG = {
    "letters": "a" * 10_000,
    "letters that grow": "ß" * 300,
    "letters of four bytes": "\N{GOTHIC LETTER AHSA}" * 300,
    "blanks": "\u00a0" * 300 + "a" * 300,
    "marks": "a" + "\u0301" * 300,
}


def test_every_bounded_column_of_text_is_accounted_for():
    words = {name for names in OWN_WORDS.values() for name in names}
    unknown = [
        name
        for name in COLUMNS
        if name not in OUTSIDE
        and not name.startswith((*DEMO, "rule_changes."))  # names of rules, which are measured below
        and not name.endswith(OWN_IDS)
        and name.partition(".")[2] not in words
    ]
    assert unknown == [], "say where its text comes from"
    assert set(COLUMNS) >= OUTSIDE and len(COLUMNS) > 50


def test_words_of_our_own_fit():
    longest = {
        "events.reason": SENTENCES,
        "events.event": EVENTS,
        "sessions.ended_reason": NOTICES,
        "sessions.level": LEVELS,
        "users.role": ROLES,
        "authenticators.method": config.METHODS,
        "rule_changes.name": RULES,
        "events.app_version": [VERSION],
        "users.language": list_languages(),
        "practices.added_methods": [METHODS_APART.join(config.ADDITIONAL_METHODS.values())],
        "outbox.template": [path.stem for path in (TEMPLATES / "email").iterdir()],
    }
    assert {name: max(map(len, words)) for name, words in longest.items() if max(map(len, words)) > COLUMNS[name]} == {}


def find_too_long(database):
    """Returns the columns that hold more characters than they are declared for."""
    found = []
    with database.engine.connect() as connection:
        for name, length in COLUMNS.items():
            table, _, column = name.partition(".")
            most = connection.execute(
                sqlalchemy.select(sqlalchemy.func.max(sqlalchemy.func.length(Base.metadata.tables[table].c[column])))
            ).scalar()
            found += [name] if most and most > length else []
    return found


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_option_of_the_terminal_is_refused_or_fits(app, database, text):
    create, password = ["accounts", "create"], ["--password", "harbor lantern fig tree"]
    practices = ["practices", "set", text], [*create, "pat", "--name", "Pat", "--practice", text, *password]
    drill = ["audit", "drill", "--at", "2026-01-01", "--result", "ok", "--by", text]
    for words in ([*create, text, "--name", "Pat", *password], [*create, "pat", "--name", text, *password], *practices, drill):
        result = app.test_cli_runner().invoke(args=words)
        assert result.exit_code in (0, 1) and (result.exception is None or isinstance(result.exception, SystemExit))
    assert find_too_long(database) == []


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_of_a_page_is_refused_or_fits(plain, database, sam, text):
    plain.sign_in(sam, next_path="/" + text[:600])
    plain.fill("Verify", Verification_Code=sam.code())
    assert plain.status < 500 and plain.cookie()
    plain.open("/account/name")
    plain.fill("Save", Name=text)
    plain.open("/account/security")
    plain.press("Rename Authenticator App")
    plain.fill("Save", Name=text)
    assert plain.status < 500 and find_too_long(database) == []


@pytest.mark.parametrize(
    "address", ["a" * 10_000, "2001:db8::1%" + "a" * 300, "[::1]:" + "9" * 300, "1" * 46, "::ffff:203.0.113.9"]
)
def test_a_long_address_fits(address):
    assert len(read_client_address(address)) <= COLUMNS["events.ip"]


def test_a_long_name_of_a_browser_fits(plain, database, maria):
    plain.another(agent="a" * 10_000).enter(maria)
    assert find_too_long(database) == []
