"""Server-side sessions: found, begun, renewed with a new token, touched, ended (SE-1 to SE-11)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from portal import clock
from portal.crypto import token_hash
from portal.db import begin_write, change, db, is_one_of, load, read, write
from portal.flows.base.audit import record_event
from portal.flows.base.context import (
    CLAIMS,
    LEVEL_CLAIMANT,
    LEVEL_EMERGENCY,
    LEVEL_TWO,
    LEVEL_UNCONFIRMED,
    LEVEL_WAITING,
    RequestContext,
    SessionUser,
)
from portal.flows.sessions import known_browsers, queries
from portal.models import Session, User
from portal.settings import config

# The reason a session of each level ends when its time is up.
EXPIRY_REASONS = {
    LEVEL_CLAIMANT: "claimant",
    LEVEL_WAITING: "waiting",
    LEVEL_UNCONFIRMED: "unconfirmed",
    LEVEL_EMERGENCY: "emergency",
}

LONGEST = {
    LEVEL_CLAIMANT: config.CLAIMANT_LIFE,
    LEVEL_WAITING: config.EMERGENCY_WAIT,
    LEVEL_UNCONFIRMED: config.CONFIRMATION_LIFE,
    LEVEL_EMERGENCY: config.EMERGENCY_LIFE,
}


def complete_sessions(entity: type[Session]) -> tuple[ColumnElement[bool], ...]:
    """SQL: the live sessions of the user `owner` past sign-in, at the time `now`."""
    return (
        entity.user_id == bindparam("owner"),
        ~is_one_of(entity.level, CLAIMS),
        entity.ended_at.is_(None),
        entity.ends_at > bindparam("now"),
        entity.ends_at <= bindparam("latest"),
    )


SURPLUS = (
    select(Session.id)
    .where(*complete_sessions(Session), Session.id != bindparam("own"))
    .order_by(Session.last_seen_at.desc(), Session.id.desc())
    .offset(config.SESSIONS_PER_PERSON - 1)
)
OTHER = aliased(Session)
BEGIN = insert(Session).returning(*Session.__table__.c)
# Returns the number of the user's other complete sessions.
RENEW = (
    update(Session)
    .where(Session.id == bindparam("own"), Session.token_hash == bindparam("old_hash"), Session.ended_at.is_(None))
    .returning(select(func.count()).where(*complete_sessions(OTHER), OTHER.id != bindparam("own")).scalar_subquery())
)
# Ends sessions, for those that a WHERE of its own names; `ending` has its parameters.
END_SESSIONS = update(Session).values(ended_at=bindparam("now"), ended_reason=bindparam("why"))
END_SESSION = END_SESSIONS.where(Session.id == bindparam("own"))
END_LIVE_SESSION = END_SESSION.where(Session.ended_at.is_(None))
END_LISTED = END_SESSIONS.where(Session.id.in_(bindparam("listed", expanding=True)))
END_ALL = END_SESSIONS.where(Session.user_id == bindparam("owner"), Session.ended_at.is_(None))
END_READING = END_ALL.where(Session.level == LEVEL_EMERGENCY)  # charts, without a code
END_OTHERS = END_ALL.where(Session.id != bindparam("own"))
END_BY_TOKEN = (
    END_SESSIONS.where(Session.token_hash == bindparam("old_hash"), Session.ended_at.is_(None))
    .returning(Session.user_id)
    .execution_options(synchronize_session=False)
)
# Raises this session to two factors and ends the others, with the same parameters.
IS_OWN = Session.id == bindparam("own")
NOW = bindparam("now", type_=Session.ended_at.type)
RAISE = (
    update(Session)
    .where(Session.user_id == bindparam("owner"), or_(IS_OWN, Session.ended_at.is_(None)))
    .values(
        level=case((IS_OWN, LEVEL_TWO), else_=Session.level),
        second_factor_at=case((IS_OWN, NOW), else_=Session.second_factor_at),
        last_seen_at=case((IS_OWN, NOW), else_=Session.last_seen_at),
        turning_off_at=case((IS_OWN, None), else_=Session.turning_off_at),
        ended_at=case((IS_OWN, Session.ended_at), else_=NOW),
        ended_reason=case((IS_OWN, Session.ended_reason), else_=bindparam("why", type_=Session.ended_reason.type)),
    )
)
REMEMBER_PATH = update(Session).where(Session.id == bindparam("own")).values(next_path=bindparam("path"))
SEE = update(Session).where(Session.id == bindparam("own"), Session.ended_at.is_(None)).values(last_seen_at=bindparam("now"))
SEE_IF_DUE = SEE.where((Session.last_seen_at <= bindparam("due_since")) | (Session.last_seen_at > bindparam("now")))


def new_token() -> str:
    """256 random bits for a cookie (SE-4)."""
    return secrets.token_urlsafe(config.SESSION_TOKEN_BYTES)


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that has ended: why (a key of words.endings.NOTICES), and whose it was."""

    reason: str
    id: int
    role: str
    token_hash: str


def find_session(token: str, now: datetime) -> SessionUser | Ended | None:
    """The session of a token, live or ended; None if the token is unknown. One SELECT."""
    row = read(queries.FIND_SESSION, {"hash": token_hash(token)}).first()
    if row is None:
        return None
    *columns, ended_reason, disabled_at = row
    visitor = SessionUser(*columns)
    reason = ended_reason or ("signed_out" if disabled_at else expiry_reason(visitor, now))
    return Ended(reason, visitor.user_id, visitor.role, visitor.token_hash) if reason else visitor


def expiry_reason(visitor: SessionUser, now: datetime) -> str | None:
    """Which time limit the session has reached, or None."""
    if visitor.ends_at > clock.latest_end(now, LONGEST.get(visitor.level, config.SESSION_LIFE)):
        return "clock"
    if now >= visitor.ends_at:
        return EXPIRY_REASONS.get(visitor.level, "overall")
    if now >= visitor.idle_end(now):
        return "claimant" if visitor.is_claimant else "idle"
    return None


def begin_session(
    context: RequestContext, user: User, level: str, next_path: str | None, is_known: bool | None = None
) -> tuple[str, Session]:
    """Insert a session after a right password. The oldest beyond five end (SE-11), except for a claimant.

    Returns its token and its row; `browser_known` says whether this person has completed a sign-in in this browser before: `is_known`,
    if the caller has asked already.
    """
    if context.visitor:  # signed in again in the same browser: the old token ends, against session fixation (SE-7)
        change(END_SESSION, {"own": context.visitor.session_id, **ending(context, "signed_out")})
        record_event(context, "session_end", reason="signed_in_again")
    if is_known is None:
        is_known = known_browsers.is_known_browser(context, user)
    # A code from a browser that the account doesn't know is told by it from others (portal/server/told_to_wait.py).
    token = new_token() if is_known or level != LEVEL_CLAIMANT else config.NEW_BROWSER + new_token()
    browser_hash = token_hash(context.browser) if context.browser else None
    life = config.CLAIMANT_LIFE if level == LEVEL_CLAIMANT else config.SESSION_LIFE
    columns = {
        "token_hash": token_hash(token),
        "user_id": user.id,
        "level": level,
        "browser_hash": browser_hash,
        "browser_known": is_known,
        "next_path": next_path,
        "ip": context.ip,
        "user_agent": context.user_agent,
        "created_at": context.now,
        "last_seen_at": context.now,
        "ends_at": context.now + life,
        "password_at": context.now,
    }
    row = load(Session, write(BEGIN, columns).one())
    if level != LEVEL_CLAIMANT:
        end_oldest_sessions(context, user.id, row.id, user)
    return token, row


def live_at(user_id: int, now: datetime) -> dict[str, int | datetime]:
    """The parameters of `complete_sessions`."""
    return {"owner": user_id, "now": now, "latest": clock.latest_end(now, config.SESSION_LIFE)}


def ending(context: RequestContext, reason: str) -> dict[str, Any]:
    """The parameters of END_SESSIONS."""
    return {"now": context.now, "why": reason}


def end_oldest_sessions(context: RequestContext, user_id: int, own_id: int, about: User | None = None) -> None:
    """End all but this session and the four other complete ones that were seen most recently (SE-11)."""
    surplus = read(SURPLUS, {"own": own_id, **live_at(user_id, context.now)}).scalars().all()
    if not surplus:
        return
    change(END_LISTED, {"listed": surplus, **ending(context, "newer_sign_ins")})
    record_event(context, "session_end", about=about, reason="newer_sign_ins")


def end_other_sessions(context: RequestContext, reason: str) -> None:
    """End every session of the visitor except this one (SE-10)."""
    if change(END_OTHERS, {"owner": context.user.user_id, "own": context.user.session_id, **ending(context, reason)}):
        record_event(context, "session_end", reason=reason)


def raise_level(context: RequestContext, reason: str) -> None:
    """Raise this session to two factors, and end every other session of the visitor. Its token stays: a double submission must not
    sign the user out.
    """
    if change(RAISE, {"own": context.user.session_id, "owner": context.user.user_id, **ending(context, reason)}) > 1:
        record_event(context, "session_end", reason=reason)


def end_all_sessions(context: RequestContext, user_id: int, reason: str, but: int | None = None) -> None:
    """End every session of a user, claimants' included, except the one with id `but`. The caller records the event."""
    which = {"owner": user_id, **ending(context, reason)}
    if but is None:
        change(END_ALL, which)
    else:
        change(END_OTHERS, {"own": but, **which})


def renew_session(context: RequestContext, **columns: object) -> str | None:
    """Replace the session's token, against session fixation (SE-7), and set `columns`. None if another request was first.

    The proof that it follows ends the count of wrong backup codes (BC-7).
    The same statement counts the user's other complete sessions; the oldest beyond five end (SE-11).
    """
    token = new_token()
    user = context.user
    values = {
        "token_hash": token_hash(token),
        "last_seen_at": context.now,
        "ends_at": context.now + config.SESSION_LIFE,
        "backup_failures": 0,
        "backup_paused_until": None,
        **columns,
    }
    parameters = {"own": user.session_id, "old_hash": user.token_hash, **live_at(user.user_id, context.now)}
    renewed = db.session.connection().execute(RENEW, {**values, **parameters}).first()
    if renewed and renewed[0] >= config.SESSIONS_PER_PERSON:
        end_oldest_sessions(context, user.user_id, user.session_id)
    return token if renewed else None


def touch_session(context: RequestContext) -> None:
    """Update "last seen", at most once a minute."""
    begin_write()
    change(SEE_IF_DUE, {"own": context.user.session_id, "now": context.now, "due_since": context.now - config.SESSION_TOUCH})
    db.session.commit()


def extend_session(context: RequestContext) -> datetime:
    """Extend an idle session on request; returns when it will end (SE-3)."""
    begin_write()
    change(SEE, {"own": context.user.session_id, "now": context.now})
    record_event(context, "session_renew")
    db.session.commit()
    return min(context.now + config.SESSION_IDLE, context.user.ends_at)


def remember_path(context: RequestContext, path: str | None) -> None:
    """Store the page to return to in the session's row, where it survives the steps in between."""
    if path is None or path == context.user.next_path:
        return
    begin_write()
    change(REMEMBER_PATH, {"own": context.user.session_id, "path": path})
    db.session.commit()


def end_session_late(context: RequestContext, hashed: str) -> None:
    """End the session of a token that was signed out while the database did not answer, as of then. Idempotent."""
    begin_write()
    user_id = db.session.scalar(END_BY_TOKEN, {"old_hash": hashed, **ending(context, "signed_out")})
    if user_id is not None:
        record_event(context, "session_end", about=db.session.get_one(User, user_id), session_hash=hashed, reason="signed_out")
    db.session.commit()


def sign_out(context: RequestContext) -> None:
    """End this session (SE-9)."""
    begin_write()
    change(END_LIVE_SESSION, {"own": context.user.session_id, **ending(context, "signed_out")})
    record_event(context, "session_end", reason="signed_out")
    db.session.commit()
