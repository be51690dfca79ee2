"""A clock that jumped ahead and is set back: whatever was begun meanwhile is over, and every flow works at once."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.db import db
from portal.flows.messages import outbox
from portal.methods import totp
from portal.models import BackupCodeSet, ChartNote, EmergencyGrant, Link, Outbox, Session, TrustedBrowser, User
from portal.settings import config
from tests.blueprints.emergency.test_emergency_access import ask, let_in
from tests.support.mailbox import mails
from tests.support.moving import START
from tests.support.texts import CODE, MARIAS, ask_for_texts, send_to, turn_on_texts

YEAR = timedelta(days=365)
JUMPS = pytest.mark.parametrize(
    "jump", [YEAR, timedelta(hours=8), timedelta(minutes=10)], ids=["a year", "8 hours", "10 minutes"]
)


@JUMPS
def test_a_set_up_by_text_begun_ahead_begins_anew_at_once(plain, clock, inbox, maria, jump):
    clock.now += jump
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    ahead = inbox.code(maria)
    clock.now -= jump
    assert plain.open(CODE).path == "/sign-in", "the session runs longer than any may"
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    assert (plain.path, plain.status) == (CODE, 200), "no wait for a text of a clock that was ahead"
    plain.fill("Verify and Enable", Verification_Code=min({text.code for text in inbox.of(maria)} - {ahead}))
    assert plain.heading == "Save your backup codes"


@JUMPS
def test_signing_in_by_text_works_at_once(plain, clock, inbox, maria, jump):
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.open("/home").press("Sign out")
    clock.now += jump + timedelta(minutes=2)
    plain.sign_in(maria)
    seen = {text.code for text in inbox.of(maria)}
    clock.now -= jump
    plain.sign_in(maria)
    assert plain.notices == [] and len(inbox.of(maria)) == len(seen) + 1
    [new] = {text.code for text in inbox.of(maria)} - seen
    plain.fill("Verify", Verification_Code=new)
    assert plain.path == "/home"


def test_a_new_text_of_the_same_attempt_is_the_newest_though_an_older_one_was_sent_ahead(plain, clock, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    clock.move(minutes=4)
    plain.press("Send again")
    seen = {text.code for text in inbox.of(maria)}
    clock.move(minutes=-3)
    assert "The code we texted" in plain.open(CODE).text and "no longer works" in plain.text
    plain.press("Send again")
    [new] = {text.code for text in inbox.of(maria)} - seen
    plain.fill("Verify and Enable", Verification_Code=new)
    assert plain.heading == "Save your backup codes"


# --- the app


@JUMPS
def test_the_app_opens_at_once_and_no_code_opens_twice(plain, clock, sam, jump):
    clock.now += jump
    plain.enter(sam)
    first = sam.code()
    plain.press("Sign out")
    clock.next_code()
    plain.enter(sam)
    second = sam.code()
    plain.press("Sign out")
    clock.move(seconds=-30)
    clock.now -= jump
    plain.sign_in(sam).fill("Verify", Verification_Code=sam.code())
    assert plain.path == "/home", "a right code does not wait until the last one's step"
    plain.press("Sign out")
    plain.sign_in(sam).fill("Verify", Verification_Code=sam.code())
    assert plain.status == 422 and "already used" in plain.problems[0]
    for code, seconds in ((first, 0), (second, 30)):
        clock.now += jump + timedelta(seconds=seconds)
        assert code == sam.code(), "its time has come"
        other = plain.another()
        other.sign_in(sam).fill("Verify", Verification_Code=code)
        assert other.status == 422 and "already used" in other.problems[0]
        clock.now -= jump + timedelta(seconds=seconds)


def test_of_many_accepted_steps_the_oldest_are_refused_without_being_known_one_by_one():
    remembered = totp.INITIAL_STATE
    for step in range(1, config.TOTP_STEPS_KEPT + 11):
        remembered = totp.remember_step(remembered, 10 * step)
    assert len(remembered["spent_steps"]) == config.TOTP_STEPS_KEPT and remembered["oldest_step"] == 100
    early = START - timedelta(seconds=START.timestamp() - 30 * 50)  # in step 50
    assert not any(totp.may_accept_again(remembered, step, early) for step in (1, 99, 100, 110))
    assert totp.may_accept_again(remembered, 101, early) and totp.may_accept_again(remembered, 111, early)
    late = early + timedelta(seconds=30 * 1_000)
    assert not totp.may_accept_again(remembered, 101, late), "the last step is not ahead"


# --- sessions, proofs, trust


@JUMPS
def test_a_session_begun_ahead_is_over_and_takes_nobodys_place(plain, clock, database, maria, jump):
    clock.now += jump
    for _ in range(config.SESSIONS_PER_PERSON):
        plain.another().enter(maria)
    clock.now -= jump
    plain.enter(maria)
    assert plain.open("/account").path == "/account"
    assert database.all(Session)[-1].ended_at is None


def test_a_session_that_was_seen_ahead_goes_on_and_counts_as_seen_now(plain, clock, database, maria):
    plain.enter(maria)
    clock.move(minutes=10)
    plain.open("/account")
    clock.move(minutes=-10)
    clock.move(seconds=5)
    assert plain.open("/account").path == "/account"
    assert database.all(Session)[-1].last_seen_at == clock.now
    clock.move(minutes=15)
    assert plain.open("/account").path == "/sign-in"


@JUMPS
def test_a_browser_trusted_ahead_is_asked(plain, clock, database, sam, jump):
    clock.now += jump
    plain.sign_in(sam)
    plain.tick("Don't ask for a code on this browser for 30 days")
    plain.fill("Verify", Verification_Code=sam.code())
    plain.press("Sign out")
    clock.now -= jump
    assert len(database.all(TrustedBrowser)) == 1
    plain.sign_in(sam)
    assert plain.path == "/sign-in/code"
    plain.tick("Don't ask for a code on this browser for 30 days")
    plain.fill("Verify", Verification_Code=sam.code())
    plain.press("Sign out")
    assert plain.sign_in(sam).path == "/home", "trust begun now holds"


# --- links, invitations, reminders, resets


@JUMPS
def test_links_sent_ahead_are_over_and_new_ones_go_out_at_once(plain, clock, database, maria, jump):
    clock.now += jump
    plain.open("/forgot-password").fill("Send link", Username_or_email_address=maria.username)
    old = mails(plain, subject="Choose a new password")[0].link
    clock.now -= jump
    assert "expired" in plain.open(old).text
    plain.open("/forgot-password").fill("Send link", Username_or_email_address=maria.username)
    new = next(mail.link for mail in mails(plain, subject="Choose a new password") if mail.link != old)
    assert plain.open(new).status == 200


def test_links_of_a_clock_that_was_a_year_ahead_spend_no_limit(plain, clock, database, maria):
    clock.now += YEAR
    for _ in range(config.LINK_EMAILS):
        plain.open("/forgot-password").fill("Send link", Username_or_email_address=maria.username)
    clock.now -= YEAR
    before = len(database.all(Link))
    plain.open("/forgot-password").fill("Send link", Username_or_email_address=maria.username)
    assert len(database.all(Link)) == before + 1


def test_an_invitation_dismissed_ahead_comes_back(plain, clock, database, maria):
    database.change(update(User).where(User.username == "maria").values(invited_until=clock.now + YEAR))
    assert plain.enter(maria).offers("Not now")
    database.change(update(User).where(User.username == "maria").values(invited_until=clock.now + config.INVITATION_RESTS))
    assert not plain.open("/home").offers("Not now")


def test_a_person_reminded_ahead_can_be_reminded_now(plain, clock, database, admin_lee, dr_chen):
    database.change(update(User).where(User.username == "dr.chen").values(reminded_at=clock.now + YEAR))
    plain.enter(admin_lee).open("/ehr/settings/team/security")
    assert plain.offers("Send a reminder")
    database.change(update(User).where(User.username == "dr.chen").values(reminded_at=clock.now))
    assert not plain.open("/ehr/settings/team/security").offers("Send a reminder")


# --- the outbox


@pytest.fixture
def queued(app, plain, clock, inbox, maria):
    """Returns a function that returns the texts and emails that a worker would deliver now."""

    def due():
        with app.app_context():
            return [
                (db.session.get(Outbox, each).kind, db.session.get(Outbox, each).template)
                for each in outbox.list_due_rows(clock.now)
            ]

    return due


@JUMPS
def test_a_code_queued_ahead_dies_and_an_email_goes_out(app, plain, clock, database, maria, queued, jump):
    clock.now += jump
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    clock.now -= jump
    assert queued() == [("mail", "new_browser")]
    with app.app_context():
        outbox.close_expired_rows(clock.now)
    rows = {row.template: row for row in database.all(Outbox)}
    assert (rows["code"].state, rows["code"].body_sealed) == ("expired", None) and rows["code"].stage_at(clock.now) == "failed"
    assert rows["new_browser"].expires_at <= clock.now + config.MAIL_LIFE + jump
    if jump > timedelta(hours=1):
        assert rows["new_browser"].expires_at == clock.now + config.MAIL_LIFE, "it is not tried for a year"


def test_a_lease_and_a_retry_of_a_clock_that_was_ahead_are_over(app, plain, clock, database, maria, queued):
    plain.enter(maria)
    database.change(update(Outbox).values(state="claimed", lease_until=clock.now + YEAR))
    assert queued() == [("mail", "new_browser")]
    database.change(update(Outbox).values(state="queued", lease_until=clock.now + config.MAIL_RETRY[1]))
    assert queued() == []


# --- emergency access, charts, backup codes


@JUMPS
def test_emergency_access_asked_for_ahead_is_over_and_asked_for_anew(plain, clock, database, dr_okafor, admin_lee, jump):
    clock.now += jump
    ask(plain, dr_okafor)
    clock.now -= jump
    plain.sign_in(dr_okafor)
    assert plain.path == "/sign-in/code", "who waited does not wait any more"
    approver = plain.another().enter(admin_lee)
    assert "Emergency access: read charts" not in approver.open("/ehr/settings/team/approvals").text
    ask(plain, dr_okafor)
    assert len(database.all(EmergencyGrant)) == 2
    assert "Emergency access: read charts" in approver.open("/ehr/settings/team/approvals").text


@JUMPS
def test_emergency_access_approved_ahead_ends_and_is_reviewed(app, plain, clock, database, dr_okafor, admin_lee, jump):
    clock.now += jump
    let_in(plain, dr_okafor, admin_lee)
    assert plain.open("/ehr/charts").path == "/ehr/charts"
    clock.now -= jump
    assert plain.open("/ehr/charts").path == "/sign-in"
    with app.app_context():
        app.extensions["queue"].order_due()
    assert database.all(EmergencyGrant)[0].ended_at is not None
    ask(plain, dr_okafor)
    assert len(database.all(EmergencyGrant)) == 2, "no day is waited for that has not begun"


@JUMPS
def test_backup_codes_shown_ahead_are_wiped(app, plain, clock, database, maria, jump):
    clock.now += jump
    plain.enter(maria).set_up(maria)
    assert database.all(BackupCodeSet, BackupCodeSet.codes_sealed.is_not(None))
    clock.now -= jump
    assert plain.another().enter(maria).open("/account/security/two-factor/backup-codes").path == "/account/security"
    app.extensions["queue"].order_due()
    user = database.user(maria)
    assert not database.all(BackupCodeSet, BackupCodeSet.codes_sealed.is_not(None), BackupCodeSet.user_id == user.id)


def test_a_note_written_a_year_ahead_is_no_repetition(plain, clock, database, dr_okafor):
    for _ in range(2):
        plain.enter(dr_okafor).open("/ehr/charts/1").fill("Add note", Note="Seen today.")
        clock.now -= YEAR
        plain = plain.another()
    assert len(database.all(ChartNote, ChartNote.text == "Seen today.")) == 2
