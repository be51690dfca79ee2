"""docs/inventories.md names what there is: every table with its level, every cookie, every connection, every limit of a field."""

import ast
import re

from portal.models import Base
from portal.settings import config
from tests.house.documents import DOCS, rows, text_of
from tests.house.source import last_name, modules

PAGE = DOCS / "inventories.md"
LEVELS = ("secret", "health", "personal", "operation")
CONNECTIONS = {
    "PORTAL_BASE_URL",
    "PORTAL_DATABASE_URL",
    "PORTAL_NUMBER_CHECK_URL",
    "PORTAL_REDIS_URL",
    "PORTAL_SMS_URL",
    "PORTAL_SMTP_URL",
    "PORTAL_TRACES_URL",
}


def names(cell):
    """Returns the code spans of a cell."""
    return re.findall(r"`([^`]+)`", cell)


def levels():
    """Returns the level of each table that the page names."""
    return [(name, row[1]) for row in rows(PAGE) if len(row) == 3 and row[1] in LEVELS for name in names(row[0])]


def test_every_table_has_one_level():
    assert sorted(name for name, _ in levels()) == sorted(Base.metadata.tables)


def test_what_has_a_sealed_or_hashed_secret_is_called_one():
    kept = re.compile(r"(secret|password|pepper|codes|token|code|body|value)_(sealed|hash)$|^hash$")
    secret = {name for name, level in levels() if level == "secret"}
    holding = {name for name, table in Base.metadata.tables.items() if any(kept.search(column.name) for column in table.columns)}
    assert holding - secret == set()


def test_every_cookie_is_listed():
    set_by_us = {
        node.args[1].value
        for module in modules()
        for node in module.nodes(ast.Call)
        if last_name(node.func) == "cookie_name" and isinstance(node.args[1], ast.Constant)
    }
    section = PAGE.read_text().partition("## Cookies")[2].partition("## ")[0]
    listed = {name for line in section.splitlines() if line.startswith("| `") for name in names(line.split("|")[1])}
    assert len(set_by_us) > 4 and listed == set_by_us


def test_every_connection_is_listed():
    section = PAGE.read_text().partition("## Connections")[2].partition("## ")[0]
    assert {name for name in names(section) if name.startswith("PORTAL_")} == CONNECTIONS
    read = {name for module in modules() for name in re.findall(r'"(PORTAL_\w+_URL)"', module.text)}
    assert read == CONNECTIONS


def test_every_number_that_the_page_names_is_one():
    named = {name for name in names(text_of(PAGE)) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", name) and not name.startswith("PORTAL_")}
    assert len(named) > 20 and {name for name in named if not hasattr(config, name)} == set()
