"""Commands: `flask --app wsgi keys …`: new keys take over from old ones."""

import sys

import click
from flask import current_app

from portal import clock
from portal.cli.base import Group, dry_run, progress
from portal.crypto import Keyring
from portal.flows.operator import rotate_keys as rotation
from portal.flows.operator.hash_anew import HASHED
from portal.flows.operator.operator_events import command_context
from portal.settings import config

keys_group = Group("keys", help="Manage the encryption keys.")


@keys_group.command("rotate")
@dry_run
def rotate_keys(is_rehearsal: bool) -> None:
    """Re-encrypt everything with the first key in PORTAL_ENCRYPTION_KEYS, and say when the older ones can be removed.

    The portal may run meanwhile. After an interruption, run it again: it goes on where it stopped.
    """
    keys: Keyring = current_app.extensions["keys"]
    old = rotation.count_old(keys)
    if is_rehearsal:
        rehearse(keys, old)
        return
    context = command_context(keys, clock.now(), "keys rotate")
    with progress(sum(old.values()) + rotation.count_hashes(), "Values") as bar:
        rotated = rotation.rotate_keys(context, bar.update)
    click.echo(f"{rotated.done:,} values were re-encrypted, {rotated.hashed:,} look-up hashes renewed.")
    left = rotation.count_old(keys)
    if left:
        complain(left, rotated.broken)
    until = clock.now() + config.NOT_ME_LIFE
    click.echo(
        f"Nothing in the database needs an older key any more. Links in emails of the last {config.NOT_ME_LIFE.days} days do: if this "
        f"key is new, remove the older ones from PORTAL_ENCRYPTION_KEYS after {until:%Y-%m-%d}."
    )


def rehearse(keys: Keyring, old: dict[str, int]) -> None:
    """Say what there is to do, column by column."""
    for name, number in old.items():
        click.echo(f"{name:<32} {number:,}")
    hashed = sum(rotation.renew_hashes(keys, each, lambda _: None, is_rehearsal=True) for each in HASHED)
    click.echo(f"{sum(old.values()):,} values would be re-encrypted, {hashed:,} look-up hashes renewed.")


def complain(left: dict[str, int], broken: int) -> None:
    """Say what still needs an older key, and exit with 1."""
    for name, number in left.items():
        click.echo(f"{name}: {number:,} not sealed with the first key", err=True)
    if broken:
        click.echo(
            f"{broken:,} values can't be decrypted with the keys in PORTAL_ENCRYPTION_KEYS. The log lists them. If a key is missing, "
            "add it and run this again. Keep the old keys until then.",
            err=True,
        )
    if sum(left.values()) > broken:
        click.echo(
            "The others were written meanwhile by pages or a worker with another key in front. Restart them all with the same "
            "PORTAL_ENCRYPTION_KEYS, and run this again. Keep the old keys until then.",
            err=True,
        )
    sys.exit(1)
