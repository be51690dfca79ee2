"""Setting up a verification method: begin a binding, answer its steps, prove it; one transaction each (product rules 2 and 3)."""

import hmac
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, select

from portal import clock
from portal.answers import Answer
from portal.crypto import SealBroken
from portal.db import begin_write, db, insert_into, load, read, write
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors import bindings, prove, wrong_answers
from portal.flows.factors.bindings import Pending
from portal.flows.messages import send_code, text_waits
from portal.methods import CodeLate, Method, Next, Step
from portal.models import Authenticator, Binding, User
from portal.policy import policy_of
from portal.settings import config
from portal.words.refusals import Refused

OWN_BINDING = select(*Binding.__table__.c).where(Binding.user_id == bindparam("owner"))
OPEN_BINDING = (
    select(*Binding.__table__.c, *User.__table__.c)
    .join_from(Binding, User, Binding.user_id == User.id)
    .where(
        Binding.user_id == bindparam("owner"), Binding.expires_at > bindparam("now"), Binding.expires_at <= bindparam("latest")
    )
)
ANY_AUTHENTICATOR = select(Authenticator.id).where(Authenticator.id == bindparam("own"))
OWN_AUTHENTICATOR = ANY_AUTHENTICATOR.where(Authenticator.user_id == bindparam("owner"))
CANCEL = delete(Binding).where(Binding.user_id == bindparam("owner"), ~bindings.IS_FORGOTTEN).returning(Binding.id)


class ProofDue(Exception):
    """Another session began this set-up, and this one has to re-authenticate first: nothing was charged or changed."""


class StepNotDue(Exception):
    """A step that is not due: nothing was charged or changed, and the page redirects to the step that is."""


def open_binding(context: RequestContext) -> Binding | None:
    """The visitor's unexpired binding, loaded with its user."""
    latest = clock.latest_end(context.now, config.BINDING_LIFE)
    row = read(OPEN_BINDING, {"owner": context.user.user_id, "now": context.now, "latest": latest}).first()
    if row is None:
        return None
    ends = len(Binding.__table__.c)
    return load(Binding, row[:ends], user=load(User, row[ends:]))


def is_binding_due(context: RequestContext, binding: Binding) -> bool:
    """Whether the binding can still be completed: a first one while two-factor is off, a replacement or extra one while it is on."""
    return context.user.is_on == bool(binding.replaces or binding.is_extra)


def show_step(context: RequestContext, binding: Binding, step: Step) -> dict[str, Any]:
    """What the page of a step needs. Raises SealBroken."""
    secret = bindings.binding_secret(context, binding.user, binding)
    return {**step.show(secret, context.now), "wait": bindings.find_wait(context, binding, step, secret)}


def may_see_binding(context: RequestContext, binding: Binding) -> bool:
    """Whether this session began the first set-up, or passed step-up authentication within five minutes (RA-1, RA-4)."""
    began = binding.session_id == context.user.session_id and not context.user.is_on
    return began or context.user.is_fresh(context.now)


def begin_setup(context: RequestContext, chosen: Method, replaces: str | None = None, is_extra: bool = False) -> None:
    """Begin a binding with a new secret. Idempotent: an open binding of the same method and purpose stays, across tabs and devices.

    `replaces`: id of the visitor's authenticator that the proof will replace. Raises StepNotDue, Refused("authenticators_full").
    """
    session = begin_write()
    user = bindings.lock_user(context)
    if (user.two_factor == "on") != bool(replaces or is_extra) or (replaces and not owns_authenticator(user.id, replaces)):
        session.rollback()
        raise StepNotDue
    if is_extra and bindings.count_authenticators(user.id) >= config.AUTHENTICATORS_MAX:
        session.rollback()
        raise Refused("authenticators_full", most=config.AUTHENTICATORS_MAX)
    row = read(OWN_BINDING, {"owner": user.id}).first()
    binding = load(Binding, row) if row else None
    wanted = (chosen.name, replaces, is_extra)
    if binding and wanted == (binding.method, binding.replaces, binding.is_extra) and bindings.is_binding_open(context, binding):
        session.rollback()
        return
    if binding:
        send_code.void_binding_codes(context, binding.id)
        session.delete(binding)
        session.flush()
    write(insert_into(Binding), bindings.new_binding(context, user, chosen, replaces, is_extra))
    record_event(context, "authenticator_binding_begun", factor=chosen.name)
    session.commit()


def owns_authenticator(user_id: int, authenticator_id: str) -> bool:
    """Whether the authenticator belongs to the user."""
    return read(OWN_AUTHENTICATOR, {"owner": user_id, "own": authenticator_id}).first() is not None


def is_authenticator_gone(authenticator_id: str) -> bool:
    """Whether no authenticator has this id."""
    return read(ANY_AUTHENTICATOR, {"own": authenticator_id}).first() is None


def submit_step(context: RequestContext, chosen: Method, step: Step, answer: Answer, shown: str | None = None) -> Step | None:
    """Answer a step; returns the next one, or None if the answer proved the binding and set-up is complete.

    `shown`: the id of the binding that the page was about. Raises Refused (what was charged is committed first, unless it is
    "set_up_replaced"), StepNotDue, ProofDue.
    """
    begin_write()
    user = charge_binding(context, chosen, shown) if is_charged(chosen, step) else bindings.lock_user(context)
    pending = find_binding(context, user, chosen, shown)
    binding = pending.binding
    if not chosen.is_reached(step, binding.step):
        db.session.rollback()
        raise StepNotDue
    try:
        result = step.take(bindings.binding_secret(context, user, binding), answer, context.now)
        if isinstance(result, Next):
            return save_answer(context, user, binding, chosen, step, result)
        if chosen.sends_texts:
            text_waits.recheck_number_sharing(context, user, binding)
    except (Refused, SealBroken) as rejected:
        raise reject_answer(context, user, binding, rejected, chosen, step) from None
    if result.secret is not None:
        bindings.seal_secret(context, binding, result.secret)
    try:
        prove.prove_binding(context, user, pending, chosen, result.columns)
    except Refused as taken:
        begin_write()
        raise commit_refusal(context, taken, chosen) from None
    return None


def is_charged(chosen: Method, step: Step) -> bool:
    """Whether an answer to the step counts toward the rate limit."""
    return step.verifies and chosen.can_be_guessed


def charge_binding(context: RequestContext, chosen: Method, shown: str | None) -> User:
    """Charge the attempt. Raises Refused("throttled"), or what `check_shown` raises."""
    try:
        return throttle.charge_attempt(context, context.user.user_id, set_up=True)
    except Refused as refused:
        check_shown(context, bindings.find_pending(context, context.user.user_id), shown)
        raise commit_refusal(context, refused, chosen) from None


def find_binding(context: RequestContext, user: User, chosen: Method, shown: str | None = None) -> Pending:
    """The visitor's binding of this method. Raises StepNotDue, ProofDue, Refused("set_up_expired"), Refused("set_up_replaced")."""
    pending = bindings.find_pending(context, user.id)
    check_shown(context, pending, shown)
    binding = pending.binding if pending else None
    is_due = binding and binding.method == chosen.name and (user.two_factor == "on") == bool(binding.replaces or binding.is_extra)
    if pending is None or binding is None or not is_due:
        db.session.rollback()
        raise StepNotDue
    if not clock.is_ahead(binding.expires_at, context.now, config.BINDING_LIFE):
        db.session.delete(binding)
        raise commit_refusal(context, Refused("set_up_expired"), chosen)
    return pending


def check_shown(context: RequestContext, pending: Pending | None, shown: str | None) -> None:
    """Roll back if the open binding is not for this session to see, or not the one that its page has shown: `shown`, if it said one.

    Raises ProofDue, Refused("set_up_replaced").
    """
    if pending is None or not clock.is_ahead(pending.binding.expires_at, context.now, config.BINDING_LIFE):
        return
    if not may_see_binding(context, pending.binding):
        db.session.rollback()
        raise ProofDue
    if shown is not None and shown != pending.binding.id:
        db.session.rollback()
        raise Refused("set_up_replaced")


def save_answer(context: RequestContext, user: User, binding: Binding, chosen: Method, step: Step, result: Next) -> Step:
    """Send a code if the step asks for one, store the answer as the binding's secret, and advance to the next step.

    In this order, so that a code sent to an earlier number cannot prove a number that got none (SM-8).
    Repeating the same answer while its code is valid sends nothing: someone who went back can use the code they have.
    """
    secret = bindings.binding_secret(context, user, binding)
    is_same = hmac.compare_digest(result.secret.encode(), secret.text.encode())
    if result.sends and not (is_same and send_code.has_live_code(context, secret.attempt)):
        send_code.send_code(context, user, replace(secret, text=result.secret), chosen)
    bindings.seal_secret(context, binding, result.secret)
    next_step = chosen.step_after(step)
    binding.step = next_step.name
    db.session.commit()
    return next_step


def send_setup_code_again(context: RequestContext, chosen: Method) -> None:
    """Send another code to the binding's number. Raises Refused, StepNotDue."""
    begin_write()
    user = bindings.lock_user(context)
    binding = find_binding(context, user, chosen).binding
    secret = bindings.binding_secret(context, user, binding)
    if not secret.text or not chosen.sends:
        db.session.rollback()
        raise StepNotDue
    try:
        send_code.send_code(context, user, secret, chosen)
    except Refused as refused:
        raise commit_refusal(context, refused, chosen) from None
    db.session.commit()


def reject_answer(
    context: RequestContext, user: User, binding: Binding, rejected: Refused | SealBroken, chosen: Method, step: Step
) -> Refused:
    """Commit the failure; returns the refusal, with a hint at what to try next."""
    refused = rejected if isinstance(rejected, Refused) else Refused("set_up_expired")
    if not step.verifies:
        return commit_refusal(context, refused, chosen)
    if isinstance(refused, CodeLate):
        throttle.clear_failures(context, user, 1, set_up_failures=user.set_up_failures - 1)
        return commit_refusal(context, refused, chosen)
    binding.failures += 1
    issuer = policy_of(user.role).issuer
    explained = wrong_answers.explain_refusal(refused, chosen, binding.failures, wrong_answers.HINTS_AT_SET_UP, issuer)
    if not is_charged(chosen, step):
        return commit_refusal(context, explained, chosen)
    wrong_answers.notify_pause(context, user)
    return commit_refusal(context, wrong_answers.with_tries(explained, throttle.purse_of(context, user.id).count(user)), chosen)


def commit_refusal(context: RequestContext, refused: Refused, chosen: Method) -> Refused:
    record_event(context, "authenticator_binding", reason=refused.reason, refused=True, factor=chosen.name)
    db.session.commit()
    return refused


def cancel_setup(context: RequestContext) -> None:
    """Delete the visitor's binding; live authenticators are not affected."""
    session = begin_write()
    own = {"owner": context.user.user_id, **bindings.long_ago(context.now)}
    binding_id = write(CANCEL, own).scalar()
    if binding_id:
        send_code.void_binding_codes(context, binding_id)
        record_event(context, "authenticator_binding_cancelled")
    session.commit()
