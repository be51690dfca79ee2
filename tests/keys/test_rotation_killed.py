"""Rotation over many rows while people sign in: killed in the middle it goes on, and the old key can be removed (CR-2).

`make rotation` does it with ROTATION_ACCOUNTS=10000 and prints what it took.
"""

import base64
import os
import secrets
import signal
import threading
import time

import pytest

from portal.crypto import Keyring, SealBroken
from portal.db import db
from portal.flows.messages import text_waits
from portal.flows.operator.hash_anew import HASHED
from portal.flows.operator.rotate_keys import sealed_columns
from portal.flows.operator.sealed_places import PLACES
from portal.models import Authenticator, User, secret_place
from portal.settings.environment import load_settings
from tests.support.application import application
from tests.support.outbox import until
from tests.support.phone import code_for
from tests.support.processes import Fork
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CODE, claimant

ACCOUNTS = int(os.environ.get("ROTATION_ACCOUNTS", "300"))
SIGN_INS = 12 if ACCOUNTS <= 300 else 300  # with the old key gone
PATIENCE = 900


def new_key(name):
    return f"{name}:" + base64.b64encode(secrets.token_bytes(32)).decode()


def read_secrets(site):
    """Returns each person's key of the crowd who has an authenticator, by username."""
    with application(site) as app, app.app_context():
        rows = db.session.query(User.username, User.id, Authenticator.id, Authenticator.secret_sealed)
        found = rows.filter(Authenticator.user_id == User.id, User.username.like("person%")).order_by(User.id).all()
        keys = app.extensions["keys"]
        return {name: keys.open(sealed, secret_place(user, row)) for name, user, row, sealed in found}


def unopened(site, key):
    """Returns every sealed value that this key alone doesn't open, as (table, column, id), and every hash that it didn't make."""
    ring, found = Keyring(load_settings(site.environment | {"PORTAL_ENCRYPTION_KEYS": key}).encryption_keys), []
    with application(site) as app, app.app_context():
        for table, column in sealed_columns():
            for row in db.session.execute(table.select().where(column.is_not(None))):
                try:
                    ring.open(getattr(row, column.name), PLACES[table.name, column.name](row))
                except SealBroken:
                    found.append((table.name, column.name, row.id))
        for hashed in HASHED:
            rows = db.session.execute(hashed.table.select().where(hashed.wanted))
            found += [(hashed.table.name, hashed.column.name, row.id) for row in rows if hashed.renew(ring, row)]
    return found


class Crowd:
    """People who sign in one after the other, as long as it lasts; each once, since a code works once."""

    def __init__(self, server, secrets_by_name):
        self.server, self.names, self.secrets = server, iter(secrets_by_name), secrets_by_name
        self.entered, self.is_over, self.lock = [], False, threading.Lock()

    def run(self):
        while not self.is_over:
            with self.lock:
                name = next(self.names, None)
            if name is None:
                return
            self.entered.append(claimant(self.server, name).post(CODE, code=code_for(self.secrets[name])).went_in)


@pytest.mark.long
def test_killed_in_the_middle_it_goes_on_and_the_old_key_can_go_while_everybody_signs_in(site, tmp_path):
    site.flask("demo", "seed", "--accounts", str(ACCOUNTS))
    known = read_secrets(site)
    old, new = (site.folder / "encryption_keys").read_text().strip(), new_key("k2")
    both, rows = {"PORTAL_ENCRYPTION_KEYS": f"{new},{old}"}, Rows(site)
    done = "SELECT count(*) FROM outbox WHERE substr(to_sealed, 1, 3) = :new"
    began = time.monotonic()
    with running_server(site, workers=2, **both) as server:
        crowd = Crowd(server, dict(list(known.items())[:-SIGN_INS]))  # the others sign in at the end
        threads = [threading.Thread(target=crowd.run) for _ in range(2)]
        for thread in threads:
            thread.start()
        process = Fork(["flask", "--app", "wsgi", "keys", "rotate"], site.environment | both, tmp_path / "out")
        assert until(lambda: rows.one(done, new=b"k2\0") > 100 or process.poll() is not None, PATIENCE)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        half = len(unopened(site, new))
        process = Fork(["flask", "--app", "wsgi", "keys", "rotate"], site.environment | both, tmp_path / "again")
        assert process.wait(PATIENCE) == 0, (tmp_path / "again").read_text()
        crowd.is_over = True
        for thread in threads:
            thread.join()
    assert half > 0, "it was killed too late to be in the middle"
    assert "Nothing in the database needs an older key any more." in (tmp_path / "again").read_text()
    assert crowd.entered and all(crowd.entered), "somebody was refused"
    assert unopened(site, new) == []
    took = time.monotonic() - began
    with running_server(site, workers=2, PORTAL_ENCRYPTION_KEYS=new) as server:
        last = dict(list(known.items())[-SIGN_INS:])
        after = Crowd(server, last)
        after.run()
        assert after.entered == [True] * len(last)
    print(f"\n{ACCOUNTS} accounts: killed with {half} values to go, then finished; {len(crowd.entered)} signed in meanwhile,")
    print(f"{len(after.entered)} with the old key removed, none was refused. {took:.0f} seconds in all.")


def test_what_a_process_with_the_old_order_of_keys_writes_is_found_at_the_end(site):
    old, new = (site.folder / "encryption_keys").read_text().strip(), new_key("k2")
    both = {"PORTAL_ENCRYPTION_KEYS": f"{new},{old}"}
    late = Keyring(load_settings(site.environment).encryption_keys).seal("+15035550164", "users:1:phone")
    rows = Rows(site)
    site.flask("keys", "rotate", **both)
    rows.change("UPDATE users SET phone_sealed = :late WHERE id = 1", late=late)
    assert "users.phone_sealed               1\n1 values would be re-encrypted" in site.flask(
        "keys", "rotate", "--dry-run", **both
    )
    assert site.flask("keys", "rotate", **both).startswith("1 values were re-encrypted, 0 look-up hashes renewed.\n")
    assert unopened(site, new) == []


def test_a_number_is_counted_with_its_other_accounts_after_a_rotation(site):
    """Its keyed hash is renewed with the key, so that five accounts stay five (SM-9)."""
    old, new = (site.folder / "encryption_keys").read_text().strip(), new_key("k2")
    with application(site) as app, app.app_context():
        row = db.session.query(Authenticator).first()
        number = app.extensions["keys"].open(row.secret_sealed, secret_place(row.user_id, row.id))
        row.target_hash, key = app.extensions["keys"].mac(number, text_waits.TARGET), row.id
        db.session.commit()
    assert ", 9 look-up hashes renewed." in site.flask("keys", "rotate", PORTAL_ENCRYPTION_KEYS=f"{new},{old}")
    ring = Keyring(load_settings(site.environment | {"PORTAL_ENCRYPTION_KEYS": new}).encryption_keys)
    assert bytes(Rows(site).one("SELECT target_hash FROM authenticators WHERE id = :key", key=key)) == ring.mac(
        number, text_waits.TARGET
    )


def test_the_run_is_in_the_audit_trail_once(site):
    old, new = (site.folder / "encryption_keys").read_text().strip(), new_key("k2")
    for _ in range(2):
        site.flask("keys", "rotate", PORTAL_ENCRYPTION_KEYS=f"{new},{old}")
    assert Rows(site).one("SELECT count(*) FROM events WHERE event = 'keys_rotated'") == 1
