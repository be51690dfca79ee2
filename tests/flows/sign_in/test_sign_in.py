"""What another request changes while somebody signs in: a number that can be read no more, and the password."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from portal.flows.sign_in import sign_in
from portal.models import Authenticator, Event, SentCode, Session, User
from portal.models.user import user_place
from tests.support.hashing import CHEAP
from tests.support.meanwhile import just_before
from tests.support.texts import turn_on_texts


@pytest.fixture
def texting(plain, clock, inbox, maria):
    """Maria's browser on the code page, a minute after her code was texted."""
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.open("/home").press("Sign out")
    clock.move(minutes=1)
    plain.sign_in(maria)
    clock.move(minutes=1)
    return plain


def test_a_number_whose_seal_breaks_gets_no_text_and_the_backup_codes_still_open(texting, database, inbox, maria, monkeypatch):
    sent, events = len(database.all(SentCode)), len(database.all(Event, Event.event == "code_sent"))
    broken = update(Authenticator).where(Authenticator.method == "sms").values(secret_sealed=b"k1\0broken")
    just_before(monkeypatch, sign_in, "begin_write", lambda: database.change(broken))
    texting.press("Send again")
    assert texting.status == 422 and texting.problems[0].startswith("We can't check codes from your phone right now")
    assert len(database.all(SentCode)) == sent and len(database.all(Event, Event.event == "code_sent")) == events
    texting.fill("Verify", Verification_Code=maria.codes[0])
    assert texting.path == "/home"


@pytest.fixture
def replace_meanwhile(monkeypatch, database, maria):
    """Lets another request store a password of Maria's just after hers was compared."""

    def replace(password):
        (user,) = database.all(User, User.username == maria.username)
        sealed = database.keys.seal(CHEAP.hash(password), user_place(user.id, "password"))
        change = update(User).where(User.id == user.id).values(password_sealed=sealed)
        just_before(monkeypatch, sign_in, "begin_write", lambda: database.change(change))
        return sealed

    return replace


def test_a_password_that_is_changed_while_it_is_compared_opens_nothing(plain, database, maria, replace_meanwhile):
    sealed = replace_meanwhile("another lantern fig tree")
    plain.sign_in(maria)
    assert plain.path == "/sign-in" and plain.status == 422
    assert not database.all(Session)
    (user,) = database.all(User, User.username == maria.username)
    assert user.password_sealed == sealed
    (failed,) = database.all(Event, Event.event == "authn_login_fail")
    assert failed.reason == "sign_in_wrong"


def test_a_password_that_another_sign_in_hashes_anew_meanwhile_still_opens(plain, maria, replace_meanwhile):
    replace_meanwhile(maria.password)
    plain.sign_in(maria)
    assert plain.path == "/home"


@pytest.mark.postgresql
def test_a_change_of_the_password_waits_for_the_session_that_it_will_end(monkeypatch, plain, database, maria):
    def find_locked():
        account = select(User.id).where(User.username == maria.username).with_for_update(nowait=True)
        with pytest.raises(OperationalError, match="could not obtain lock"):
            database.change(account)

    just_before(monkeypatch, sign_in.sessions, "begin_session", find_locked)
    plain.sign_in(maria)
    assert plain.path == "/home"
