"""The portal's source as text and syntax trees, for the tests of the code."""

import ast
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PORTAL = ROOT / "portal"
TEMPLATES = PORTAL / "templates"


@dataclass(frozen=True)
class Module:
    """One file of Python."""

    path: Path

    @property
    def name(self):
        """Returns the dotted name; for a package, without `__init__`."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self):
        """Returns the text of the file."""
        return self.path.read_text()

    @cached_property
    def tree(self):
        """Returns its syntax tree."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def every_node(self):
        """Returns all nodes of the tree."""
        return list(ast.walk(self.tree))

    def nodes(self, *kinds):
        """Returns every node of the given types, in no particular order."""
        return [node for node in self.every_node if isinstance(node, kinds)]

    def at(self, node):
        """Returns the location of a node, for failure messages."""
        return f"{self.path.relative_to(ROOT)}:{node.lineno}"

    def imports(self):
        """Returns (node, dotted name) for every import; a name imported from a package is resolved if it is a module."""
        found = []
        for node in self.nodes(ast.Import, ast.ImportFrom):
            if isinstance(node, ast.Import):
                found += [(node, alias.name) for alias in node.names]
                continue
            base = node.module or ""
            if node.level:
                package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
                around = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*around, base] if base else around)
            found += [(node, full if is_module(full := f"{base}.{alias.name}") else base) for alias in node.names]
        return found


def is_module(name):
    """Returns whether a dotted name is a module or package of this project."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


@cache
def modules():
    """Returns the portal's modules, except migrations."""
    return [Module(path) for path in sorted(PORTAL.rglob("*.py")) if PORTAL / "migrations" not in path.parents]


def templates():
    """Returns every template's path."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in (".html", ".txt", ".svg"))


def last_name(node):
    """Returns the last part of a name, attribute, or called function: `hmac.new(…)` is "new"."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return getattr(node, "attr", None) or getattr(node, "id", "")


def without_jinja(text):
    """Returns a template's markup without Jinja's expressions, statements, and comments, keeping line numbers."""
    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)


def line_of(text, position):
    """Returns the line number of a position."""
    return text.count("\n", 0, position) + 1
