"""A method is one module and one folder of templates; its name is written nowhere else."""

import re
from pathlib import Path

import pytest

from tests.house.source import PORTAL, ROOT, TEMPLATES

METHODS = [path.stem for path in sorted((PORTAL / "methods").glob("*.py")) if path.stem != "__init__"]
SETTING = re.compile(r"PORTAL_[A-Z_]+")  # the customer named the settings
READ = {".py", ".html", ".txt", ".js", ".css"}


def homes(name):
    """Returns where a method's name may stand: its module, its templates, the list of those switched on, old migrations."""
    return [PORTAL / "methods" / f"{name}.py", TEMPLATES / "methods" / name, PORTAL / "config.py", PORTAL / "migrations"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_named_in_its_own_rooms_only(name):
    written = re.compile(rf"(?<![a-z]){name}(?![a-z])", re.IGNORECASE)
    files = [path for path in sorted(PORTAL.rglob("*")) if path.suffix in READ and PORTAL / "static" / "htmx" not in path.parents]
    outside = [path for path in files if not any(home == path or home in path.parents for home in homes(name))]
    assert [f"{place(path)}:{number}" for path in outside for number in lines_with(written, path)] == []


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_a_template_for_each_step(name):
    assert sorted((TEMPLATES / "methods" / name).glob("*.html")), f"templates/methods/{name}/ is empty"


def lines_with(pattern, path):
    """Returns the numbers of the lines that a pattern stands on."""
    return [number for number, line in enumerate(path.read_text().splitlines(), 1) if pattern.search(SETTING.sub("", line))]


def place(path: Path):
    """Returns a path as a person would type it."""
    return path.relative_to(ROOT)
