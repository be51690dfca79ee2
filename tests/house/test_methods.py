"""A method is one module and one template folder; its name appears nowhere else."""

import ast
import re
from pathlib import Path

import pytest

from portal import methods
from portal.answers import CODE, KEY
from portal.forms.codes import AnswerForm, OwnQuestionForm
from portal.models import Binding
from tests.house.source import PORTAL, ROOT, TEMPLATES, modules

METHODS = [path.stem for path in sorted((PORTAL / "methods").glob("*.py")) if path.stem != "__init__"]
LOADED = [methods.import_method(name) for name in (*METHODS, "tests.methods.third")]
SETTING = re.compile(r"PORTAL_[A-Z_]+")  # the customer chose the settings' names
READ = {".py", ".html", ".txt", ".js", ".css"}


def homes(name):
    """Returns where a method's name may appear: its module, its templates, its script, config.METHODS, migrations, vendors' words."""
    return [
        PORTAL / "methods" / f"{name}.py",
        TEMPLATES / "methods" / name,
        PORTAL / "static" / f"{name}.js",
        PORTAL / "settings" / "config.py",
        PORTAL / "migrations",
        PORTAL / "gateways" / "replies.py",
        PORTAL / "gateways" / "credentials.py",
        PORTAL / "flows" / "operator" / "bench" / "authenticator_app.py",  # another maker's app, as it were
    ]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_named_in_its_own_rooms_only(name):
    written = re.compile(rf"(?<![a-z]){name}(?![a-z])", re.IGNORECASE)
    files = [path for path in sorted(PORTAL.rglob("*")) if path.suffix in READ and PORTAL / "static" / "htmx" not in path.parents]
    outside = [path for path in files if not any(home == path or home in path.parents for home in homes(name))]
    assert [f"{place(path)}:{number}" for path in outside for number in lines_with(written, path)] == []


def test_every_method_draws_its_steps_its_question_and_its_place_on_the_test_bench():
    missing = []
    for each in LOADED:
        needed = [f"{step.name}.html" for step in each.steps] + ["_ask.html"] + ([] if each.sends else ["_bench.html"])
        folder = each.templates or TEMPLATES / "methods" / each.name
        missing += [f"{each.name}: {file}" for file in needed if not (folder / file).exists()]
    assert missing == []


def test_every_method_keeps_the_contract():
    """A method's properties agree with its behavior."""
    for each in LOADED:
        steps = [step.name for step in each.steps]
        assert len(set(steps)) == len(steps) and each.steps[-1].verifies, each.name
        assert max(map(len, steps)) <= Binding.step.type.length and len(each.name) <= Binding.method.type.length, each.name
        assert set(each.begins_with) == {"name", "remembered"} and each.facts and each.change_label, each.name
        assert each.asks_for in (CODE, KEY) and (each.challenge.form is None) == (each.asks_for == CODE), each.name
        assert each.can_be_guessed or each.asks_for == KEY, "six digits can be guessed"
        assert (each.words is not methods.code_only) <= each.sends and each.restricted <= each.sends, each.name
        for form in filter(None, [each.challenge.form, *(step.form for step in each.steps)]):
            assert issubclass(form, AnswerForm), form
        if each.challenge.form:
            assert issubclass(each.challenge.form, OwnQuestionForm) and each.challenge.form.question in each.challenge.form(), (
                each.name
            )


def test_rules_go_by_what_a_method_says_and_not_by_its_words():
    """Other code looks at properties (`sends`, `can_be_guessed`, `asks_for`), and not at `words`, except to send or to measure them."""
    homes = ("portal.methods", "portal.flows.messages.send_code", "portal.text_check")
    found = [
        module.at(node)
        for module in modules()
        if not module.name.startswith(homes)
        for node in module.nodes(ast.Attribute)
        if node.attr == "words"
    ]
    assert found == []


def lines_with(pattern, path):
    """Returns the numbers of the lines that match a pattern."""
    return [number for number, line in enumerate(path.read_text().splitlines(), 1) if pattern.search(SETTING.sub("", line))]


def place(path: Path):
    """Returns a path relative to the repository."""
    return path.relative_to(ROOT)
