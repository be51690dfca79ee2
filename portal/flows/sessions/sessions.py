"""Sessions on the server: found, begun, renewed with a new token, touched, ended (SE-1 to SE-11)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Update, bindparam, case, exists, false, func, select, update
from sqlalchemy.orm import aliased

from portal.crypto import token_hash
from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import (
    CLAIMS,
    CODE_DUE_LEVELS,
    LEVEL_CLAIMANT,
    LEVEL_EMERGENCY,
    LEVEL_WAITING,
    RequestContext,
    SessionUser,
)
from portal.methods import switched_on
from portal.models import Authenticator, Session, User
from portal.policy import POLICIES
from portal.settings import config

S, U, A = Session.__table__.c, User.__table__.c, Authenticator.__table__.c
MUST = sorted(role for policy in POLICIES if policy.must_use for role in policy.roles)
UNRESTRICTED: BindParameter[Any] = bindparam("unrestricted", expanding=True)
HAS_UNRESTRICTED = case((U.role.in_(MUST), exists().where(A.user_id == U.id, A.method.in_(UNRESTRICTED))), else_=false())
# The columns of a Visitor, in its order, and two more. Every page asks this: made once, and of tables, so that nothing is mapped.
FIND = (
    select(
        S.id, S.token_hash, S.level, S.next_path, S.browser_known, S.last_seen_at, S.ends_at, S.password_at, S.second_factor_at,
        U.id, U.username, U.full_name, U.role, U.two_factor, U.two_factor_since, U.generation, U.invited_until, U.practice_id,
        HAS_UNRESTRICTED, S.put_off_at,
        S.ended_reason, U.disabled_at,
    )
    .join_from(Session.__table__, User.__table__, S.user_id == U.id)
    .where(S.token_hash == bindparam("hash"))
)  # fmt: skip


# Why a session is over whose time is up, by its level.
ENDS = {LEVEL_CLAIMANT: "claimant", LEVEL_WAITING: "waiting", LEVEL_EMERGENCY: "emergency"}


def new_token() -> str:
    """256 random bits for a cookie (SE-4)."""
    return secrets.token_urlsafe(config.SESSION_TOKEN_BYTES)


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over: why (a key of messages.NOTICES), and whose it was."""

    reason: str
    id: int
    role: str
    token_hash: str


def find_session(token: str, now: datetime) -> SessionUser | Ended | None:
    """The session of a token, live or over; None where there never was one. One SELECT."""
    unrestricted = [each.name for each in switched_on() if not each.restricted]
    row = db.session.connection().execute(FIND, {"hash": token_hash(token), "unrestricted": unrestricted}).first()
    if row is None:
        return None
    *columns, ended_reason, disabled_at = row
    visitor = SessionUser(*columns)
    reason = ended_reason or ("signed_out" if disabled_at else ended_by(visitor, now))
    return Ended(reason, visitor.user_id, visitor.role, visitor.token_hash) if reason else visitor


def ended_by(visitor: SessionUser, now: datetime) -> str | None:
    """Which limit has ended the session, or None."""
    if now >= visitor.ends_at:
        return ENDS.get(visitor.level, "overall")
    if now >= visitor.idle_end():
        return "claimant" if visitor.is_claimant else "idle"
    return None


def begin_session(context: RequestContext, user: User, level: str, next_path: str | None) -> tuple[str, Session]:
    """Insert a session for a password just shown; the oldest beyond five ends (SE-11), but a claimant ends nobody's.

    Returns its token and its row; `browser_known` says whether this person has signed in from this browser before.
    """
    if context.visitor:  # signed in again in the same browser: the token that it held is dead (SE-7)
        change(end_sessions_where(context, "signed_out").where(Session.id == context.visitor.session_id))
        record_event(context, "session_end", reason="signed_in_again")
    token = new_token()
    browser_hash = token_hash(context.browser) if context.browser else None
    life = config.CLAIMANT_LIFE if level == LEVEL_CLAIMANT else config.SESSION_LIFE
    known = exists().where(
        Session.user_id == user.id, Session.browser_hash == browser_hash, Session.level.not_in(CODE_DUE_LEVELS)
    )
    is_known = bool(browser_hash and db.session.scalar(select(known)))
    row = Session(
        token_hash=token_hash(token),
        user_id=user.id,
        level=level,
        browser_hash=browser_hash,
        browser_known=is_known,
        next_path=next_path,
        ip=context.ip,
        user_agent=context.user_agent,
        created_at=context.now,
        last_seen_at=context.now,
        ends_at=context.now + life,
        password_at=context.now,
    )
    db.session.add(row)
    db.session.flush()
    if level != LEVEL_CLAIMANT:
        end_oldest_sessions(context, user.id, user)
    return token, row


def complete_sessions(of: type[Session]) -> tuple[ColumnElement[bool], ...]:
    """SQL: the live sessions of the person `owner` that are past every question, at the moment `now`."""
    return of.user_id == bindparam("owner"), of.level.not_in(CLAIMS), of.ended_at.is_(None), of.ends_at > bindparam("now")


# Both are made once, because the code's step is asked often. RENEW returns how many other complete sessions there are.
NEWEST_FIRST = select(Session.id).where(*complete_sessions(Session)).order_by(Session.last_seen_at.desc(), Session.id.desc())
OTHER = aliased(Session)
RENEW = (
    update(Session)
    .where(Session.id == bindparam("own"), Session.token_hash == bindparam("old_hash"), Session.ended_at.is_(None))
    .returning(select(func.count()).where(*complete_sessions(OTHER), OTHER.id != bindparam("own")).scalar_subquery())
)


def end_oldest_sessions(context: RequestContext, user_id: int, about: User | None = None) -> None:
    """Keep the five complete sessions that were seen last."""
    who = {"owner": user_id, "now": context.now}
    extra = db.session.scalars(NEWEST_FIRST.offset(config.SESSIONS_PER_PERSON), who).all()
    if not extra:
        return
    change(end_sessions_where(context, "newer_sign_ins").where(Session.id.in_(extra)))
    record_event(context, "session_end", about=about, reason="newer_sign_ins")


def end_sessions_where(context: RequestContext, reason: str) -> Update:
    """The UPDATE that ends sessions; the caller says which."""
    return update(Session).values(ended_at=context.now, ended_reason=reason)


def end_other_sessions(context: RequestContext, reason: str) -> None:
    """End every session of the visitor but this one (SE-10)."""
    others = end_sessions_where(context, reason).where(
        Session.user_id == context.who.user_id, Session.id != context.who.session_id, Session.ended_at.is_(None)
    )
    if change(others):
        record_event(context, "session_end", reason=reason)


def end_all_sessions(context: RequestContext, user_id: int, reason: str, but: int | None = None) -> None:
    """End every session of a person, claims too; `but` names one that stays. The event belongs to the caller."""
    living = end_sessions_where(context, reason).where(Session.user_id == user_id, Session.ended_at.is_(None))
    change(living if but is None else living.where(Session.id != but))


def renew_session(context: RequestContext, **columns: object) -> str | None:
    """A new token for this session, the old one dead at once (SE-7), with `columns` set. None: another request was first.

    The same statement counts the person's other complete sessions, of which the oldest beyond five ends (SE-11).
    """
    token = new_token()
    who = context.who
    values = {
        "token_hash": token_hash(token),
        "last_seen_at": context.now,
        "ends_at": context.now + config.SESSION_LIFE,
        **columns,
    }
    which = {"own": who.session_id, "old_hash": who.token_hash, "owner": who.user_id, "now": context.now}
    renewed = db.session.connection().execute(RENEW, {**values, **which}).first()
    if renewed and renewed[0] >= config.SESSIONS_PER_PERSON:
        end_oldest_sessions(context, who.user_id)
    return token if renewed else None


def touch_session(context: RequestContext) -> None:
    """Write "last seen", at most once a minute."""
    begin_write()
    change(seen(context).where(Session.last_seen_at <= context.now - config.SESSION_TOUCH))
    db.session.commit()


def extend_session(context: RequestContext) -> datetime:
    """The person asked for more time: when the session ends now (SE-3)."""
    begin_write()
    change(seen(context))
    record_event(context, "session_renew")
    db.session.commit()
    return min(context.now + config.SESSION_IDLE, context.who.ends_at)


def remember_path(context: RequestContext, path: str | None) -> None:
    """Keep the page that the person was on the way to; it outlives whatever comes between."""
    if path is None or path == context.who.next_path:
        return
    begin_write()
    change(update(Session).where(Session.id == context.who.session_id).values(next_path=path))
    db.session.commit()


def seen(context: RequestContext) -> Update:
    own = update(Session).where(Session.id == context.who.session_id, Session.ended_at.is_(None))
    return own.values(last_seen_at=context.now)


def sign_out(context: RequestContext) -> None:
    """End this session (SE-9)."""
    begin_write()
    change(end_sessions_where(context, "signed_out").where(Session.id == context.who.session_id, Session.ended_at.is_(None)))
    record_event(context, "session_end", reason="signed_out")
    db.session.commit()
