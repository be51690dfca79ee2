"""What a proof leads to: two-factor authentication on, one authenticator replaced by another, or one more beside the others."""

from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import delete, select, update

from portal.crypto import SealBroken
from portal.db import change, db
from portal.flows.base import links, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_TWO, RequestContext
from portal.flows.factors import backup_codes, on_file
from portal.flows.factors.challenges import is_switched_off, open_secret
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.methods import Method, method
from portal.models import Authenticator, Binding, SentCode, Session, SpentStep, User
from portal.policy import policy_of
from portal.words.refusals import N_

TOLD = N_("%(issuer)s, for %(initials)s We no longer text your codes to this number. Not you? Sign in and check Security.")
TOLD_FOR = timedelta(hours=24)  # how long the text to an old number may take


def prove_binding(context: RequestContext, user: User, binding: Binding, chosen: Method, columns: dict[str, Any]) -> None:
    """Turn the proved binding into an authenticator, with all that goes with it, and commit."""
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
        tell_old_number(context, user, old)
    if user.two_factor == "on":
        throttle.clear_failures(context, user, user.set_up_failures, set_up_failures=0)
    else:
        first_proof(context, user, binding)
    drop_others(context, user, binding)
    raise_level(context)
    trusted_browsers.end_trust_after_change(context, user.id)
    sessions.end_other_sessions(context, "two_factor_changed")
    if old is not None:
        record_event(context, "authenticator_replaced", factor=binding.method)
    else:
        record_event(context, "authenticator_added", factor=binding.method)
    notify_authenticator(context, user, old)
    db.session.commit()


def drop_others(context: RequestContext, user: User, binding: Binding) -> None:
    """What the person's policy no longer allows goes with the first proof of what it does: a number from before they were a provider."""
    policy = policy_of(user.role)
    if policy.accepts_restricted:
        return
    for row in db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id, Authenticator.id != binding.id)):
        asked = method(row.method)
        if asked and not policy.allows(asked):
            db.session.delete(row)
            record_event(context, "authenticator_removed", factor=row.method)


def first_proof(context: RequestContext, user: User, binding: Binding) -> None:
    """ "On", and the first backup codes. After a reset its link is used up by this, and by nothing before (RC-8)."""
    if user.two_factor == "reset":
        links.void_links(context, user.id, links.RESET)
    on: dict[str, Any] = {"two_factor": "on", "two_factor_since": context.now}
    throttle.clear_failures(context, user, user.set_up_failures, **on, set_up_failures=0)
    backup_codes.make_set(context, user)


def notify_authenticator(context: RequestContext, user: User, old: Authenticator | None) -> None:
    """The notice of what the proof changed; `user` is as it was before."""
    if user.two_factor != "on":
        notices.queue_notice(context, user, "two_factor_on")
    elif old is not None:
        notices.queue_notice(context, user, "authenticator_replaced")
    else:
        notices.queue_notice(context, user, "authenticator_added")


def new_authenticator(
    context: RequestContext, user: User, binding: Binding, chosen: Method, columns: dict[str, Any]
) -> Authenticator:
    """The row, with a name that no other of the person's has."""
    taken = set(db.session.scalars(select(Authenticator.name).where(Authenticator.user_id == user.id)))
    names = (f"{columns['name']} {number}" if number > 1 else columns["name"] for number in count(1))
    secret = binding.secret(context.keys)
    return Authenticator(
        id=binding.id,
        user_id=user.id,
        method=binding.method,
        secret_sealed=binding.secret_sealed,  # sealed for this id from the start
        target_hash=context.keys.mac(secret, send_code.TARGET) if chosen.sends else None,
        created_at=context.now,
        last_used_at=context.now,
        **{**columns, "name": next(name for name in names if name not in taken)},
    )


def tell_old_number(context: RequestContext, user: User, old: Authenticator) -> None:
    """The number that no authenticator of the person has any more is told by text, with no code in it (rule 3, SM-8)."""
    known = method(old.method)
    still = select(Authenticator.id).where(Authenticator.user_id == user.id, Authenticator.target_hash == old.target_hash)
    if known is None or not known.sends_texts or is_switched_off(context, known) or db.session.scalar(still):
        return
    try:
        secret = open_secret(context, user, old, "")
    except SealBroken:
        return
    words = TOLD % {"issuer": secret.issuer, "initials": secret.initials}
    db.session.add(send_code.text_row(context, user, "told", secret.text, words, context.now + TOLD_FOR))


def raise_level(context: RequestContext) -> None:
    """This session has shown the second factor. Its token stays: a double press must not sign the person out."""
    own = update(Session).where(Session.id == context.who.session_id)
    change(own.values(level=LEVEL_TWO, second_factor_at=context.now, last_seen_at=context.now, turning_off_at=None))
