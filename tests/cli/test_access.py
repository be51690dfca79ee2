"""`sessions end`, `accounts disable` and `enable`, and an account whose password nobody knows."""

import pytest
from sqlalchemy import update

from portal.flows.operator import access
from portal.models import Event, Session, TrustedBrowser, User
from portal.settings import config
from tests.support.mailbox import mails

BOX = "Don't ask for a code on this browser for 30 days"
BY_OPERATOR = "You were signed out here by whoever runs this portal. Sign in to continue."


@pytest.fixture
def run(app):
    """Runs a command of the portal; returns its exit code and words."""

    def run(*words):
        result = app.test_cli_runner().invoke(args=list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


@pytest.fixture
def trusted(plain, sam):
    """Sam's browser, signed in and trusted."""
    plain.sign_in(sam)
    plain.tick(BOX)
    return plain.fill("Verify", Verification_Code=sam.code())


def ends(database, **columns):
    """Returns the events of sessions that an operator ended."""
    return [row for row in database.all(Event, Event.event == "session_end") if row.reason == access.BY_OPERATOR]


def test_one_persons_sessions_and_trust_end_at_the_next_click_and_nobody_elses(run, trusted, database, sam, maria):
    other = trusted.another().enter(maria)
    assert run("sessions", "end", " SAM ") == (0, "1 sessions and 1 trusted browsers ended.\n")
    trusted.open("/home")
    assert trusted.path == "/sign-in" and trusted.notices == [BY_OPERATOR]
    other.open("/home")
    assert other.path == "/home"
    sam.clock.next_code()
    trusted.sign_in(sam)
    assert trusted.path == "/sign-in/code", "it is trusted no more"
    [event] = ends(database)
    assert (event.subject_id, event.actor_id, event.role) == (database.user(sam).id, None, "patient")


def test_it_is_told_under_recent_activity(run, plain, maria):
    plain.enter(maria)
    run("sessions", "end", "maria")
    plain.enter(maria).open("/account/security")
    assert "Your sessions were ended by whoever runs this portal." in plain.text


def test_again_there_is_nothing_to_end(run, plain, database, maria):
    plain.enter(maria)
    run("sessions", "end", "maria")
    before = database.everything()
    assert run("sessions", "end", "maria") == (0, "0 sessions and 0 trusted browsers ended.\n")
    assert database.everything() == before


def test_everybodys_end_in_handfuls_and_a_rehearsal_changes_nothing(run, trusted, database, monkeypatch, maria, jun, dr_okafor):
    monkeypatch.setattr(config, "SWEEP_ROWS", 2)
    people = [trusted.another().enter(each) for each in (maria, jun, dr_okafor)]
    waiting = trusted.another()
    waiting.sign_in(dr_okafor)  # a claim
    before = database.everything()
    assert run("sessions", "end", "--all", "--dry-run") == (0, "5 sessions and 1 trusted browsers would be ended.\n")
    assert database.everything() == before
    assert run("sessions", "end", "--all") == (0, "5 sessions and 1 trusted browsers ended.\n")
    for browser in (trusted, *people, waiting):
        assert browser.open("/home").path == "/sign-in" and browser.notices == [BY_OPERATOR]
    assert (
        database.all(Session, Session.ended_at.is_(None)) == database.all(TrustedBrowser, TrustedBrowser.ended_at.is_(None)) == []
    )
    assert len(ends(database)) == 4
    assert run("sessions", "end", "--all") == (0, "0 sessions and 0 trusted browsers ended.\n")


def test_a_browser_that_is_trusted_and_signed_out_ends_as_well(run, trusted, database):
    trusted.press("Sign out")
    assert run("sessions", "end", "--all") == (0, "0 sessions and 1 trusted browsers ended.\n")
    assert database.all(TrustedBrowser, TrustedBrowser.ended_at.is_(None)) == [] and ends(database) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sessions", "end"), "USERNAME: Name one person, or give --all."),
        (("sessions", "end", "maria", "--all"), "USERNAME: Name one person, or give --all."),
        (("sessions", "end", "maria", "--dry-run"), "--dry-run: It counts everybody's, so it goes with --all."),
        (("sessions", "end", "nobody"), "USERNAME: No account is called nobody."),
        (("accounts", "disable", "nobody"), "USERNAME: No account is called nobody."),
        (("accounts", "enable", "nobody"), "USERNAME: No account is called nobody."),
    ],
)
def test_what_cannot_be_done_is_said(run, database, words, said):
    before = database.everything()
    assert run(*words) == (1, f"Error: {said}\n")
    assert database.everything() == before


def test_who_has_left_is_out_at_once_and_comes_in_by_no_way(run, trusted, database, sam):
    trusted.another().open("/forgot-password").fill("Send link", Username_or_email_address="sam")
    [mail] = mails(trusted, to="sam@example.test", subject="Choose a new password")
    assert run("accounts", "disable", "sam") == (0, "sam is disabled now.\n")
    trusted.open("/home")
    assert trusted.path == "/sign-in"
    sam.clock.next_code()
    trusted.sign_in(sam)
    assert trusted.status == 422 and trusted.path == "/sign-in", "no trust, no code page"
    assert trusted.another().open(mail.link).heading == "This link doesn't work"
    assert trusted.another().open("/forgot-password").fill("Send link", Username_or_email_address="sam")
    assert len(mails(trusted, to="sam@example.test", subject="Choose a new password")) == 1
    assert [row.subject_id for row in database.all(Event, Event.event == "account_disabled")] == [database.user(sam).id]


def test_enabled_again_everything_is_as_it_was_but_the_sessions(run, plain, database, sam):
    plain.enter(sam)
    run("accounts", "disable", "sam")
    assert run("accounts", "disable", "sam") == (0, "sam is disabled already. Nothing was changed.\n")
    assert run("accounts", "enable", "sam") == (0, "sam is enabled now.\n")
    assert run("accounts", "enable", "sam") == (0, "sam is enabled already. Nothing was changed.\n")
    assert plain.open("/home").path == "/sign-in"
    sam.clock.next_code()
    assert plain.enter(sam).path == "/home"
    assert len(database.all(Event, Event.event == "account_enabled")) == 1


def create(run, *words):
    return run("accounts", "create", "pat", "--name", "Pat Doe", *words)


def test_without_a_password_the_person_chooses_one_by_an_emailed_link(run, plain, database, maria):
    assert create(run, "--email", "pat@example.test", "--without-password") == (0, "Created pat.\n")
    plain.open("/forgot-password").fill("Send link", Username_or_email_address="pat")
    [mail] = mails(plain, to="pat@example.test", subject="Choose a new password")
    plain.open(mail.link).fill("Change password", New_password="seven calm herons wait")
    plain.open("/sign-in").fill("Sign in", Username="pat", Password="seven calm herons wait")
    assert plain.path == "/home"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--without-password: It needs --email, where the link to choose a password goes."),
        (("--email", "pat@example.test", "--password", "seven calm herons wait"), "--without-password: Leave --password out."),
    ],
)
def test_without_a_password_there_is_an_address_and_no_password(run, database, words, said):
    assert create(run, "--without-password", *words) == (1, f"Error: {said}\n")
    assert database.all(User, User.username == "pat") == []


def test_a_clock_that_ran_ahead_leaves_no_session_behind(run, plain, database, clock, maria):
    plain.enter(maria)
    database.change(update(Session).values(created_at=clock.now.replace(year=clock.now.year + 1)))
    assert run("sessions", "end", "maria")[1] == "1 sessions and 0 trusted browsers ended.\n"
