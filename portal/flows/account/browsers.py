"""Where a person is signed in, and which browsers they trust; every query is limited to the owner's id (SE-10, TB-6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Delete, Select, bindparam, delete, func, select, true, update

from portal.db import begin_write, change, db, read
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.messages.notices import describe_browser
from portal.flows.sessions import sessions, trusted_browsers
from portal.flows.sessions.known_browsers import forget_browsers, forgetting
from portal.models import Binding, Session, TrustedBrowser
from portal.settings import config

SESSIONS, TRUSTED = "sessions", "trusted-browsers"
S, T = Session, TrustedBrowser
OWNER: BindParameter[int] = bindparam("owner")
ROW: BindParameter[int] = bindparam("row")

# The person's complete sessions that have not ended or expired.
LIVE_SESSIONS = select(
    S.id, S.created_at, S.last_seen_at.label("seen_at"), S.ends_at.label("until"), S.ip, S.user_agent, S.token_hash
).where(*sessions.complete_sessions(S), S.last_seen_at > bindparam("idle_since"))
LIVE_TRUST = select(
    T.id, T.created_at, T.last_used_at.label("seen_at"), T.expires_at.label("until"), T.ip, T.user_agent, T.token_hash
).where(*trusted_browsers.LIVE_TRUST)
LIVE: dict[str, Select[*tuple[Any, ...]]] = {SESSIONS: LIVE_SESSIONS.where(S.id == ROW), TRUSTED: LIVE_TRUST.where(T.id == ROW)}
OWN = {
    kind: select(func.count()).select_from(model).where(model.user_id == OWNER, model.id == ROW)
    for kind, model in ((SESSIONS, S), (TRUSTED, T))
}
END_SESSION = sessions.END_SESSIONS.where(S.user_id == OWNER, S.id == ROW, S.ended_at.is_(None))
END_TRUST = update(T).where(T.user_id == OWNER, T.id == ROW, T.ended_at.is_(None)).values(ended_at=bindparam("now"))
# All of them, since whoever signed out of one, or lost it to a new password, is still known there.
FORGET_ONE, FORGET_ALL = forgetting(S.id == ROW), forgetting(true())
# Pending set-ups of ended sessions, whose keys someone else may have seen.
DROP_BINDING: Delete = delete(Binding).where(Binding.user_id == OWNER, Binding.session_id == ROW)
DROP_OTHER_BINDINGS: Delete = delete(Binding).where(Binding.user_id == OWNER, Binding.session_id != ROW)


@dataclass(frozen=True)
class SignedInPlace:
    """A session or a trusted browser."""

    id: int
    browser: str  # in words, "" if unknown
    ip: str
    since: datetime
    seen_at: datetime
    until: datetime
    is_here: bool


def live_now(context: RequestContext) -> dict[str, Any]:
    """The parameters of LIVE_SESSIONS and LIVE_TRUST."""
    user = context.user
    return {
        **sessions.live_at(user.user_id, context.now),
        **trusted_browsers.trust_of(context, user.user_id, user.generation),
        "idle_since": context.now - config.SESSION_IDLE,
    }


def list_places(rows: list[Any], own_hashes: list[str]) -> list[SignedInPlace]:
    """Rows of LIVE_SESSIONS or LIVE_TRUST: this browser first, which has one of those tokens, then by last use."""
    places = [as_place(row, own_hashes) for row in rows]
    return sorted(places, key=lambda place: (place.is_here, place.seen_at, place.id), reverse=True)


def as_place(row: Any, own_hashes: list[str]) -> SignedInPlace:
    is_here = row.token_hash in own_hashes
    return SignedInPlace(row.id, describe_browser(row.user_agent), row.ip, row.created_at, row.seen_at, row.until, is_here)


def may_trust(context: RequestContext) -> bool:
    """Whether the person may trust browsers."""
    return context.user.is_on and trusted_browsers.trust_days(context, context.user.role) > 0


def find_place(context: RequestContext, kind: str, row_id: int) -> SignedInPlace | None:
    """A live session or trusted browser of the person, or None."""
    row = read(LIVE[kind], {"row": row_id, **live_now(context)}).first()
    return as_place(row, [context.user.token_hash, *trusted_browsers.trust_hashes(context)]) if row else None


def end_place(context: RequestContext, kind: str, row_id: int) -> bool:
    """End a session or trusted browser. Idempotent. False if it is not the person's, which is recorded."""
    begin_write()
    own = {"owner": context.user.user_id, "row": row_id}
    if end_row(context, kind, own):
        if kind == SESSIONS:
            change(DROP_BINDING, own)
            forget_browsers(context, context.user.user_id, FORGET_ONE, row=row_id)
        record_end(context, kind)
        db.session.commit()
        return True
    is_own = read(OWN[kind], own).scalar()
    db.session.rollback()
    if not is_own:
        record_event_alone(context, "authz_fail", "not_own")
    return bool(is_own)


def end_row(context: RequestContext, kind: str, own: dict[str, int]) -> bool:
    """End one, in the open transaction; False if it has ended, or isn't the person's."""
    if kind == SESSIONS:
        return change(END_SESSION, {**own, **sessions.ending(context, "ended_by_owner")}) > 0
    return change(END_TRUST, {**own, "now": context.now}) > 0


def end_all_places(context: RequestContext, kind: str) -> None:
    """End every other session of the person, or the trust in every browser."""
    begin_write()
    if kind == SESSIONS:
        forget_browsers(context, context.user.user_id, FORGET_ALL)
        sessions.end_other_sessions(context, "ended_by_owner")
        change(DROP_OTHER_BINDINGS, {"owner": context.user.user_id, "row": context.user.session_id})
    else:
        trusted_browsers.end_trust(context, context.user.user_id, "all")
    db.session.commit()


def record_end(context: RequestContext, kind: str) -> None:
    if kind == SESSIONS:
        record_event(context, "session_end", reason="ended_by_owner")
    else:
        record_event(context, "trusted_browser_removed", reason="ended_by_owner", factor=trusted_browsers.FACTOR)
