"""Which browsers are known: those where the person completed a sign-in, since two-factor authentication was turned on."""

from portal.models import Session


def is_known(database, person):
    """Returns whether the person's newest session is in a browser that was known when it began."""
    user_id = database.user(person).id
    return database.all(Session, Session.user_id == user_id)[-1].browser_known


def test_a_browser_becomes_known_with_the_code_and_not_with_the_password(plain, clock, database, sam):
    plain.sign_in(sam)
    plain.sign_in(sam)
    assert not is_known(database, sam)
    plain.fill("Verify", Verification_Code=sam.code())
    plain.press("Sign out")
    plain.sign_in(sam)
    assert is_known(database, sam)
    plain.another().sign_in(sam)
    assert not is_known(database, sam)


def test_a_backup_code_makes_a_browser_known_too(plain, database, sam):
    plain.sign_in(sam).fill("Verify", Verification_Code=sam.codes[0])
    plain.press("Sign out")
    plain.sign_in(sam)
    assert is_known(database, sam)


def test_a_password_shown_before_two_factor_was_on_makes_no_browser_known(plain, clock, database, maria):
    thief = plain.another()
    thief.enter(maria)
    thief.press("Sign out")
    thief.enter(maria)
    assert is_known(database, maria), "while it is off, the password is all there is"
    plain.enter(maria).begin_set_up(maria)
    plain.fill("Verify and Enable", Verification_Code=maria.code())
    thief.sign_in(maria)
    assert not is_known(database, maria)
    plain.press("Sign out")
    plain.sign_in(maria)
    assert is_known(database, maria), "the browser that turned it on showed a code"
