"""Changes of one's own factors that another request forestalls, and what they meet of earlier releases and roles."""

import pytest
from sqlalchemy import delete, insert, update

from portal.db import end_read
from portal.flows.factors import authenticators, setup, turn_off
from portal.models import Authenticator, Binding, Event, Session, User, user_place
from tests.support.client import WIZARD
from tests.support.hashing import CHEAP
from tests.support.meanwhile import just_before

SECURITY = "/account/security"
SHORT, LONG = "harbor-lan-14c", "seven calm herons wait"


def events(database, name):
    """Returns the events of a name."""
    return database.all(Event, Event.event == name)


def rows_of(database, person):
    """Returns the methods of a person's authenticators."""
    rows = database.all(Authenticator, Authenticator.user_id == database.user(person).id)
    return sorted(row.method for row in rows)


def give_number(database, person, clock):
    """Gives a person texts to a number that can be read no more."""
    old = {
        "id": "old",
        "user_id": database.user(person).id,
        "method": "sms",
        "name": "Text message",
        "secret_sealed": b"k1\0broken",
    }
    database.change(insert(Authenticator).values(**old, remembered={}, failures=0, created_at=clock.now, target_hash=b"x"))


def test_a_way_removed_in_another_tab_is_not_renamed(plain, database, clock, sam, monkeypatch):
    give_number(database, sam, clock)
    plain.enter(sam).open(f"{SECURITY}/authenticators/old/name")
    gone = delete(Authenticator).where(Authenticator.id == "old")
    just_before(monkeypatch, authenticators, "begin_write", lambda: database.change(gone))
    plain.fill("Save", Name="Tablet")
    assert plain.path == SECURITY and "Tablet" not in plain.text
    assert rows_of(database, sam) == ["totp"] and not events(database, "authenticator_renamed")
    assert plain.path == "/account/security" and plain.notices == []


def test_a_number_that_can_be_read_no_more_is_removed_and_not_told(plain, database, clock, inbox, sam):
    give_number(database, sam, clock)
    plain.enter(sam).open(f"{SECURITY}/authenticators/old/remove").press("Remove")
    assert rows_of(database, sam) == ["totp"] and inbox.of(sam) == []
    [event] = events(database, "authenticator_removed")
    assert event.factor == "sms"


def test_a_number_from_before_they_became_a_provider_goes_when_the_app_is_proved(plain, database, clock, dr_chen):
    give_number(database, dr_chen, clock)
    plain.enter(dr_chen).set_up_ehr(dr_chen)
    assert rows_of(database, dr_chen) == ["totp"]
    [event] = events(database, "authenticator_removed")
    assert event.factor == "sms"


def test_a_patient_keeps_the_number_beside_a_new_app(plain, database, clock, maria):
    give_number(database, maria, clock)
    plain.enter(maria).set_up(maria)
    assert rows_of(database, maria) == ["sms", "totp"] and not events(database, "authenticator_removed")


def test_a_set_up_finished_in_another_tab_begins_no_second_one(plain, database, clock, maria, monkeypatch):
    plain.enter(maria).open(WIZARD)
    is_on = update(User).where(User.username == "maria").values(two_factor="on", two_factor_since=clock.now)
    just_before(monkeypatch, setup, "begin_write", lambda: database.change(is_on))
    plain.choose("Authenticator App")
    plain.press("Continue")
    assert plain.status == 200 and not plain.path.startswith(f"{WIZARD}/totp")
    assert not database.all(Binding) and not events(database, "authenticator_binding_begun")


@pytest.mark.parametrize("name", ["submit_longer", "begin_write"])
def test_kept_on_in_another_tab_it_stays_on_with_the_old_password(plain, database, sam, monkeypatch, name):
    user = database.user(sam)
    sealed = database.keys.seal(CHEAP.hash(SHORT), user_place(user.id, "password"))
    database.change(update(User).where(User.id == user.id).values(password_sealed=sealed))
    sam.password = SHORT
    plain.enter(sam).open(f"{SECURITY}/disable").fill("Disable", Current_password=SHORT)
    kept = update(Session).values(turning_off_at=None)
    just_before(monkeypatch, turn_off, name, lambda: end_read() or database.change(kept))
    plain.fill("Disable", New_password=LONG)
    assert plain.path == f"{SECURITY}/disable"
    after = database.user(sam)
    assert (after.two_factor, after.password_sealed, rows_of(database, sam)) == ("on", sealed, ["totp"])
    assert not events(database, "two_factor_off") and not events(database, "password_changed")


def test_what_changed_while_the_password_was_compared_keeps_it_on(plain, database, sam, monkeypatch):
    """It may have been the password itself: the old one, right a moment ago, turns nothing off."""
    plain.enter(sam).open(f"{SECURITY}/disable")
    changed = update(User).where(User.username == "sam").values(generation=User.generation + 1)
    just_before(monkeypatch, turn_off, "begin_write", lambda: end_read() or database.change(changed))
    plain.fill("Disable", Current_password=sam.password)
    assert (database.user(sam).two_factor, rows_of(database, sam)) == ("on", ["totp"])
    assert not events(database, "two_factor_off")
