"""Renaming and removing one's own authenticators."""

from sqlalchemy import bindparam, select, update

from portal.answers import CODE
from portal.db import begin_write, change, db, read
from portal.flows.base import act_proofs, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import Act, RequestContext
from portal.flows.factors.challenges import EVERY, is_switched_off
from portal.flows.factors.prove import notify_old_number
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.methods import method
from portal.models import Authenticator, Session, User
from portal.words.refusals import Refused

OTHER_NAMES = select(Authenticator.name).where(Authenticator.user_id == bindparam("owner"), Authenticator.id != bindparam("own"))
RENAME = (
    update(Authenticator)
    .where(Authenticator.id == bindparam("own"), Authenticator.user_id == bindparam("owner"))
    .values(name=bindparam("typed"))
)
KEEP_ON = update(Session).where(Session.id == bindparam("own")).values(turning_off_at=None)


def rename_authenticator(context: RequestContext, authenticator_id: str, name: str) -> bool:
    """Rename one of the visitor's authenticators; False if it is not theirs. Raises Refused("label_taken")."""
    session = begin_write()
    session.get_one(User, context.user.user_id, with_for_update=True)  # serializes concurrent renames
    which = {"owner": context.user.user_id, "own": authenticator_id}
    if name.casefold() in {each.casefold() for each in read(OTHER_NAMES, which).scalars()}:
        session.rollback()
        raise Refused("label_taken")
    is_renamed = change(RENAME, {"typed": name, **which}) == 1
    if is_renamed:
        record_event(context, "authenticator_renamed")
    db.session.commit()
    return is_renamed


def is_usable(context: RequestContext, row: Authenticator) -> bool:
    """Whether the authenticator's method is switched on and accepted, and can send if it has to."""
    kind = method(row.method)
    return kind is not None and context.policy.allows(kind) and not is_switched_off(context, kind)


def removal(authenticator_id: str) -> Act:
    """Removing that authenticator: an act that needs a proof of its own."""
    return Act("remove", authenticator_id)


def remove_authenticator(context: RequestContext, authenticator_id: str) -> bool:
    """Remove one of the visitor's authenticators; False if no other would work, or it is not theirs (TO-9). Raises ProofDue."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    rows = session.scalars(EVERY, {"owner": user.id}).all()
    removed = next((row for row in rows if row.id == authenticator_id), None)
    remaining = [row for row in rows if row is not removed and throttle.STRANGERS.takes(row) and is_usable(context, row)]
    if removed is None or not remaining:
        session.rollback()
        return False
    act_proofs.spend_proof(context, removal(removed.id))
    send_code.void_codes(context, send_code.OF_AUTHENTICATOR, removed.id)
    session.delete(removed)
    session.flush()
    notify_old_number(context, user, removed)
    change(KEEP_ON, {"own": context.user.session_id})
    trusted_browsers.end_trust_after_change(context, user.id)
    sessions.end_other_sessions(context, "two_factor_changed")
    kind = method(removed.method)
    record_event(context, "authenticator_removed", factor=removed.method)
    notices.queue_notice(context, user, "authenticator_removed", has_code=kind is not None and kind.asks_for == CODE)
    session.commit()
    return True
