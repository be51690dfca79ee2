"""Every command that a document shows exists, and takes the options and values shown with it."""

import re
import shlex

import click
import pytest

from portal import cli
from tests.house.documents import DOCS, DOCUMENTS

OPERATING, SCRIPT = DOCS / "operating.md", DOCS / "deployment" / "portal-command.sh"
STARTS = ("flask --app wsgi ", "medximity-portal ", "portal ", "portal-owner ")
OTHERS = {"--access-logfile", "--require-hashes", "--no-deps"}  # of gunicorn and pip
PLACEHOLDER = re.compile(r"[A-Z]+(\.[a-z]+)?|…")


@pytest.fixture(scope="module")
def groups():
    """Every group, and the commands without one, by name."""
    from flask_alembic.cli import cli as database_commands  # slow to import

    found = {each.name: each for each in vars(cli).values() if isinstance(each, click.Group)}
    return found | {"check": cli.check, "db": database_commands}


def shown(path, groups):
    """Returns the words of every command that a document shows, without what starts it."""
    text = path.read_text()
    fenced = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    comments = re.findall(r"^#   (.+)$", text, re.MULTILINE) if path == SCRIPT else []
    lines = [line.strip() for line in (*fenced, *spans, *comments)]
    found = [line.removeprefix(start) for line in lines for start in STARTS if line.startswith(start)]
    found += [line for line in lines if (bare := re.match(r"([a-z]+) [a-z-]+(?: |$)", line)) and bare[1] in groups]
    return [shlex.split(line, comments=True) for line in found]


def fault(groups, words):
    """Returns what is wrong with a command, or ""."""
    name, *rest = words
    if PLACEHOLDER.fullmatch(name):
        return ""
    command = groups.get(name)
    if isinstance(command, click.Group) and rest and not PLACEHOLDER.fullmatch(rest[0]):
        command, rest = command.commands.get(rest[0]), rest[1:]
    if command is None:
        return "there is no such command"
    return option_fault(command, [] if isinstance(command, click.Group) else rest)


def option_fault(command, rest):
    """Returns what is wrong with the options and values of a command. A last "…" stands for more of them, or for a value."""
    context, is_cut = click.Context(command, info_name=command.name), rest[-1:] == ["…"]
    try:
        given, left, _ = command.make_parser(context).parse_args(list(rest))
        for each in command.params:
            value = given.get(each.name)
            if (
                isinstance(value, str)
                and not PLACEHOLDER.fullmatch(value)
                and not isinstance(each.type, (click.File, click.Path))
            ):
                each.type_cast_value(context, value)
    except click.BadOptionUsage as wrong:
        return "" if rest[-1].startswith("--") else wrong.format_message()  # `audit verify --anchors`: named, without its value
    except click.UsageError as wrong:
        return wrong.format_message()
    return "has one word too many" if left and not is_cut else ""


def test_every_command_that_is_shown_takes_what_is_shown_with_it(groups):
    found = [(path.name, words) for path in [*DOCUMENTS, SCRIPT] for words in shown(path, groups)]
    assert len(found) > 80 and any(name == SCRIPT.name for name, _ in found)
    assert [(name, " ".join(words), wrong) for name, words in found if (wrong := fault(groups, words))] == []


def test_every_option_that_is_named_alone_is_one_of_ours(groups):
    commands = [each for group in groups.values() for each in getattr(group, "commands", {"": group}).values()]
    ours = {option for command in commands for each in command.params for option in each.opts}
    named = {span.split()[0] for span in re.findall(r"`(--[^`\n]+)`", OPERATING.read_text())}
    assert len(named) > 10 and named - ours - OTHERS == {"--help"}


def test_every_command_is_explained_to_operators(groups):
    names = {f"{name} {each}" for name, group in groups.items() if name not in ("check", "db") for each in group.commands}
    assert len(names) > 20 and names - {" ".join(words[:2]) for words in shown(OPERATING, groups)} == set()
