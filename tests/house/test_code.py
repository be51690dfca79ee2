"""Rules checked on syntax trees: where commits happen, where time comes from, how secrets are compared."""

import ast
import re

from tests.house.source import last_name, modules

EVERY = modules()
COMMITTERS = ("portal.flows", "portal.cli", "portal.write_line")  # the last is the driver's connection
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("func", "now"),
    ("func", "current_timestamp"),
}
SECRET = re.compile(r"(^|_)(secret|token|digest|hash|hashed|mac|password|signature|code|csrf_token|output)$")
DATABASE_WORDS = {"where", "filter", "filter_by", "select", "and_", "or_", "not_", "case", "join", "update", "exists", "on"}
SIZE_OF_A_FILE, SIZE_OF_A_FUNCTION = 300, 45  # hard limits; `make lint` lists what exceeds the recommended 200 and 25


def calls(module):
    """Returns (node, name of the object, name of the function) for each call of a method."""
    found = [node for node in module.nodes(ast.Call) if isinstance(node.func, ast.Attribute)]
    return [(node, last_name(node.func.value), node.func.attr) for node in found]


def test_only_flows_commit():
    others = [module for module in EVERY if not module.name.startswith(COMMITTERS)]
    assert [module.at(node) for module in others for node, _, verb in calls(module) if verb == "commit"] == []


def test_time_comes_from_the_clock_alone():
    assert [fault for module in EVERY if module.name != "portal.clock" for fault in other_clocks(module)] == []


def other_clocks(module):
    """Returns where a module gets the time elsewhere, or imports the clock's function by name."""
    asked = [f"{module.at(node)} {owner}.{verb}" for node, owner, verb in calls(module) if (owner, verb) in CLOCKS]
    taken = [f"{module.at(node)} import time" for node, name in module.imports() if name == "time"]
    by_name = [f"{module.at(node)} imports now" for node in module.nodes(ast.ImportFrom) if node.module == "portal.clock"]
    return asked + taken + by_name


def inside_a_query(module):
    """Returns the IDs of comparisons inside queries, which the database evaluates."""
    queries = [node for node in module.nodes(ast.Call) if last_name(node) in DATABASE_WORDS]
    return {id(inner) for query in queries for inner in ast.walk(query) if isinstance(inner, ast.Compare)}


def is_column(node):
    """Returns whether a node looks like a column of a model or table: `Session.token_hash`, `table.c.hash`."""
    return isinstance(node, ast.Attribute) and (last_name(node.value)[:1].isupper() or last_name(node.value) == "c")


def test_secrets_are_compared_in_constant_time():
    assert [leak for module in EVERY for leak in plain_comparisons(module)] == [], "use hmac.compare_digest"


def plain_comparisons(module):
    """Returns where a module compares something named like a secret with == or !=."""
    asked = inside_a_query(module)
    leaks = []
    for node in module.nodes(ast.Compare):
        sides = [node.left, *node.comparators]
        equal = any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        if not equal or id(node) in asked or any(is_column(side) or isinstance(side, ast.Constant) for side in sides):
            continue
        if any(SECRET.search(last_name(side)) for side in sides if not isinstance(side, ast.Call)):
            leaks.append(f"{module.at(node)} {ast.unparse(node)}")
    return leaks


def test_chance_comes_from_the_operating_system():
    assert [module.at(node) for module in EVERY for node, name in module.imports() if name == "random"] == []


def test_a_module_begins_by_saying_what_it_is_for():
    begun = [(module.name, (ast.get_docstring(module.tree) or "").split("\n")[0]) for module in EVERY]
    assert [(name, line) for name, line in begun if not line.endswith((".", "?", ":", ";", ",")) and len(line) <= 40] == []


def test_nothing_grows_past_reading():
    assert [fault for module in EVERY for fault in too_long(module)] == []


def too_long(module):
    """Returns the file and functions that exceed the limits."""
    long = [f"{module.path} has {lines} lines"] if (lines := module.text.count("\n")) > SIZE_OF_A_FILE else []
    long += [f"{module.at(node)} {node.name}: {size} lines" for node, size in functions(module) if size > SIZE_OF_A_FUNCTION]
    return long


def functions(module):
    """Returns (node, number of lines without docstring) for each function."""
    found = module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node, node.end_lineno - node.lineno + 1 - docstring_lines(node)) for node in found]


def docstring_lines(node):
    """Returns the number of lines of a function's docstring."""
    return node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
