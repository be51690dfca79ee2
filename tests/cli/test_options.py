"""What all commands have in common: help that reads well, a rehearsal of what changes many rows, a bar on a terminal."""

import io
import sys

import click
import pytest

from portal.cli.base import progress

ALIEN = {"run", "shell", "routes"}  # Flask's own
ONLY_READ = {"audit key", "audit verify", "audit verify-folder", "check", "practices list", "queue status"}
WITHOUT_REHEARSAL = {
    "audit anchor": "it appends one line to a file",
    "audit drill": "it records one drill, the same one once",
    "audit export": "it writes a file, and one event about that",
    "audit grants": "it prints what it would do, unless --apply is given",
    "accounts create": "one account: it says whether it is made, and does nothing the second time",
    "accounts disable": "one account, likewise; `accounts enable` undoes it",
    "accounts enable": "one account, likewise",
    "practices set": "one practice, likewise",
    "queue work": "it delivers what people's pages have queued until it is stopped",
    "texts check": "it asks, and sends one text with --to only",
}


@pytest.fixture
def commands(app):
    """Every command of ours by its words; not those of `db`, which are Flask-Alembic's."""

    def walk(group, words):
        for name, command in group.commands.items():
            if words or name not in ALIEN | {"db"}:
                yield from (
                    walk(command, [*words, name]) if isinstance(command, click.Group) else [(" ".join([*words, name]), command)]
                )

    return dict(walk(app.cli, []))


def test_the_commands_are_found(commands):
    assert {"accounts import", "keys rotate", "demo seed", "retention run", "check"} < commands.keys()
    assert ONLY_READ | WITHOUT_REHEARSAL.keys() <= commands.keys()


def test_what_changes_many_rows_can_be_rehearsed(commands):
    with_option = {words for words, command in commands.items() if any("--dry-run" in each.opts for each in command.params)}
    assert commands.keys() - with_option == ONLY_READ | WITHOUT_REHEARSAL.keys()


def test_every_command_explains_itself(app, commands):
    for words, command in commands.items():
        result = app.test_cli_runner().invoke(args=[*words.split(), "--help"])
        assert result.exit_code == 0 and f"Usage: portal {words}" in result.output
        first = command.get_short_help_str(200)
        assert first[0].isupper() and first.endswith("."), f"{words}: {first}"
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert [each.name for each in options if not each.help] == [], words


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_shows_how_far_it_is_on_a_terminal_and_in_no_file(monkeypatch):
    for stream, is_drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress(4, "Accounts") as bar:
            bar.update(1)
            bar.update(3)
        assert ("100%" in stream.getvalue() and "Accounts" in stream.getvalue()) == is_drawn
