"""Showing password and second factor again before a change (RA-1 to RA-4)."""

from portal import passwords
from portal.answers import NO_ANSWER, Answer
from portal.db import begin_write, db
from portal.flows import sessions, throttle, verification
from portal.flows.events import record
from portal.flows.sign_in import stored_password
from portal.flows.visit import Visit
from portal.models import User
from portal.words.refusals import Refused

EVENT = "reauthentication"
WRONG_PASSWORD = "password_wrong"


def submit(visit: Visit, password: str, answer: Answer | None) -> str:
    """Check both; returns the session's new token (SE-7), fresh for five minutes and with both clocks begun anew.

    Without an answer, a second factor that is still fresh does; if it is not, the missing answer is refused like a wrong one.
    Raises Refused: WRONG_PASSWORD, or what the answer was refused for. It is only tried after a right password.
    """
    check_password(visit, password, EVENT)
    return renew_with_proof(visit, answer)


def check_password(visit: Visit, password: str, event: str) -> None:
    """Charge a try, compare the password, take the charge back where it is right. Raises Refused, recorded as `event`."""
    user = charge(visit, event)
    if not passwords.verify(stored_password(visit, user), password):
        begin_write()
        record(visit, event, reason=WRONG_PASSWORD, refused=True, factor="password")
        verification.tell_lock(visit, user)
        db.session.commit()
        raise verification.with_tries(Refused(WRONG_PASSWORD), user)
    begin_write()
    throttle.forgive(visit, user, user.password_failures, password_failures=0)
    db.session.commit()


def charge(visit: Visit, event: str) -> User:
    """Charge the try before the password is compared, so that an open session is no place to guess it."""
    begin_write()
    try:
        user = throttle.charge(visit, visit.who.user_id, password=True)
    except Refused as refused:
        record(visit, event, reason=refused.reason, refused=True, factor="password")
        db.session.commit()
        raise
    db.session.commit()
    return user


def renew_with_proof(visit: Visit, answer: Answer | None) -> str:
    """The second half: the answer where two-factor authentication is on, then the new token."""
    shown: dict = {"password_at": visit.now}
    if visit.who.is_on and not (answer is None and visit.who.is_fresh(visit.now)):
        proof = verification.check(visit, answer or NO_ANSWER, EVENT)
        shown |= {"second_factor_at": visit.now, "level": "aal2"}
        factor = proof.factor
    else:
        begin_write()
        factor = "password"
    token = sessions.renew(visit, **shown)
    if token is None:
        db.session.commit()
        raise Refused("used_meanwhile")
    record(visit, EVENT, factor=factor)
    db.session.commit()
    return token
