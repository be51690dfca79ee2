"""New keys take over while people sign in, and the old ones can go (CR-2, CR-4)."""

import base64
import secrets
import threading

import pytest

from portal.crypto import Keyring
from portal.flows.operator.rotate_keys import sealed_columns
from portal.flows.operator.sealed_places import PLACES
from portal.models import Base
from portal.settings.environment import load_settings
from tests.support import moments, wire
from tests.support.crowd import add_many
from tests.support.phone import code_for
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CODE, SCAN, Wire, claimant

PEOPLE = 250  # more than one batch
SIGN_INS = 10


def sealed_values(site):
    """Returns every sealed value of a site."""
    facts = Rows(site)
    found = [facts.all(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL") for table, column in sorted(PLACES)]
    return [bytes(row[0]) for rows in found for row in rows]


@pytest.fixture
def keys(site):
    """The site's old key, and a new one."""
    old = (site.folder / "encryption_keys").read_text().strip()
    return old, "k2:" + base64.b64encode(secrets.token_bytes(32)).decode()


def test_everybody_signs_in_before_during_and_after_a_rotation(site, keys):
    old, new = keys
    people = add_many(site, PEOPLE)
    names, entered, both = list(people), [], {"PORTAL_ENCRYPTION_KEYS": f"{new},{old}"}

    def enter(server, name):
        entered.append(claimant(server, name).post(CODE, code=code_for(people[name])).went_in)

    with running_server(site, workers=2, **both) as server:
        setting_up = Wire(server)
        entry = wire.begin(setting_up, "maria")
        crowd = [threading.Thread(target=enter, args=(server, name)) for name in names[:SIGN_INS]]
        for thread in crowd:
            thread.start()
        told = site.flask("keys", "rotate", **both)
        for thread in crowd:
            thread.join()
        assert entered == [True] * SIGN_INS
        assert int(told.split()[0].replace(",", "")) > 4 * PEOPLE
        assert site.flask("keys", "rotate", **both).startswith("0 values were re-encrypted, 0 look-up hashes renewed.\n")
    assert {sealed.partition(b"\0")[0] for sealed in sealed_values(site)} == {b"k2"}
    with running_server(site, workers=2, PORTAL_ENCRYPTION_KEYS=new) as server:
        moments.quiet()
        for name in names[-3:]:
            enter(server, name)
        assert entered == [True] * (SIGN_INS + 3)
        assert setting_up.tab(server).send(SCAN, code=entry.code()).location == wire.CODES
    assert all_open(site, new, people), "a key does not open, or opened to another secret"


def all_open(site, key, people):
    """Returns whether each person's secret opens with one key alone to what it was."""
    ring = Keyring(load_settings(site.environment | {"PORTAL_ENCRYPTION_KEYS": key}).encryption_keys)
    query = "SELECT u.username, u.id, a.id, a.secret_sealed FROM authenticators a JOIN users u ON u.id = a.user_id"
    opened = {
        name: ring.open(bytes(sealed), f"authenticators:{user}:{row}:secret") for name, user, row, sealed in Rows(site).all(query)
    }
    return all(opened[name] == secret for name, secret in people.items())


def test_bindings_are_sealed_anew_before_the_authenticators_that_take_their_seals_over():
    order = [table.name for table, _ in sealed_columns()]
    assert order.index("bindings") < order.index("authenticators")


def test_a_rotation_without_the_old_key_changes_nothing_and_says_so(site, keys):
    before = sealed_values(site)
    with pytest.raises(AssertionError, match="add it and run this again"):
        site.flask("keys", "rotate", PORTAL_ENCRYPTION_KEYS=keys[1])
    assert sealed_values(site) == before


def test_a_damaged_value_holds_up_no_other(site, keys):
    old, new = keys
    damaged = old.partition(":")[0].encode() + b"\0broken"
    Rows(site).change("UPDATE users SET phone_sealed = :damaged WHERE username = 'maria'", damaged=damaged)
    with pytest.raises(AssertionError, match="1 values can't be decrypted"):
        site.flask("keys", "rotate", PORTAL_ENCRYPTION_KEYS=f"{new},{old}")
    assert sum(sealed.partition(b"\0")[0] != b"k2" for sealed in sealed_values(site)) == 1


def test_people_stay_signed_in_over_a_new_secret_key(site):
    old, new = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with running_server(site, workers=1, PORTAL_SECRET_KEY=old) as before:
        person = Wire(before)
        person.sign_in("maria")
        person.get(wire.CHOOSE)
    with running_server(site, workers=1, PORTAL_SECRET_KEY=new) as after:
        moved = person.tab(after)
        assert moved.signed_in()
        assert moved.send(wire.CHOOSE, method="totp").location == SCAN


def test_an_address_is_found_by_the_newest_key_after_a_rotation(site, keys):
    """And one that was kept before there were hashes is found from then on."""
    old, new = keys
    rows = Rows(site)
    before = dict(rows.all("SELECT username, email_hash FROM users"))
    assert all(before.values())
    rows.change("UPDATE users SET email_hash = NULL WHERE username = 'maria'")
    site.flask("keys", "rotate", PORTAL_ENCRYPTION_KEYS=f"{new},{old}")
    name, key = new.split(":")
    finder = Keyring(((name, base64.b64decode(key)),))
    after = dict(rows.all("SELECT username, email_hash FROM users"))
    assert {person for person, found in after.items() if bytes(found) != finder.look_up_hash(f"{person}@example.test")} == set()


def test_the_demo_accounts_of_an_older_portal_are_found_by_their_address(site):
    rows = Rows(site)
    before = dict(rows.all("SELECT username, email_hash FROM users"))
    rows.change("UPDATE users SET email_hash = NULL")
    site.flask("demo", "seed")
    assert dict(rows.all("SELECT username, email_hash FROM users")) == before


def test_no_sealed_column_is_left_out():
    columns = {(table.name, column.name) for table in Base.metadata.tables.values() for column in table.columns}
    sealed = {each for each in columns if each[1].endswith("_sealed")}
    assert PLACES.keys() == sealed == {(table.name, column.name) for table, column in sealed_columns()}
