"""Completing a set-up: the proved binding turns two-factor authentication on, or replaces or adds an authenticator."""

from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import delete, select, update

from portal.crypto import SealBroken
from portal.db import change, db
from portal.flows.base import links, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_TWO, RequestContext
from portal.flows.base.recovery_cases import DONE, SETTING_UP, move
from portal.flows.factors import backup_codes, on_file
from portal.flows.factors.challenges import is_switched_off, open_secret
from portal.flows.messages import notices, send_code, text_waits
from portal.flows.sessions import sessions, trusted_browsers
from portal.languages import load_catalogue
from portal.methods import Method, method
from portal.models import Authenticator, Binding, RecoveryCase, SentCode, Session, SpentStep, User
from portal.policy import policy_of
from portal.words.refusals import N_

OLD_NUMBER_TEXT = N_(
    "%(issuer)s, for %(initials)s We no longer text your codes to this number. Not you? Sign in and check Security."
)
OLD_NUMBER_TEXT_LIFE = timedelta(hours=24)


def prove_binding(context: RequestContext, user: User, binding: Binding, chosen: Method, columns: dict[str, Any]) -> None:
    """Turn the proved binding into an authenticator, apply everything that follows, and commit."""
    change(delete(Binding).where(Binding.id == binding.id))
    if chosen.sends:
        send_code.void_binding_codes(context, binding.id)
    old = db.session.get(Authenticator, binding.replaces) if binding.replaces else None
    if old is not None:
        send_code.void_codes(context, SentCode.authenticator_id == old.id)
        db.session.delete(old)
        change(delete(SpentStep).where(SpentStep.authenticator_id == old.id))
    db.session.flush()
    db.session.add(new_authenticator(context, user, binding, chosen, columns))
    if chosen.sends_texts:
        on_file.confirm_phone(context, user, binding.secret(context.keys))
    if old is not None:
        notify_old_number(context, user, old)
    replaced = None
    if user.two_factor == "on":
        throttle.clear_failures(context, user, user.set_up_failures, set_up_failures=0)
    else:
        replaced = turn_on(context, user, binding)
    remove_disallowed(context, user, binding)
    raise_level(context)
    trusted_browsers.end_trust_after_change(context, user.id)
    sessions.end_other_sessions(context, "two_factor_changed")
    if old is not None:
        record_event(context, "authenticator_replaced", factor=binding.method)
    else:
        record_event(context, "authenticator_added", factor=binding.method)
    notify_authenticator(context, user, old, replaced)
    db.session.commit()


def remove_disallowed(context: RequestContext, user: User, binding: Binding) -> None:
    """Remove authenticators the user's policy does not allow, such as a number from before they became a provider."""
    policy = policy_of(user.role)
    if policy.accepts_restricted:
        return
    for row in db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id, Authenticator.id != binding.id)):
        kind = method(row.method)
        if kind and not policy.allows(kind):
            db.session.delete(row)
            record_event(context, "authenticator_removed", factor=row.method)


def turn_on(context: RequestContext, user: User, binding: Binding) -> list[str] | None:
    """Turn two-factor authentication on and make the first backup codes. After a reset or recovery, only this voids its link (RC-8).

    Returns what a recovery that this completes has replaced, by name; None if it completes none.
    """
    if user.two_factor == "reset":
        links.void_links(context, user.id, links.RESET, links.RECOVERY)
    columns: dict[str, Any] = {"two_factor": "on", "two_factor_since": context.now}
    throttle.clear_failures(context, user, user.set_up_failures, **columns, set_up_failures=0)
    backup_codes.make_set(context, user)
    return complete_recovery(context, user) if user.two_factor == "reset" else None


def complete_recovery(context: RequestContext, user: User) -> list[str] | None:
    """End the recovery that led here, in the open transaction; returns what it replaced, None if there is none."""
    own = (RecoveryCase.user_id == user.id, RecoveryCase.state == SETTING_UP, RecoveryCase.ended_at.is_(None))
    case = db.session.scalar(select(RecoveryCase).where(*own))
    if case is None or not move(context, case.id, (SETTING_UP,), DONE):
        return None
    record_event(context, "recovery_done", case_id=case.id)
    return list(case.replaced)


def notify_authenticator(context: RequestContext, user: User, old: Authenticator | None, replaced: list[str] | None) -> None:
    """Queue the notice of the change; `user` still has the state from before it. `replaced`: what a recovery replaced."""
    if replaced is not None:
        notices.queue_notice(context, user, "recovery_done", replaced=replaced)
    elif user.two_factor != "on":
        notices.queue_notice(context, user, "two_factor_on")
    elif old is not None:
        notices.queue_notice(context, user, "authenticator_replaced")
    else:
        notices.queue_notice(context, user, "authenticator_added")


def new_authenticator(
    context: RequestContext, user: User, binding: Binding, chosen: Method, columns: dict[str, Any]
) -> Authenticator:
    """The row, with a name that none of the user's other authenticators has."""
    names_in_use = set(db.session.scalars(select(Authenticator.name).where(Authenticator.user_id == user.id)))
    candidates = (f"{columns['name']} {number}" if number > 1 else columns["name"] for number in count(1))
    secret = binding.secret(context.keys)
    return Authenticator(
        id=binding.id,
        user_id=user.id,
        method=binding.method,
        secret_sealed=binding.secret_sealed,  # sealed for this id already
        target_hash=context.keys.mac(secret, text_waits.TARGET) if chosen.sends else None,
        created_at=context.now,
        last_used_at=context.now,
        **{**columns, "name": next(name for name in candidates if name not in names_in_use)},
    )


def notify_old_number(context: RequestContext, user: User, old: Authenticator) -> None:
    """Text the old number that it gets no more codes, unless another authenticator of the user has it (rule 3, SM-8)."""
    kind = method(old.method)
    in_use = select(Authenticator.id).where(Authenticator.user_id == user.id, Authenticator.target_hash == old.target_hash)
    if kind is None or not kind.sends_texts or is_switched_off(context, kind) or db.session.scalar(in_use):
        return
    try:
        secret = open_secret(context, user, old, "")
    except SealBroken:
        return
    body = load_catalogue(secret.language).gettext(OLD_NUMBER_TEXT) % {"issuer": secret.issuer, "initials": secret.initials}
    db.session.add(send_code.text_row(context, user, "number_replaced", secret.text, body, context.now + OLD_NUMBER_TEXT_LIFE))


def raise_level(context: RequestContext) -> None:
    """Raise this session to two factors. Its token stays: a double submission must not sign the user out."""
    this = update(Session).where(Session.id == context.user.session_id)
    change(this.values(level=LEVEL_TWO, second_factor_at=context.now, last_seen_at=context.now, turning_off_at=None))
