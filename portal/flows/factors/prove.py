"""Completing a set-up: the proved binding turns two-factor authentication on, or replaces or adds an authenticator."""

from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from portal.answers import CODE
from portal.crypto import SealBroken
from portal.db import change, db, insert_into, read, write
from portal.flows.base import links, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import DONE, SETTING_UP, move
from portal.flows.factors import backup_codes, on_file
from portal.flows.factors.bindings import DELETE_BINDING, Pending
from portal.flows.factors.challenges import is_switched_off, open_secret
from portal.flows.messages import notices, send_code, text_waits
from portal.flows.sessions import sessions, trusted_browsers
from portal.languages import load_catalogue
from portal.methods import Method, method
from portal.models import Authenticator, Binding, RecoveryCase, SpentStep, User
from portal.words.refusals import N_, Refused

# Translators: A text message. Keep it within 160 characters of the GSM alphabet where you can. initials end with a period: "M. R."
OLD_NUMBER_TEXT = N_(
    "%(issuer)s, for %(initials)s We no longer text your codes to this number. Not you? Sign in and check Security."
)
OLD_NUMBER_TEXT_LIFE = timedelta(hours=24)
DELETE_STEPS = delete(SpentStep).where(SpentStep.authenticator_id == bindparam("own"))
CASE_SETTING_UP = select(RecoveryCase).where(
    RecoveryCase.user_id == bindparam("owner"), RecoveryCase.state == SETTING_UP, RecoveryCase.ended_at.is_(None)
)


def prove_binding(context: RequestContext, user: User, pending: Pending, chosen: Method, columns: dict[str, Any]) -> None:
    """Turn the proved binding into an authenticator, apply everything that follows, and commit.

    Raises Refused("authenticator_taken"), after a rollback, if another account has the same one since a moment ago.
    """
    binding = pending.binding
    change(DELETE_BINDING, {"own": binding.id})
    if chosen.sends:
        send_code.void_binding_codes(context, binding.id)
    others = pending.authenticators
    old = next((row for row in others if row.id == binding.replaces), None)
    if old is not None:
        send_code.void_codes(context, send_code.OF_AUTHENTICATOR, old.id)
        db.session.delete(old)
        change(DELETE_STEPS, {"own": old.id})
        others = [row for row in others if row is not old]
    columns = {**columns, "name": free_name(columns["name"], others)}
    insert_authenticator(authenticator_columns(context, user, binding, chosen, columns))
    if chosen.sends_texts:
        on_file.confirm_phone(context, user, binding.secret(context.keys))
    if old is not None:
        notify_old_number(context, user, old)
    replaced = turn_on(context, user, pending)
    remove_disallowed(context, user, others)
    if pending.has_trust:
        trusted_browsers.end_trust(context, user.id, "two_factor_changed")
    sessions.raise_level(context, "two_factor_changed")
    if old is not None:
        record_event(context, "authenticator_replaced", factor=binding.method)
    else:
        record_event(context, "authenticator_added", factor=binding.method)
    notify_authenticator(context, user, old, replaced, has_code=chosen.asks_for == CODE)
    db.session.commit()


def insert_authenticator(row: dict[str, Any]) -> None:
    """Insert the row; the index on what names it settles a race. Raises Refused("authenticator_taken"), after a rollback."""
    try:
        write(insert_into(Authenticator), row)
    except IntegrityError:
        db.session.rollback()
        raise Refused("authenticator_taken") from None


def remove_disallowed(context: RequestContext, user: User, others: list[Authenticator]) -> None:
    """Remove authenticators the user's policy does not allow, such as a number from before they became a provider."""
    policy = context.policy_of(user.role)
    if policy.accepts_restricted:
        return
    for row in others:
        kind = method(row.method)
        if kind and not policy.allows(kind):
            db.session.delete(row)
            record_event(context, "authenticator_removed", factor=row.method)


def turn_on(context: RequestContext, user: User, pending: Pending) -> list[str] | None:
    """Turn two-factor authentication on, unless it is, and make the first backup codes. Earlier trust ends with this change.

    After a reset or recovery, only this voids its link (RC-8). Returns what a recovery that this completes has replaced, by name; None
    if it completes none.
    """
    changed: dict[str, Any] = {"set_up_failures": 0}
    if user.two_factor == "on":
        throttle.clear_failures(context, user, user.set_up_failures, is_change=True, **changed)
        return None
    if user.two_factor == "reset":
        links.void_links(context, user.id, links.RESET, links.RECOVERY)
    changed |= {"two_factor": "on", "two_factor_since": context.now}
    throttle.clear_failures(context, user, user.set_up_failures, is_change=True, **changed)
    backup_codes.make_set(context, user, has_older=pending.has_codes)
    return complete_recovery(context, user) if user.two_factor == "reset" else None


def complete_recovery(context: RequestContext, user: User) -> list[str] | None:
    """End the recovery that led here, in the open transaction; returns what it replaced, None if there is none."""
    case = db.session.scalar(CASE_SETTING_UP, {"owner": user.id})
    if case is None or not move(context, case.id, (SETTING_UP,), DONE):
        return None
    record_event(context, "recovery_done", case_id=case.id)
    return list(case.replaced)


def notify_authenticator(
    context: RequestContext, user: User, old: Authenticator | None, replaced: list[str] | None, has_code: bool
) -> None:
    """Queue the notice of the change; `user` still has the state from before it. `replaced`: what a recovery replaced."""
    if replaced is not None:
        notices.queue_notice(context, user, "recovery_done", replaced=replaced, has_code=has_code)
    elif user.two_factor != "on":
        notices.queue_notice(context, user, "two_factor_on", has_code=has_code)
    elif old is not None:
        notices.queue_notice(context, user, "authenticator_replaced", has_code=has_code)
    else:
        notices.queue_notice(context, user, "authenticator_added", has_code=has_code)


def free_name(name: str, others: list[Authenticator]) -> str:
    """The name, with a number if one of the user's other authenticators has it."""
    names_in_use = {row.name for row in others}
    candidates = (f"{name} {number}" if number > 1 else name for number in count(1))
    return next(each for each in candidates if each not in names_in_use)


def authenticator_columns(
    context: RequestContext, user: User, binding: Binding, chosen: Method, columns: dict[str, Any]
) -> dict[str, Any]:
    """The new authenticator's row."""
    secret = binding.secret(context.keys)
    return {
        "id": binding.id,
        "user_id": user.id,
        "method": binding.method,
        "secret_sealed": binding.secret_sealed,  # sealed for this id already
        "target_hash": context.keys.mac(secret, text_waits.TARGET) if chosen.sends else None,
        "created_at": context.now,
        "last_used_at": context.now,
        **columns,
    }


def notify_old_number(context: RequestContext, user: User, old: Authenticator) -> None:
    """Text the old number that it gets no more codes, unless another authenticator of the user has it (rule 3, SM-8)."""
    kind = method(old.method)
    if kind is None or not kind.sends_texts or is_switched_off(context, kind):
        return
    if read(text_waits.GETS_CODES, {"owner": user.id, "number": old.target_hash}).first():
        return
    try:
        secret = open_secret(context, user, old, "")
    except SealBroken:
        return
    body = load_catalogue(secret.language).gettext(OLD_NUMBER_TEXT) % {"issuer": secret.issuer, "initials": secret.initials}
    db.session.add(send_code.text_row(context, user, "number_replaced", secret.text, body, context.now + OLD_NUMBER_TEXT_LIFE))
