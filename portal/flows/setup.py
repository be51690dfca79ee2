"""Setting a verification method up: begin a binding, answer its steps, prove it; one transaction each (product rules 2 and 3)."""

import hmac
from dataclasses import replace

from sqlalchemy import delete, func, select
from sqlalchemy.orm import joinedload

from portal.answers import Answer
from portal.crypto import SealBroken
from portal.db import begin_write, db
from portal.flows import delivery, throttle, turn_on, verification
from portal.flows.events import record
from portal.flows.visit import Visit
from portal.flows.ways import context_of, open_secret
from portal.methods import Method, Next, Secret, Step, method
from portal.models import Authenticator, Binding, User, new_id, secret_place
from portal.send_limits import Wait
from portal.settings import config
from portal.words.refusals import Refused


class OutOfTurn(Exception):
    """A step that is not due: nothing was charged or changed; the page leads to the step that is."""


def open_binding(visit: Visit) -> Binding | None:
    """The visitor's binding, while it lives, and its owner with it."""
    own = (Binding.user_id == visit.who.user_id, Binding.expires_at > visit.now)
    return db.session.scalar(select(Binding).options(joinedload(Binding.user)).where(*own))


def is_due(visit: Visit, binding: Binding) -> bool:
    """Whether the binding leads anywhere: the first one while it is off, a further one while it is on."""
    return visit.who.is_on == bool(binding.replaces or binding.is_extra)


def secret_of(visit: Visit, user: User, binding: Binding) -> Secret:
    """The binding's secret in the clear. Raises SealBroken."""
    return open_secret(visit, user, binding, f"{delivery.BINDING}{binding.id}")


def show(visit: Visit, binding: Binding, step: Step) -> dict:
    """What the page of a step needs. Raises SealBroken."""
    secret = secret_of(visit, binding.user, binding)
    return {**step.show(secret, visit.now), "wait": wait(visit, binding, step, secret)}


def wait(visit: Visit, binding: Binding, step: Step, secret: Secret) -> Wait | None:
    """How long no text can go out; where a number is asked for, to none whatever."""
    chosen = method(binding.method)
    if chosen is None or not chosen.sends:
        return None
    number = visit.keys.mac(secret.text, delivery.TARGET) if step.verifies else b""
    return delivery.waits(visit, binding.user_id, secret.attempt, number)[number]


def may_see(visit: Visit, binding: Binding) -> bool:
    """Whether this session began the first set-up, or showed what the person has within five minutes (RA-1, RA-4)."""
    began = binding.session_id == visit.who.session_id and not visit.who.is_on
    return began or visit.who.is_fresh(visit.now)


def begin(visit: Visit, chosen: Method, replaces: str | None = None, is_extra: bool = False) -> None:
    """Make the secret, unless one of the same method and aim is open: it stays through reloads, tabs and devices.

    `replaces`: the live authenticator of the visitor that the proof ends. Raises OutOfTurn, Refused("authenticators_full").
    """
    session = begin_write()
    user = session.get_one(User, visit.who.user_id, with_for_update=True, populate_existing=True)
    if (user.two_factor == "on") != bool(replaces or is_extra) or (replaces and not owns(user.id, replaces)):
        session.rollback()
        raise OutOfTurn
    if is_extra and count_of(user.id) >= config.AUTHENTICATORS_MAX:
        session.rollback()
        raise Refused("authenticators_full", most=config.AUTHENTICATORS_MAX)
    binding = session.scalar(select(Binding).where(Binding.user_id == user.id))
    aim = (chosen.name, replaces, is_extra)
    if binding and aim == (binding.method, binding.replaces, binding.is_extra) and is_open(visit, binding):
        session.rollback()
        return
    if binding:
        delivery.void_binding(visit, binding.id)
        session.delete(binding)
        session.flush()
    session.add(new_binding(visit, user, chosen, replaces, is_extra))
    record(visit, "authenticator_binding_begun", factor=chosen.name)
    session.commit()


def count_of(user_id: int) -> int:
    """How many authenticators a person has: each brings more codes that a guess may meet (RL-2)."""
    return db.session.scalar(select(func.count()).where(Authenticator.user_id == user_id)) or 0


def owns(user_id: int, authenticator_id: str) -> bool:
    """Whether the authenticator is the person's own."""
    own = select(Authenticator.id).where(Authenticator.id == authenticator_id, Authenticator.user_id == user_id)
    return db.session.scalar(own) is not None


def is_gone(authenticator_id: str) -> bool:
    """Whether nobody has it (any more)."""
    return db.session.scalar(select(Authenticator.id).where(Authenticator.id == authenticator_id)) is None


def new_binding(visit: Visit, user: User, chosen: Method, replaces: str | None, is_extra: bool) -> Binding:
    """A binding with a secret of its own, sealed for the place it will keep as an authenticator."""
    binding_id = new_id()
    return Binding(
        id=binding_id,
        user_id=user.id,
        session_id=visit.who.session_id,
        method=chosen.name,
        step=chosen.steps[0].name,
        replaces=replaces,
        is_extra=is_extra,
        secret_sealed=visit.keys.seal(chosen.begin(context_of(visit, user)), secret_place(user.id, binding_id)),
        created_at=visit.now,
        expires_at=visit.now + config.BINDING_LIFE,
    )


def is_open(visit: Visit, binding: Binding) -> bool:
    """Whether the binding lives and the keys at hand open it."""
    try:
        binding.secret(visit.keys)
    except SealBroken:
        return False
    return visit.now < binding.expires_at


def submit(visit: Visit, chosen: Method, step: Step, answer: Answer) -> Step | None:
    """Answer a step: the next step, or None when the answer proved it and everything that follows is done.

    Raises Refused (what was charged is committed first), OutOfTurn.
    """
    begin_write()
    user = charge(visit, chosen) if counts(chosen, step) else lock(visit)
    binding = find_binding(visit, user, chosen)
    if not chosen.is_reached(step, binding.step):
        db.session.rollback()
        raise OutOfTurn
    try:
        taken = step.take(secret_of(visit, user, binding), answer, visit.now)
        if isinstance(taken, Next):
            return go_on(visit, user, binding, chosen, step, taken)
        if chosen.sends_texts:
            delivery.check_still_shared(visit, user, binding)
    except (Refused, SealBroken) as rejected:
        raise reject(visit, user, binding, rejected, chosen, step) from None
    if taken.secret is not None:
        keep(visit, binding, taken.secret)
    turn_on.prove(visit, user, binding, chosen, taken.columns)
    return None


def counts(chosen: Method, step: Step) -> bool:
    """Whether an answer to the step is a try that is charged."""
    return step.verifies and chosen.can_be_guessed


def charge(visit: Visit, chosen: Method) -> User:
    """Charge the try. Raises Refused("throttled")."""
    try:
        return throttle.charge(visit, visit.who.user_id, set_up=True)
    except Refused as refused:
        raise commit_refusal(visit, refused, chosen) from None


def lock(visit: Visit) -> User:
    """The person's row, held until the transaction ends."""
    return db.session.get_one(User, visit.who.user_id, with_for_update=True, populate_existing=True)


def find_binding(visit: Visit, user: User, chosen: Method) -> Binding:
    """The open binding of this method, charged with the try. Raises OutOfTurn, Refused("set_up_expired")."""
    binding = db.session.scalar(select(Binding).where(Binding.user_id == user.id, Binding.method == chosen.name))
    if binding is None or (user.two_factor == "on") != bool(binding.replaces or binding.is_extra):
        db.session.rollback()
        raise OutOfTurn
    if visit.now >= binding.expires_at:
        db.session.delete(binding)
        raise commit_refusal(visit, Refused("set_up_expired"), chosen)
    return binding


def keep(visit: Visit, binding: Binding, text: str) -> None:
    """Make it the binding's secret."""
    binding.secret_sealed = visit.keys.seal(text, secret_place(binding.user_id, binding.id))


def go_on(visit: Visit, user: User, binding: Binding, chosen: Method, step: Step, taken: Next) -> Step:
    """Send a code to the answer if the step asks for it, then keep it as the binding's secret, and lead to the next step.

    In this order: a code that went to the last answer must not prove one that nothing was sent to (SM-8).
    The same answer once more, while its code lives, sends nothing: who went back types the code that is there.
    """
    secret = secret_of(visit, user, binding)
    same = hmac.compare_digest(taken.secret.encode(), secret.text.encode())
    if taken.sends and not (same and delivery.lives(visit, secret.attempt)):
        delivery.send(visit, user, replace(secret, text=taken.secret), chosen)
    keep(visit, binding, taken.secret)
    following = chosen.step_after(step)
    binding.step = following.name
    db.session.commit()
    return following


def send_again(visit: Visit, chosen: Method) -> None:
    """One more code to the binding's number. Raises Refused, OutOfTurn."""
    begin_write()
    user = lock(visit)
    binding = find_binding(visit, user, chosen)
    secret = secret_of(visit, user, binding)
    if not secret.text or not chosen.sends:
        db.session.rollback()
        raise OutOfTurn
    try:
        delivery.send(visit, user, secret, chosen)
    except Refused as refused:
        raise commit_refusal(visit, refused, chosen) from None
    db.session.commit()


def reject(visit: Visit, user: User, binding: Binding, rejected: Refused | SealBroken, chosen: Method, step: Step) -> Refused:
    """Commit the failure; the refusal says what to try next."""
    refused = rejected if isinstance(rejected, Refused) else Refused("set_up_expired")
    if not step.verifies:
        return commit_refusal(visit, refused, chosen)
    binding.failures += 1
    explained = verification.explain(refused, chosen, binding.failures, verification.AT_SET_UP, user)
    if not counts(chosen, step):
        return commit_refusal(visit, explained, chosen)
    verification.tell_lock(visit, user)
    return commit_refusal(visit, verification.with_tries(explained, user), chosen)


def commit_refusal(visit: Visit, refused: Refused, chosen: Method) -> Refused:
    record(visit, "authenticator_binding", reason=refused.reason, refused=True, factor=chosen.name)
    db.session.commit()
    return refused


def cancel(visit: Visit) -> None:
    """Forget the binding; what is live stays as it is."""
    session = begin_write()
    binding_id = session.scalar(delete(Binding).where(Binding.user_id == visit.who.user_id).returning(Binding.id))
    if binding_id:
        delivery.void_binding(visit, binding_id)
        record(visit, "authenticator_binding_cancelled")
    session.commit()
