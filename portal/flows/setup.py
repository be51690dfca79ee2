"""Turning two-factor authentication on: begin a binding, prove it, in one transaction each (product rule 2)."""

from sqlalchemy import delete, select

from portal import config
from portal.crypto import SealBroken
from portal.db import begin_write, change, db
from portal.flows import backup_codes, notices, sessions, throttle, trusted, verification
from portal.flows.events import record
from portal.flows.visit import LEVEL_TWO, Visit
from portal.messages import Refused
from portal.methods import Method, Secret, Step
from portal.models import Authenticator, Binding, Session, User, new_id, secret_place
from portal.policy import Policy


class OutOfTurn(Exception):
    """A step that is not due: nothing was charged or changed; the page leads to the step that is."""


def open_binding(visit: Visit) -> Binding | None:
    """The visitor's binding, while it lives."""
    return db.session.scalar(select(Binding).where(Binding.user_id == visit.who.user_id, Binding.expires_at > visit.now))


def secret_of(visit: Visit, binding: Binding, policy: Policy) -> Secret:
    """The binding's secret in the clear. Raises SealBroken."""
    return Secret(binding.id, binding.secret(visit.keys), policy.issuer, visit.who.username)


def may_see(visit: Visit, binding: Binding) -> bool:
    """Whether this session began the binding, or showed its password within five minutes (RA-4)."""
    return binding.session_id == visit.who.session_id or visit.who.is_fresh(visit.now)


def begin(visit: Visit, chosen: Method) -> None:
    """Make the secret, unless one of the same method is open: it stays through reloads, tabs and devices."""
    session = begin_write()
    user = session.get_one(User, visit.who.user_id, with_for_update=True, populate_existing=True)
    if user.two_factor == "on":
        session.rollback()
        raise OutOfTurn
    binding = session.scalar(select(Binding).where(Binding.user_id == user.id))
    if binding and binding.method == chosen.name and visit.now < binding.expires_at and is_readable(visit, binding):
        session.rollback()
        return
    if binding:
        session.delete(binding)
        session.flush()
    session.add(new_binding(visit, user.id, chosen))
    record(visit, "authenticator_binding_begun", factor=chosen.name)
    session.commit()


def new_binding(visit: Visit, user_id: int, chosen: Method) -> Binding:
    """A binding with a secret of its own, sealed for the place it will keep as an authenticator."""
    binding_id = new_id()
    return Binding(
        id=binding_id,
        user_id=user_id,
        session_id=visit.who.session_id,
        method=chosen.name,
        secret_sealed=visit.keys.seal(chosen.begin(), secret_place(user_id, binding_id)),
        created_at=visit.now,
        expires_at=visit.now + config.BINDING_LIFE,
    )


def is_readable(visit: Visit, binding: Binding) -> bool:
    """Whether the keys at hand open the binding."""
    try:
        binding.secret(visit.keys)
    except SealBroken:
        return False
    return True


def submit(visit: Visit, policy: Policy, chosen: Method, step: Step, code: str) -> None:
    """Prove the binding with its first code: authenticator, backup codes, level, events and notice in one commit.

    Raises Refused (the failure is committed first), OutOfTurn.
    """
    session = begin_write()
    try:
        user = throttle.charge(visit, visit.who.user_id)
    except Refused as refused:
        refuse(visit, refused, chosen)
    binding = session.scalar(select(Binding).where(Binding.user_id == user.id, Binding.method == chosen.name))
    if binding is None or user.two_factor == "on":
        session.rollback()
        raise OutOfTurn
    if visit.now >= binding.expires_at:
        session.delete(binding)
        refuse(visit, Refused("set_up_expired"), chosen)
    binding.failures += 1
    try:
        columns = step.take(secret_of(visit, binding, policy), code, visit.now)
    except (Refused, SealBroken) as rejected:
        reject(visit, user, binding, rejected, chosen)
    else:
        turn_on(visit, user, binding, columns)


def reject(visit: Visit, user: User, binding: Binding, rejected: Refused | SealBroken, chosen: Method) -> None:
    """Commit the failure and say what to try next. Always raises Refused."""
    refused = rejected if isinstance(rejected, Refused) else Refused("set_up_expired")
    explained = verification.explain(refused, binding.failures, verification.AT_SET_UP, user)
    verification.tell_lock(visit, user)
    refuse(visit, verification.with_tries(explained, user), chosen)


def refuse(visit: Visit, refused: Refused, chosen: Method) -> None:
    record(visit, "authenticator_binding", reason=refused.reason, refused=True, factor=chosen.name)
    db.session.commit()
    raise refused


def turn_on(visit: Visit, user: User, binding: Binding, columns: dict) -> None:
    """Everything that "on" consists of, in the open transaction, and its commit."""
    change(delete(Binding).where(Binding.id == binding.id))
    db.session.add(
        Authenticator(
            id=binding.id,
            user_id=user.id,
            method=binding.method,
            secret_sealed=binding.secret_sealed,  # sealed for this id from the start
            created_at=visit.now,
            last_used_at=visit.now,
            **columns,
        )
    )
    throttle.forgive(visit, user, binding.failures, two_factor="on", two_factor_since=visit.now)
    backup_codes.make(visit, user)
    raise_level(visit)
    trusted.end_with_change(visit, user.id)
    sessions.end_others(visit, "two_factor_changed")
    record(visit, "authenticator_added", factor=binding.method)
    notices.queue(visit, user, "two_factor_on")
    db.session.commit()


def raise_level(visit: Visit) -> None:
    """This session has shown the second factor. Its token stays: a double press must not sign the person out."""
    own = db.session.get_one(Session, visit.who.session_id)
    own.level, own.second_factor_at, own.last_seen_at = LEVEL_TWO, visit.now, visit.now


def cancel(visit: Visit) -> None:
    """Forget the binding."""
    session = begin_write()
    if change(delete(Binding).where(Binding.user_id == visit.who.user_id)):
        record(visit, "authenticator_binding_cancelled")
    session.commit()
