"""The number of a request for emergency access: the requester reads it out, and the approver, who never sees it, types it (AD-6)."""

import hmac
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base import limits
from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import NumberRefused
from portal.flows.emergency import grants
from portal.flows.emergency.grants import G
from portal.models import EmergencyGrant, Event, User, new_id, number_place
from portal.settings import config
from portal.words.refusals import Refused

WRONG = "emergency_number_wrong"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WrongNumber:
    """A wrong number that somebody typed to approve a request."""

    user_id: int
    who: str
    at: datetime


def new_grant(context: RequestContext, user: User, reason: str) -> EmergencyGrant:
    """The visitor's request. Its number is random and stored sealed, so that a key rotation does not change it."""
    row_id, least = new_id(), 10 ** (config.EMERGENCY_NUMBER_DIGITS - 1)
    return EmergencyGrant(
        id=row_id,
        practice_id=user.practice_id,
        provider_id=user.id,
        session_id=context.user.session_id,
        reason=reason,
        number_sealed=context.keys.seal(str(least + secrets.randbelow(9 * least)), number_place(row_id)),
        asked_at=context.now,
    )


def open_number(context: RequestContext, grant: EmergencyGrant) -> str:
    """The number, for the requester's own page and for the check.

    "" if it cannot be decrypted, or the request predates these numbers: nobody can approve it then.
    """
    try:
        number = context.keys.open(grant.number_sealed, number_place(grant.id)) if grant.number_sealed else ""
    except SealBroken:
        log.critical("the number of emergency grant %s cannot be opened with the keys at hand", grant.id)
        return ""
    return number if len(number) == config.EMERGENCY_NUMBER_DIGITS else ""


def check_number(context: RequestContext, grant: EmergencyGrant, typed: str) -> None:
    """Charge the visitor one try for this request, then compare. A right number leaves the transaction open.

    A wrong one is recorded for both people and committed. The tries belong to one approver: whoever guesses them away, or mishears
    five times, stops neither the request nor the other approvers, of whom there is always one more. Raises NumberRefused.
    """
    number = open_number(context, grant)
    if not number:
        db.session.rollback()
        raise NumberRefused("number_unreadable")
    own = limits.make_limit(
        context.keys,
        config.EMERGENCY_NUMBER_TRIES,
        config.EMERGENCY_WAIT,
        "emergency number",
        grant.id,
        str(context.user.user_id),
    )
    try:
        [charged] = limits.charge(context, [own])
    except Refused:
        db.session.rollback()
        raise NumberRefused("number_tries") from None
    if hmac.compare_digest(number.encode(), typed.encode()):
        return
    approver = db.session.get_one(User, context.user.user_id)
    grants.record_for_both(context, WRONG, grant, approver, refused=True, reason="number_wrong")
    db.session.commit()
    left = config.EMERGENCY_NUMBER_TRIES - charged.spent
    raise NumberRefused("number_wrong", tries=left) if left else NumberRefused("number_tries")


def wrong_numbers(grant_ids: Sequence[str]) -> dict[str, list[WrongNumber]]:
    """The wrong numbers typed for these requests, oldest first, by request. One SELECT, none without a request."""
    found: dict[str, list[WrongNumber]] = {}
    if not grant_ids:
        return found
    rows = (
        select(G.id, User.id, User.full_name, Event.at)
        .join(Event, (Event.subject_id == G.provider_id) & (Event.case_id == G.id) & (Event.event == WRONG))
        .join(User, User.id == Event.actor_id)
        .where(G.id.in_(grant_ids))
        .order_by(Event.at, Event.id)
    )
    for grant_id, user_id, who, at in db.session.execute(rows):
        found.setdefault(grant_id, []).append(WrongNumber(user_id, who, at))
    return found


def why_not_approvable(context: RequestContext, grant: EmergencyGrant, wrong: Sequence[WrongNumber]) -> str:
    """Why the visitor can't approve this request: a refusal's reason, or ""."""
    if not open_number(context, grant):
        return "number_unreadable"
    return "number_tries" if is_out_of_tries(context.user.user_id, wrong) else ""


def is_out_of_tries(user_id: int, wrong: Sequence[WrongNumber]) -> bool:
    """Whether the approver typed so many of these wrong numbers that another try is refused."""
    return sum(each.user_id == user_id for each in wrong) >= config.EMERGENCY_NUMBER_TRIES
