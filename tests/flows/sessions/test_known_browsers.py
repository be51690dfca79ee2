"""Which browsers are known: those where the person completed a sign-in, since two-factor authentication was turned on."""

import pytest

from portal.flows.messages.notices import NOT_ME, make_row_token
from portal.models import Event, Outbox, Session
from portal.settings import config
from tests.support.limits import spend


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


def was_here(browser, person):
    """Returns a browser where the person completed a sign-in, which is still signed in."""
    person.clock.next_code()
    return browser.another().enter(person)


def answer(app, database, browser, template):
    """Selects "This wasn't me" in the newest notice of a kind."""
    notice = max(database.all(Outbox, Outbox.template == template), key=lambda row: row.created_at)
    return browser.open(f"/not-me/{make_row_token(app.extensions['keys'], notice.id, NOT_ME)}")


@pytest.mark.parametrize("has_left", [True, False])
def test_this_was_not_me_makes_the_browser_new_again_and_leaves_the_owners_known(app, plain, database, sam, has_left):
    owner, thief = was_here(plain, sam), was_here(plain, sam)
    if has_left:
        thief.press("Sign out")
    answer(app, database, plain.another(), "new_browser").press("End sessions and trusted browsers")
    thief.sign_in(sam)
    assert not is_known(database, sam)
    owner.open("/sign-in").sign_in(sam)
    assert is_known(database, sam)


def test_this_was_not_me_about_a_change_makes_every_other_browser_new(app, plain, clock, database, sam):
    thief, owner = was_here(plain, sam), was_here(plain, sam)
    thief.open("/account/security/backup-codes").press("Regenerate Backup Codes")
    clock.next_code()
    owner.enter(sam)
    answer(app, database, owner, "backup_codes_replaced").press("End sessions and trusted browsers")
    thief.sign_in(sam)
    assert thief.path == "/sign-in/code" and not is_known(database, sam)
    owner.press("Sign out")
    owner.sign_in(sam)
    assert is_known(database, sam)


@pytest.mark.parametrize("kind", ["one", "all"])
def test_a_session_that_its_owner_ended_leaves_a_new_browser(plain, database, sam, kind):
    thief = was_here(plain, sam)
    theirs = database.all(Session)[-1].id
    owner = was_here(plain, sam)
    owner.open("/account/security/sessions" + (f"/{theirs}" if kind == "one" else "")).press(
        "End" if kind == "one" else "End all"
    )
    thief.sign_in(sam)
    assert thief.path == "/sign-in/code" and not is_known(database, sam)
    owner.press("Sign out")
    owner.sign_in(sam)
    assert is_known(database, sam)


def test_ending_all_forgets_browsers_that_were_signed_out_as_well(plain, database, sam):
    thief, owner = was_here(plain, sam), was_here(plain, sam)
    thief.press("Sign out")
    owner.open("/account/security/sessions").press("End all")
    thief.sign_in(sam)
    assert thief.path == "/sign-in/code" and not is_known(database, sam)
    owner.press("Sign out")
    owner.sign_in(sam)
    assert is_known(database, sam)


def test_the_password_alone_fills_no_mailbox_and_recent_activity_has_every_sign_in(plain, clock, database, maria):
    told, limit = Outbox.template == "new_browser", (config.NEW_BROWSER_EMAILS, config.NEW_BROWSER_EMAILS_IN)
    plain.another(ip="127.0.8.1").enter(maria)
    spend(database, config.NEW_BROWSER_EMAILS - 2, *limit, "new browsers", str(database.user(maria).id))
    for at in range(5):
        plain.another(ip=f"127.0.8.{at + 2}").enter(maria)
    assert len(database.all(Outbox, told)) == 1 + 2
    assert len(database.all(Event, Event.event == "authn_login_success")) == 1 + 5
    clock.move(minutes=60)
    plain.another().enter(maria)
    assert len(database.all(Outbox, told)) == 1 + 2 + 1
