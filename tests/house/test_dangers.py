"""What no line of ours does: make code out of text, start a shell, load objects, or write markup into a page by a script."""

import ast
import re

import pytest

from tests.house.source import PORTAL, last_name, modules

EVERY = modules()
STATIC = PORTAL / "static"
CODE_FROM_TEXT = {"eval", "exec", "compile", "__import__", "render_template_string", "from_string"}
LIBRARIES = {"pickle", "marshal", "shelve", "yaml", "ctypes", "subprocess", "telnetlib", "ftplib", "xmlrpc"}
PARTS = {"re", "pattern"}  # re.compile() makes no code
# Who needs one of them all the same, and for what.
KNOWN = {
    ("portal.hashing", "ctypes"),  # gives memory back
    ("portal.gunicorn_conf", "subprocess"),  # starts the worker, by a list without a word of anybody's
}
IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setTimeout\(\s*[\"'`]|document\.domain|document\.cookie"
    r"|postMessage|addEventListener\(\s*[\"']message|localStorage|sessionStorage|indexedDB|__proto__|window\.open|JSON\.parse"
)
# Patterns with a variable part, all of it ours: words of a table, names of routes, a tag of a gateway's, an escaped fact of an email.
PATTERNS = {
    ("portal.flows.messages.notices", "mark"),
    ("portal.gateways.replies", "self.tag"),
    ("portal.server.worker", "WITH_TOKEN"),
    ("portal.numbering", "old"),
    ("portal.web.emails", "found"),
}


def calls(module):
    """Returns (node, the function's name, what it belongs to) of each call."""
    for node in module.nodes(ast.Call):
        owner = last_name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        yield node, last_name(node.func), owner


def test_no_code_is_made_of_text():
    found = [
        module.at(node)
        for module in EVERY
        for node, name, owner in calls(module)
        if name in CODE_FROM_TEXT and owner not in PARTS
    ]
    assert found == []


def test_no_library_that_loads_objects_or_starts_programs_is_imported():
    found = {(module.name, name.split(".")[0]) for module in EVERY for _, name in module.imports()}
    assert {(module, name) for module, name in found if name in LIBRARIES} == KNOWN


def test_no_program_is_started_by_a_shell():
    for module in EVERY:
        for node, name, owner in calls(module):
            assert (owner, name) not in {("os", "system"), ("os", "popen")}, module.at(node)
            assert [each for each in node.keywords if each.arg == "shell"] == [], module.at(node)


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.glob("*.js") if path.name != "scripts.js"))
def test_no_script_of_ours_writes_markup_keeps_anything_or_listens_to_other_windows(name):
    """`scripts.js` is htmx, as it came, with portal.js behind it; the content security policy binds htmx as well."""
    assert IN_SCRIPTS.findall((STATIC / name).read_text()) == []


def test_no_statement_is_made_of_text():
    """Only what sets up a connection, and a list of columns that copies people to measure with, are put together: of our own names."""
    asking = {"text", "literal_column", "execute", "executemany", "exec_driver_sql", "executescript", "scalar", "scalars"}
    made = {
        module.name
        for module in EVERY
        for node, name, _ in calls(module)
        if name in asking and node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    }
    assert made == {"portal.engines", "portal.flows.operator.copying", "portal.write_line"}


def test_what_people_type_is_never_a_pattern():
    named = {"compile", "search", "match", "fullmatch", "sub", "split", "findall", "finditer"}
    found = set()
    for module in EVERY:
        for node, name, owner in calls(module):
            if owner == "re" and name in named and node.args:
                found |= {(module.name, name) for name in variables(node.args[0])}
    assert found == PATTERNS


def variables(pattern):
    """Returns what a pattern is made of besides text: names that are no constants, and what is filled in unescaped."""
    if isinstance(pattern, ast.JoinedStr):
        parts = [part.value for part in pattern.values if isinstance(part, ast.FormattedValue)]
    else:
        parts = [pattern] if isinstance(pattern, ast.Name) and not pattern.id.isupper() else []
    texts = {ast.unparse(part) for part in parts} - {text for text in map(ast.unparse, parts) if "escape(" in text}
    return {"WITH_TOKEN" if "WITH_TOKEN" in text else text for text in texts}
