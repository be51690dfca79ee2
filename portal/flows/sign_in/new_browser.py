"""A right code in a browser that the account doesn't know is not enough where its owner or the operator chose so (decision 43).

A look-alike site passes a password and a code on as they are typed. What it can't pass on is an emailed link, which works only in the
browser that asked, or a press in a session of the same network that is open elsewhere (`flows/account/new_browsers.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from portal import clock
from portal.answers import BACKUP_CODE, Answer
from portal.crypto import token_hash
from portal.db import add_at_commit, begin_write, change, db, read, write
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.batches import change_in_batches, some_of
from portal.flows.base.context import LEVEL_TWO, LEVEL_UNCONFIRMED, RequestContext
from portal.flows.base.limits import charge, make_limit
from portal.flows.factors import backup_codes
from portal.flows.messages import notices
from portal.flows.messages.notices import NOT_ME, describe_browser, make_row_token
from portal.flows.sessions import sessions
from portal.limit_address import UNKNOWN, limit_address
from portal.methods import method
from portal.models import BrowserConfirmation, Session, User
from portal.policy import policy_of
from portal.settings import config
from portal.words.refusals import Refused

C, S = BrowserConfirmation, Session
# SQL: the confirmation has not been used, and its time is not up.
IS_OPEN = (C.used_at.is_(None), C.expires_at > bindparam("now"), C.expires_at <= bindparam("latest"))
# SQL: the session still waits for it.
WAITS = (S.ended_at.is_(None), S.level == LEVEL_UNCONFIRMED)
SHOWN = select(C.confirmed_at, C.expires_at, C.notice_id).where(C.session_id == bindparam("own"))
BY_LINK = (
    select(C.session_id, C.user_id, C.ip, C.user_agent, C.asked_at, C.notice_id, S.token_hash, User.role)
    .join_from(C, S, S.id == C.session_id)
    .join(User, User.id == C.user_id)
    .where(C.token_hash == bindparam("hash"), *IS_OPEN, *WAITS)
)
PEND = update(S).where(S.id == bindparam("own"), S.token_hash == bindparam("old_hash"), S.ended_at.is_(None))
# Each decides between concurrent requests. What it returns is kept in the session that goes on.
GO_ON = (
    update(C)
    .where(C.session_id == bindparam("own"), *IS_OPEN)
    .values(used_at=bindparam("now"))
    .returning(C.asked_at, C.factor, C.wants_trust)
)
BY_MAIL = GO_ON.where(C.token_hash == bindparam("hash"))
BY_SESSION = GO_ON.where(C.confirmed_at.is_not(None))
FIND_OVER = some_of(select(C.session_id).where((C.expires_at <= bindparam("now")) | (C.expires_at > bindparam("latest"))))
DELETE_OVER = delete(C).where(C.session_id.in_(bindparam("keys", expanding=True)))


@dataclass(frozen=True)
class Waiting:
    """What the page that waits shows."""

    number: str
    seconds: int  # until it is over
    was_mailed: bool
    is_confirmed: bool  # in another session


@dataclass(frozen=True)
class Asked:
    """The sign-in that an emailed link is about."""

    number: str
    browser: str  # in words, "" if unknown
    ip: str
    at: datetime
    role: str  # its owner's
    not_me: str | None  # the token of "This wasn't me"
    is_here: bool  # in this very browser
    is_near: bool  # in this network


@dataclass(frozen=True)
class Confirmed:
    """A sign-in that goes on: what it was begun with."""

    user: User
    token: str
    factor: str
    wants_trust: bool


def open_now(now: datetime) -> dict[str, datetime]:
    """The parameters of IS_OPEN."""
    return {"now": now, "latest": clock.latest_end(now, config.CONFIRMATION_LIFE)}


def number_of(hashed: str) -> str:
    """The number to compare, of the session with that token hash. It is no secret: whoever signs in sees it."""
    least = 10 ** (config.CONFIRMATION_DIGITS - 1)
    return str(least + int(token_hash(f"number {hashed}")[:8], 16) % (9 * least))


def is_on(context: RequestContext, role: str, confirms_since: datetime | None) -> bool:
    """Whether sign-ins in new browsers are confirmed for somebody in this role who chose it then, or never."""
    if context.confirms == config.CONFIRM_CHOICE:
        return confirms_since is not None and policy_of(role).may_confirm_browsers
    return context.confirms == config.CONFIRM_ALWAYS


def is_same_network(one: str, other: str) -> bool:
    """Whether two addresses count as one network, as limits compare them. What is unknown is no network."""
    return limit_address(one) == limit_address(other) != UNKNOWN


def may_be_asked(context: RequestContext, answer: Answer) -> bool:
    """Whether a right answer may still need a confirmation. No query."""
    return context.confirms != config.CONFIRM_OFF and not context.user.browser_known and answer.kind != BACKUP_CODE


def is_asked(context: RequestContext, user: User, factor: str) -> bool:
    """Whether this right answer needs one. An account without an address could not be asked by email, and is not."""
    kind = method(factor)
    is_bound = factor == backup_codes.FACTOR or (kind is not None and kind.resists_phishing)
    chosen = is_on(context, user.role, user.confirms_since) and user.email_sealed is not None
    return chosen and not is_bound and not context.user.browser_known


def ask(context: RequestContext, user: User, factor: str, wants_trust: bool) -> str | None:
    """Let the claimant's session wait, in the open transaction; returns its new token (SE-7), or None if another request was first."""
    token, link, ends_at = sessions.new_token(), sessions.new_token(), context.now + config.CONFIRMATION_LIFE
    columns = {"level": LEVEL_UNCONFIRMED, "token_hash": token_hash(token), "last_seen_at": context.now, "ends_at": ends_at}
    own = {"own": context.user.session_id, "old_hash": context.user.token_hash}
    if change(PEND, {**own, **columns}) != 1:
        return None
    add_at_commit(
        BrowserConfirmation,
        session_id=context.user.session_id,
        user_id=user.id,
        token_hash=token_hash(link),
        notice_id=mail_link(context, user, link, number_of(token_hash(token))),
        factor=factor,
        wants_trust=wants_trust,
        ip=context.ip,
        user_agent=context.user_agent,
        asked_at=context.now,
        expires_at=ends_at,
    )
    record_event(context, "new_browser_asked", factor=factor, session_hash=token_hash(token))
    return token


def mail_link(context: RequestContext, user: User, link: str, number: str) -> str | None:
    """Queue the email to all addresses, in the open transaction; returns the first one's id, or None if too many went out lately."""
    limit = make_limit(
        context.keys, config.CONFIRMATION_EMAILS, config.CONFIRMATION_EMAILS_IN, "new browser confirmations", str(user.id)
    )
    try:
        charge(context, [limit])
    except Refused:
        return None
    ids = notices.queue_notice(context, user, "new_browser_asked", link=link, number=number, host=context.host)
    return ids[0] if ids else None


def what_waits(context: RequestContext) -> Waiting | None:
    """The visitor's own sign-in that waits; None if its row is gone."""
    row = read(SHOWN, {"own": context.user.session_id}).first()
    if row is None:
        return None
    seconds = int((context.user.ends_at - context.now).total_seconds())
    return Waiting(number_of(context.user.token_hash), seconds, row.notice_id is not None, row.confirmed_at is not None)


def read_link(context: RequestContext, token: str) -> Asked:
    """What a link is about; changes nothing. Raises Refused("confirmation_over")."""
    row = read(BY_LINK, {"hash": token_hash(token), **open_now(context.now)}).first()
    if row is None:
        raise Refused("confirmation_over")
    visitor = context.visitor
    return Asked(
        number=number_of(row.token_hash),
        browser=describe_browser(row.user_agent),
        ip=row.ip,
        at=row.asked_at,
        role=row.role,
        not_me=make_row_token(context.keys, row.notice_id, NOT_ME) if row.notice_id else None,
        is_here=visitor is not None and (visitor.session_id, visitor.token_hash) == (row.session_id, row.token_hash),
        is_near=is_same_network(row.ip, context.ip),
    )


def go_on_by_link(context: RequestContext, token: str) -> Confirmed:
    """Confirm the visitor's own sign-in by its emailed link; the transaction stays open. Raises Refused."""
    begin_write()
    own = {"own": context.user.session_id, "hash": token_hash(token), **open_now(context.now)}
    user = throttle.lock_account(context.user.user_id)
    confirmed = go_on(context, user, write(BY_MAIL, own).first())
    record_event(context, "new_browser_confirmed", factor="email")
    return confirmed


def go_on_here(context: RequestContext) -> Confirmed:
    """Go on once another session has confirmed the visitor's own sign-in; the transaction stays open. Raises Refused."""
    begin_write()
    user = throttle.lock_account(context.user.user_id)
    return go_on(context, user, write(BY_SESSION, {"own": context.user.session_id, **open_now(context.now)}).first())


def go_on(context: RequestContext, user: User, row: Any) -> Confirmed:
    """Give the session its full level and a new token, if `row` was won; else roll back and raise Refused."""
    token = sessions.renew_session(context, level=LEVEL_TWO, second_factor_at=row.asked_at) if row else None
    if token is None:
        db.session.rollback()
        raise Refused("confirmation_waits")
    user.last_sign_in_at = context.now
    return Confirmed(user, token, row.factor, row.wants_trust)


def close(context: RequestContext) -> None:
    """A backup code took its place: the visitor's own confirmation can't be used anymore, in the open transaction."""
    if context.user.is_unconfirmed:
        write(GO_ON, {"own": context.user.session_id, **open_now(context.now)})


def delete_over(now: datetime) -> None:
    """Delete everyone's confirmations that are over: the worker's sweep."""
    change_in_batches(FIND_OVER, DELETE_OVER, open_now(now))
