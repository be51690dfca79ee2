"""What no page leads to on a good day: the ends of races, and calls that nobody should make."""

import pytest
from sqlalchemy import delete, insert, select, update

from portal.answers import CODE, Answer
from portal.flows.base.context import RequestContext
from portal.flows.factors import backup_codes, reauthenticate
from portal.flows.sessions import sessions
from portal.methods import totp
from portal.models import BackupCode, BackupCodeSet, Session, SpentStep
from portal.words.refusals import Refused
from tests.support.client import CODES


def test_a_visit_of_nobody_has_no_who(app, clock):
    context = RequestContext(now=clock.now, keys=app.extensions["keys"], ip="", user_agent="", request_id="")
    with pytest.raises(LookupError):
        context.user.user_id  # noqa: B018


def test_an_answer_in_a_traceback_does_not_say_what_it_is():
    assert "482913" not in repr(Answer(CODE, "482913"))


def test_a_session_that_never_showed_the_second_factor_is_not_fresh_and_reads_no_codes(plain, database, maria):
    plain.enter(maria).set_up(maria)
    database.change(update(Session).values(level="aal1", second_factor_at=None))
    assert plain.get(CODES).headers["Location"] == "/account/security"
    plain.open("/account/security/backup-codes")
    assert plain.heading == "Confirm it's you"


def test_an_answer_that_is_missing_behind_every_form_is_refused_and_costs_no_try(app, plain, clock, database, sam):
    plain.enter(sam)
    clock.move(minutes=6)
    with app.app_context():
        who = sessions.find_session(plain.cookie(), clock.now)
        context = RequestContext(now=clock.now, keys=app.extensions["keys"], ip="", user_agent="", request_id="", visitor=who)
        with pytest.raises(Refused, match="code_empty"):
            reauthenticate.submit_reauthentication(context, sam.password, None)
    user = database.user(sam)
    assert (user.backup_failures, user.own_failures, user.code_failures) == (0, 0, 0)


def test_a_proof_for_a_set_that_is_gone_proves_nothing(plain, database, maria, monkeypatch):
    plain.enter(maria).set_up(maria)
    plain.open(f"{CODES}/check")
    monkeypatch.setattr(backup_codes, "recent_sets", lambda user_id: [])
    label = next(label.text for label in plain.page.one("main").all("label"))
    plain.fill("Done", **{label: maria.codes[0]})
    assert plain.status == 422


def test_two_hints_of_one_step_at_once_spend_it_once(plain, database, sam, monkeypatch):
    """The slower of two requests finds the row that the other one wrote after it had looked."""
    blind = insert(SpentStep).from_select(["authenticator_id", "step"], select(totp.OWN, totp.STEP))
    monkeypatch.setattr(totp, "SPEND_ONE", blind)
    plain.sign_in(sam)
    for _ in range(2):
        plain.fill("Verify", Verification_Code=sam.code(5))
        assert "clock is about" in plain.problems[0]
    assert len(database.all(SpentStep)) == 1


def test_a_person_whose_codes_were_all_deleted_still_has_the_app(plain, database, sam):
    database.change(delete(BackupCode))
    database.change(delete(BackupCodeSet))
    plain.enter(sam)
    assert plain.path == "/home"
    plain.open("/account/security")
    assert "On" in plain.text and plain.status == 200
