"""`make test` runs a test on SQLite only if PostgreSQL makes no difference: it uses no database, or is about the browser."""

import ast
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from tests.house.source import ROOT, last_name
from tests.support.sites import meets_database

TESTS = ROOT / "tests"
ONCE = re.search(r"^ONCE := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
ROOMS_OF_BOTH = ("blueprints", "flows", "races", "kills", "queue", "machine", "methods", "migrations", "keys", "canary")
# These use a database without a browser, but test something else.
NO_MATTER = {
    "tests/house/test_guards.py",  # lists the portal's routes
    "tests/house/test_every_route.py",  # tests access; what the pages do is tested elsewhere
    "tests/support/test_routes.py",  # builds addresses
    "tests/support/test_server.py",  # starts and kills servers
    "tests/support/test_postgres.py",  # tests the run's own database server
    "tests/queue/test_hanging.py",  # measures pages during a hanging gateway
    "tests/blueprints/public/test_sign_in_takes_as_long.py",  # measures password hashing
    "tests/server/test_worker.py",  # reads requests
    "tests/test_journal.py",  # repeats what was written, a tool of the tests
    "tests/web/test_https.py",  # cookies and headers
    "tests/blueprints/public/test_strangers.py",  # junk at every address; `make soak` sends more of it on both
    "tests/blueprints/shared/test_protection.py",  # refuses forms before they reach a database
    "tests/blueprints/public/test_practice_run.py",  # an app that no account has; its limits are those of other pages
    "tests/blueprints/public/test_pictures.py",  # compares words on pages
    # Pages of the test bench that write nothing of their own into the database. People and start over run on both.
    "tests/blueprints/test_bench/test_mailbox.py",
    "tests/blueprints/test_bench/test_phone.py",
    "tests/blueprints/test_bench/test_scenarios.py",
    "tests/canary/test_watched.py",  # looks for secrets in metrics and logs
    "tests/faults/test_processes.py",  # `make faults` does more of it on PostgreSQL
    "tests/speed/test_slow_clients.py",  # connections, before anything is asked
    "tests/web/test_behind_nginx.py",  # TLS, addresses, and slow clients
    "tests/queue/test_kannel.py",  # a real SMS gateway; which worker takes a row is tested elsewhere
    "tests/watch/test_metrics.py",  # counts in files
    "tests/watch/test_logs.py",  # lines that no row is in
    "tests/watch/test_metrics_folder.py",  # files of a server's processes
    "tests/settings/test_every_setting.py",  # settings, before a database is opened
    "tests/settings/test_read_only.py",  # folders that can't be written
    "tests/speed/test_static_files.py",  # files, which no row is about
    "tests/words/test_refusals.py",  # sentences, looked up by words that stand in the source
    "tests/canary/test_shown_secrets.py",  # looks for what was refused; tests/flows spends it on both
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


def test_what_runs_once_meets_no_database_or_is_looked_at_in_a_browser():
    database, chromium = leading_to("sites"), leading_to("chromium") | {"visitor"}  # of another engine
    assert [place for place in ONCE if not files(place)] == [], "there is no such place"
    here = {path for place in ONCE for path in files(place)} - {ROOT / name for name in NO_MATTER}
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


def test_these_rooms_run_on_both():
    for room in ROOMS_OF_BOTH:
        inside = [name for name in ONCE if Path(name).is_relative_to(f"tests/{room}") and name not in NO_MATTER]
        assert inside == [] and files(f"tests/{room}"), room


def reasons(tree):
    """Returns the arguments of each `pytest.mark.once(…)` in a module, and of each `pytest.mark.once` without any."""
    marks = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.once"]
    called = {
        node.func: [getattr(each, "value", None) for each in node.args] for node in ast.walk(tree) if isinstance(node, ast.Call)
    }
    return [called.get(mark, []) for mark in marks]


def is_once(function):
    """Returns whether a test is marked `once`, in its file by that name or with its reason."""
    marks = [ast.unparse(each) for each in function.decorator_list]
    return any(mark == "once" or mark.startswith("pytest.mark.once") for mark in marks)


def test_a_test_that_is_marked_once_says_why_looks_at_no_row_and_stands_in_no_room_about_the_database():
    marked = [(path, function) for path, function in functions() if is_once(function)]
    assert marked
    for path, function in marked:
        assert "database" not in asks(function), f"{function.name} looks at rows"
        room = path.relative_to(TESTS).parts[0]
        assert room not in ("flows", "races", "kills", "queue", "machine", "methods", "migrations", "keys"), function.name
    given = [words for path in {path for path, _ in marked} for words in reasons(ast.parse(path.read_text()))]
    assert all(len(words) == 1 and isinstance(words[0], str) and len(words[0].split()) > 3 for words in given)


def test_what_is_marked_once_is_left_out_on_postgresql_with_the_twin_in_the_other_guise():
    def item(marks=(), **params):
        named = SimpleNamespace(fixturenames=["postgres"], get_closest_marker=lambda name: name if name in marks else None)
        named.callspec = SimpleNamespace(params=params)
        return named

    assert meets_database(item()) and meets_database(item(browser="plain"))
    assert not meets_database(item(["once"])) and not meets_database(item(browser="htmx"))
