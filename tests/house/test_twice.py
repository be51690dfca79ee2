"""`make test` runs a test on SQLite only if PostgreSQL makes no difference: it uses no database, or is about the browser."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.source import ROOT, last_name

TESTS = ROOT / "tests"
ONCE = re.search(r"^ONCE := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
ROOMS_OF_BOTH = ("blueprints", "flows", "races", "kills", "queue", "machine", "methods", "migrations", "keys", "canary")
# These use a database without a browser, but test something else.
NO_MATTER = {
    "tests/house/test_guards.py",  # lists the portal's routes
    "tests/house/test_every_route.py",  # tests access; what the pages do is tested elsewhere
    "tests/support/test_server.py",  # starts and kills servers
    "tests/support/test_postgres.py",  # tests the run's own database server
    "tests/queue/test_hanging.py",  # measures pages during a hanging gateway
    "tests/blueprints/public/test_sign_in_takes_as_long.py",  # measures password hashing
}


@cache
def functions():
    """Returns (file, function) for every top-level function of the tests, fixtures included."""
    return [
        (path, node)
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    ]


def asks(function):
    """Returns the names of the fixtures that a test or fixture requests."""
    return {argument.arg for argument in function.args.args}


def leading_to(name):
    """Returns the names of all fixtures that request a fixture, directly or indirectly."""
    fixtures = [function for _, function in functions() if "fixture" in map(last_name, function.decorator_list)]
    found = {name}
    while more := {each.name for each in fixtures if asks(each) & found} - found:
        found |= more
    return found


def files(place):
    """Returns the test files of one entry in the list."""
    path = ROOT / place
    return {path} if path.suffix else set(path.rglob("test_*.py"))


def test_the_fixtures_are_found():
    assert {"site", "app", "world", "plain", "browser", "database", "town", "server"} <= leading_to("sites")
    assert "browsers" in leading_to("chromium") and "site" not in leading_to("chromium")


@pytest.mark.parametrize("place", ONCE)
def test_what_runs_once_meets_no_database_or_is_looked_at_in_a_browser(place):
    database, chromium = leading_to("sites"), leading_to("chromium")
    here = files(place) - {ROOT / name for name in NO_MATTER}
    assert files(place), "there is no such place"
    missed = [
        f"{path.name}: {function.name}"
        for path, function in functions()
        if path in here and function.name.startswith("test_") and asks(function) & database and not asks(function) & chromium
    ]
    assert missed == []


def test_one_fixture_leads_to_the_runs_postgresql():
    """So a test that doesn't request it, directly or through others, cannot differ there: tests/support/sites.py leaves it out."""
    mention = re.compile(r"config\.postgres\b")
    assert [path for path in TESTS.rglob("*.py") if mention.search(path.read_text())] == [TESTS / "support/sites.py"]
    inside = {
        function.name for path, function in functions() if path.name == "sites.py" and mention.search(ast.unparse(function))
    }
    assert inside == {"pytest_configure", "pytest_configure_node", "postgres"}


@pytest.mark.parametrize("room", ROOMS_OF_BOTH)
def test_these_rooms_run_on_both(room):
    inside = [name for name in ONCE if Path(name).is_relative_to(f"tests/{room}") and name not in NO_MATTER]
    assert inside == [] and files(f"tests/{room}")
