"""Step-up authentication: password and second factor again before a change (RA-1 to RA-4)."""

from typing import Any

from portal import passwords
from portal.answers import Answer
from portal.db import begin_write, db
from portal.flows.base import act_proofs, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.passwords import load_password_hash
from portal.flows.factors import check_code, wrong_answers
from portal.flows.sessions import sessions
from portal.models import User
from portal.words.refusals import Refused

EVENT = "reauthentication"
WRONG_PASSWORD = "password_wrong"  # noqa: S105 (a reason)


def submit_reauthentication(context: RequestContext, password: str, answer: Answer | None) -> str:
    """Check both; returns the session's new token (SE-7). The proof is fresh for five minutes, and both time limits start over.

    Without an answer, a second factor that is still fresh is enough; otherwise the missing answer is refused, which costs no try.
    For an act that needs a proof of its own, `context.act`, only an answer is, and it is kept for that act alone.
    The answer is only checked after a right password. Raises Refused: WRONG_PASSWORD, or the answer's reason.
    """
    check_password(context, password, EVENT)
    return renew_with_proof(context, answer)


def check_password(context: RequestContext, password: str, event: str) -> None:
    """Charge an attempt, compare the password, and undo the charge if it is right. Raises Refused, recorded as `event`."""
    with passwords.place_in_line(context.user.token_hash):
        user = charge_password(context, event)
        is_right = passwords.verify(load_password_hash(context, user), password)
    if not is_right:
        begin_write()
        record_event(context, event, reason=WRONG_PASSWORD, refused=True, factor="password")
        wrong_answers.notify_pause(context, user)
        db.session.commit()
        raise wrong_answers.with_tries(Refused(WRONG_PASSWORD), throttle.purse_of(context, user.id).count(user))
    begin_write()
    throttle.clear_failures(context, user, user.password_failures, password_failures=0)
    db.session.commit()


def charge_password(context: RequestContext, event: str) -> User:
    """Charge the attempt before comparing, so that an open session cannot be used to guess the password."""
    begin_write()
    try:
        user = throttle.charge_attempt(context, context.user.user_id, password=True)
    except Refused as refused:
        record_event(context, event, reason=refused.reason, refused=True, factor="password")
        db.session.commit()
        raise
    db.session.commit()
    return user


def renew_with_proof(context: RequestContext, answer: Answer | None) -> str:
    """Check the answer if two-factor authentication is on, then replace the token."""
    columns: dict[str, Any] = {"password_at": context.now}
    is_enough = answer is None and context.act is None and context.user.is_fresh(context.now)
    if context.user.is_on and not is_enough:
        if answer is None:
            raise refuse_missing_answer(context)
        proof = check_code.check_code(context, answer, EVENT)
        columns |= {"second_factor_at": context.now, "level": "aal2"}
        factor = proof.factor
        if context.act:
            act_proofs.keep_proof(context, context.act, proof.user.generation)
    else:
        begin_write()
        factor = "password"
    token = sessions.renew_session(context, **columns)
    if token is None:
        db.session.commit()
        raise Refused("used_meanwhile")
    record_event(context, EVENT, factor=factor)
    db.session.commit()
    return token


def refuse_missing_answer(context: RequestContext) -> Refused:
    """Record and commit that no second factor was shown; returns the refusal."""
    begin_write()
    record_event(context, EVENT, reason="code_empty", refused=True)
    db.session.commit()
    return Refused("code_empty")
