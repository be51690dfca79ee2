"""A person's sessions, trusted browsers, and recent events; every query is limited to the owner's id (SE-10, TB-6, AU-8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, and_, delete, func, literal, select, union_all, update
from sqlalchemy.orm import aliased

from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.messages.notices import describe_browser
from portal.flows.sessions import sessions, trusted_browsers
from portal.flows.sessions.known_browsers import forget_browsers
from portal.models import Binding, EmergencyGrant, Event, ResetRequest, Session, TrustedBrowser, User
from portal.settings import config
from portal.words import activity

SESSIONS, TRUSTED, EVENTS = "sessions", "trusted-browsers", "events"
# The other people of an event. Made once: making an alias and naming its columns took a third of the Security page's time.
Actor, Asker, About = aliased(User), aliased(User), aliased(User)


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


@dataclass(frozen=True)
class ActivityEntry:
    """One event in words."""

    at: datetime
    text: str
    browser: str
    ip: str
    by: str | None = None  # the person who did it, if someone else
    asked_by: str | None = None  # the person who requested it, if a third one
    about: str | None = None  # the person whose account it was about, if none of these
    why: str | None = None


@dataclass(frozen=True)
class PlacesOverview:
    """What the Security page shows."""

    sessions: list[SignedInPlace]
    trusted: list[SignedInPlace]
    recent: list[ActivityEntry]
    may_trust: bool


@dataclass(frozen=True)
class ActivityPage:
    """One page of Recent activity."""

    number: int
    happened: list[ActivityEntry]
    has_older: bool


def places_overview(context: RequestContext) -> PlacesOverview:
    """All three lists in one query: this browser first, then by last use."""
    newest = own_events(context).limit(config.ACTIVITY_EXCERPT).subquery()
    rows = db.session.execute(union_all(live_sessions(context), live_trust(context), select(newest))).all()
    rows_by_kind: dict[str, list[list[Any]]] = {SESSIONS: [], TRUSTED: [], EVENTS: []}
    for kind, *columns in rows:
        rows_by_kind[kind].append(columns)
    own_hashes = {SESSIONS: {context.user.token_hash}, TRUSTED: set(trusted_browsers.trust_hashes(context))}
    places = {kind: [as_place(row, hashes) for row in rows_by_kind[kind]] for kind, hashes in own_hashes.items()}
    return PlacesOverview(
        sessions=sorted(places[SESSIONS], key=place_order, reverse=True),
        trusted=sorted(places[TRUSTED], key=place_order, reverse=True),
        recent=[as_entry(row) for row in sorted(rows_by_kind[EVENTS], reverse=True, key=lambda row: (row[1], row[0]))],
        may_trust=context.user.is_on and trusted_browsers.trust_days(context, context.user.role) > 0,
    )


def place_order(place: SignedInPlace) -> tuple[bool, datetime, int]:
    return place.is_here, place.seen_at, place.id


def live_sessions(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the person's complete sessions that have not ended or expired."""
    columns = (Session.id, Session.created_at, Session.last_seen_at, Session.ends_at, Session.ip, Session.user_agent)
    not_idle = Session.last_seen_at > context.now - config.SESSION_IDLE
    rows = select(literal(SESSIONS), *columns, Session.token_hash, *[literal("")] * 7).where(
        *sessions.complete_sessions(Session), not_idle
    )
    return rows.params(**sessions.live_at(context.user.user_id, context.now))


def live_trust(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the browsers that the person trusts."""
    row = TrustedBrowser
    columns = (row.id, row.created_at, row.last_used_at, row.expires_at, row.ip, row.user_agent)
    return select(literal(TRUSTED), *columns, row.token_hash, *[literal("")] * 7).where(
        *trusted_browsers.live_trust_conditions(context, context.user.user_id, context.user.generation)
    )


def own_events(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the events of the last ninety days that the person may see, newest first."""
    columns = (Event.id, Event.at, Event.at.label("seen_at"), Event.at.label("until"), Event.ip, Event.user_agent)
    what = (Event.event, Event.result, Event.reason, Event.factor)
    case = ResetRequest
    people = (
        Actor.full_name.label("by"),
        Asker.full_name.label("asked_by"),
        About.full_name.label("about"),
        case.reason.label("why"),
    )
    whose = func.coalesce(case.subject_id, EmergencyGrant.provider_id)
    return (
        select(literal(EVENTS).label("kind"), *columns, *what, *people)
        .outerjoin(Actor, and_(Actor.id == Event.actor_id, Actor.id != Event.subject_id))
        .outerjoin(case, case.id == Event.case_id)
        .outerjoin(Asker, and_(Asker.id == case.asked_by_id, Asker.id != Event.subject_id, Asker.id != Event.actor_id))
        .outerjoin(EmergencyGrant, EmergencyGrant.id == Event.case_id)
        .outerjoin(About, and_(About.id == whose, About.id != Event.subject_id, About.id.is_distinct_from(Event.actor_id)))
        .where(
            Event.subject_id == context.user.user_id,
            Event.at > context.now - config.ACTIVITY_SHOWN,
            Event.event.in_(sorted(activity.SHOWN)),
        )
        .order_by(Event.at.desc(), Event.id.desc())
    )


def as_place(row: list[Any], own_hashes: set[str]) -> SignedInPlace:
    row_id, since, seen_at, until, ip, user_agent, token_hash, *_ = row
    return SignedInPlace(row_id, describe_browser(user_agent), ip, since, seen_at, until, token_hash in own_hashes)


def as_entry(row: list[Any]) -> ActivityEntry:
    _, at, _, _, ip, user_agent, event, result, reason, factor, *people = row
    return ActivityEntry(at, activity.event_sentence(event, result, reason, factor), describe_browser(user_agent), ip, *people)


def recent_activity(context: RequestContext, number: int) -> ActivityPage:
    """One page of the person's events, from page 1 on."""
    offset = (number - 1) * config.ACTIVITY_PAGE
    rows = db.session.execute(own_events(context).offset(offset).limit(config.ACTIVITY_PAGE + 1)).all()
    entries = [as_entry(columns) for _, *columns in rows[: config.ACTIVITY_PAGE]]
    return ActivityPage(number, entries, len(rows) > config.ACTIVITY_PAGE)


def find_place(context: RequestContext, kind: str, row_id: int) -> SignedInPlace | None:
    """A live session or trusted browser of the person, or None."""
    model, live = (Session, live_sessions(context)) if kind == SESSIONS else (TrustedBrowser, live_trust(context))
    row = db.session.execute(live.where(model.id == row_id)).first()
    own_hashes = {context.user.token_hash, *trusted_browsers.trust_hashes(context)}
    return as_place(list(row[1:]), own_hashes) if row else None


def end_place(context: RequestContext, kind: str, row_id: int) -> bool:
    """End a session or trusted browser. Idempotent. False if it is not the person's, which is recorded."""
    begin_write()
    model: Any = Session if kind == SESSIONS else TrustedBrowser
    own = (model.user_id == context.user.user_id, model.id == row_id)
    if change(end_statement(context, kind).where(*own, model.ended_at.is_(None))):
        if kind == SESSIONS:
            drop_bindings(context, Binding.session_id == row_id)
            forget_browsers(context, context.user.user_id, Session.id == row_id)
        record_end(context, kind)
        db.session.commit()
        return True
    is_own = db.session.scalar(select(func.count()).where(*own))
    db.session.rollback()
    if not is_own:
        record_event_alone(context, "authz_fail", "not_own")
    return bool(is_own)


def end_all_places(context: RequestContext, kind: str) -> None:
    """End every other session of the person, or the trust in every browser."""
    begin_write()
    if kind == SESSIONS:
        forget_browsers(context, context.user.user_id, Session.ended_at.is_(None))
        sessions.end_other_sessions(context, "ended_by_owner")
        drop_bindings(context, Binding.session_id != context.user.session_id)
    elif change(
        end_statement(context, kind).where(TrustedBrowser.user_id == context.user.user_id, TrustedBrowser.ended_at.is_(None))
    ):
        record_end(context, kind, "all")
    db.session.commit()


def drop_bindings(context: RequestContext, which: ColumnElement[bool]) -> None:
    """Delete the pending set-ups of ended sessions, whose keys someone else may have seen."""
    change(delete(Binding).where(Binding.user_id == context.user.user_id, which))


def end_statement(context: RequestContext, kind: str) -> Update:
    """SQL: the UPDATE that ends sessions or trusted browsers; the caller says which."""
    if kind == SESSIONS:
        return sessions.end_sessions_where(context, "ended_by_owner")
    return update(TrustedBrowser).values(ended_at=context.now)


def record_end(context: RequestContext, kind: str, reason: str = "ended_by_owner") -> None:
    if kind == SESSIONS:
        record_event(context, "session_end", reason=reason)
    else:
        record_event(context, "trusted_browser_removed", reason=reason, factor=trusted_browsers.FACTOR)
