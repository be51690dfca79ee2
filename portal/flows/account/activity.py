"""A person's sessions, trusted browsers, and recent events; every query is limited to the owner's id (SE-10, TB-6, AU-8)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.messages.notices import describe_browser
from portal.flows.sessions import sessions, trusted_browsers
from portal.flows.sessions.known_browsers import forget_browsers
from portal.methods import method
from portal.models import Binding, EmergencyGrant, Event, RecoveryCase, ResetRequest, Session, TrustedBrowser, User
from portal.settings import config
from portal.words import activity

SESSIONS, TRUSTED, EVENTS = "sessions", "trusted-browsers", "events"
# The other people of an event. Made once: making an alias and naming its columns took a third of the Security page's time.
Actor, Asker, About = aliased(User), aliased(User), aliased(User)
Other = aliased(Event)
SIGN_IN, NO_CODES = "authn_login_success", ("password", trusted_browsers.FACTOR)
BETWEEN, WITHIN = ",", "/"  # the followers of an act, and the columns of one; names of events, reasons, and factors have neither


def rank(named: InstrumentedAttribute[str]) -> ColumnElement[int]:
    """SQL: 0 for an event that says what somebody did, 1 for one that follows."""
    return case((named.in_(sorted(activity.FOLLOWERS)), 1), else_=0)


# Made once, as the aliases are. An act is a request: its first event in this order is shown, and the others below it.
SAME_ACT = (
    Other.subject_id == Event.subject_id,
    Other.at == Event.at,
    Other.request_id == Event.request_id,
    Other.event.in_(sorted(activity.SHOWN)),
)
COMES_FIRST = tuple_(rank(Other.event), Other.id) < tuple_(rank(Event.event), Event.id)
LEADS = ~exists().where(*SAME_ACT, COMES_FIRST).correlate(Event)
FOLLOWING = (
    Other.event + WITHIN + Other.result + WITHIN + func.coalesce(Other.reason, "") + WITHIN + func.coalesce(Other.factor, "")
)
FOLLOWED_BY = (
    select(func.aggregate_strings(FOLLOWING, BETWEEN)).where(*SAME_ACT, Other.id != Event.id).correlate(Event).scalar_subquery()
)


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
class Sentence:
    """What an event says, untranslated, with the label of the method that it may name."""

    text: str
    method: str


@dataclass(frozen=True)
class ActivityEntry:
    """One act in words: what somebody did, and what came with it in the same request."""

    at: datetime
    said: Sentence
    also: list[Sentence]
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
    newest = own_events(context).limit(config.ACTIVITY_EXCERPT + config.ACTIVITY_LOOKED_BACK).subquery()
    rows = db.session.execute(union_all(live_sessions(context), live_trust(context), select(newest))).all()
    rows_by_kind: dict[str, list[list[Any]]] = {SESSIONS: [], TRUSTED: [], EVENTS: []}
    for kind, *columns in rows:
        rows_by_kind[kind].append(columns)
    own_hashes = {SESSIONS: {context.user.token_hash}, TRUSTED: set(trusted_browsers.trust_hashes(context))}
    recent = sorted(rows_by_kind[EVENTS], reverse=True, key=lambda row: (row[1], row[0]))
    places = {kind: [as_place(row, hashes) for row in rows_by_kind[kind]] for kind, hashes in own_hashes.items()}
    return PlacesOverview(
        sessions=sorted(places[SESSIONS], key=place_order, reverse=True),
        trusted=sorted(places[TRUSTED], key=place_order, reverse=True),
        recent=[as_entry(row) for row in drop_completed(recent)][: config.ACTIVITY_EXCERPT],
        may_trust=context.user.is_on and trusted_browsers.trust_days(context, context.user.role) > 0,
    )


def place_order(place: SignedInPlace) -> tuple[bool, datetime, int]:
    return place.is_here, place.seen_at, place.id


def live_sessions(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the person's complete sessions that have not ended or expired."""
    columns = (Session.id, Session.created_at, Session.last_seen_at, Session.ends_at, Session.ip, Session.user_agent)
    not_idle = Session.last_seen_at > context.now - config.SESSION_IDLE
    rows = select(literal(SESSIONS), *columns, Session.token_hash, *[literal("")] * 8).where(
        *sessions.complete_sessions(Session), not_idle
    )
    return rows.params(**sessions.live_at(context.user.user_id, context.now))


def live_trust(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the browsers that the person trusts."""
    row = TrustedBrowser
    columns = (row.id, row.created_at, row.last_used_at, row.expires_at, row.ip, row.user_agent)
    return select(literal(TRUSTED), *columns, row.token_hash, *[literal("")] * 8).where(
        *trusted_browsers.live_trust_conditions(context, context.user.user_id, context.user.generation)
    )


def own_events(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the events of the last ninety days that the person may see, newest first."""
    columns = (Event.id, Event.at, Event.at.label("seen_at"), Event.at.label("until"), Event.ip, Event.user_agent)
    what = (Event.event, Event.result, Event.reason, Event.factor)
    request = ResetRequest
    people = (
        Actor.full_name.label("by"),
        Asker.full_name.label("asked_by"),
        About.full_name.label("about"),
        request.reason.label("why"),
        FOLLOWED_BY.label("also"),
    )
    whose = func.coalesce(request.subject_id, EmergencyGrant.provider_id, RecoveryCase.user_id)
    return (
        select(literal(EVENTS).label("kind"), *columns, *what, *people)
        .outerjoin(Actor, and_(Actor.id == Event.actor_id, Actor.id != Event.subject_id))
        .outerjoin(request, request.id == Event.case_id)
        .outerjoin(Asker, and_(Asker.id == request.asked_by_id, Asker.id != Event.subject_id, Asker.id != Event.actor_id))
        .outerjoin(EmergencyGrant, EmergencyGrant.id == Event.case_id)
        .outerjoin(RecoveryCase, RecoveryCase.id == Event.case_id)
        .outerjoin(About, and_(About.id == whose, About.id != Event.subject_id, About.id.is_distinct_from(Event.actor_id)))
        .where(
            Event.subject_id == context.user.user_id,
            Event.at > context.now - config.ACTIVITY_SHOWN,
            Event.event.in_(sorted(activity.SHOWN)),
            LEADS,
        )
        .order_by(Event.at.desc(), Event.id.desc())
    )


def as_place(row: list[Any], own_hashes: set[str]) -> SignedInPlace:
    row_id, since, seen_at, until, ip, user_agent, token_hash, *_ = row
    return SignedInPlace(row_id, describe_browser(user_agent), ip, since, seen_at, until, token_hash in own_hashes)


def as_entry(row: list[Any]) -> ActivityEntry:
    _, at, _, _, ip, user_agent, event, result, reason, factor, *people, also = row
    followers = [as_sentence(*each.split(WITHIN)) for each in sorted((also or "").split(BETWEEN)) if each]
    return ActivityEntry(at, as_sentence(event, result, reason, factor), followers, describe_browser(user_agent), ip, *people)


def as_sentence(event: str, result: str, reason: str | None, factor: str | None) -> Sentence:
    found = method(factor or "")
    return Sentence(activity.event_sentence(event, result, reason, factor), found.label if found else activity.UNNAMED)


def recent_activity(context: RequestContext, number: int) -> ActivityPage:
    """One page of the person's acts, from page 1 on. A sign-in whose password and code fall on two pages is on the first of them."""
    offset = (number - 1) * config.ACTIVITY_PAGE
    before = min(offset, config.ACTIVITY_LOOKED_BACK)  # newer ones, of the page before
    found = db.session.execute(own_events(context).offset(offset - before).limit(before + config.ACTIVITY_PAGE + 1)).all()
    newer = {columns[0] for _, *columns in found[:before]}
    shown = drop_completed([columns for _, *columns in found[: before + config.ACTIVITY_PAGE]])
    entries = [as_entry(row) for row in shown if row[0] not in newer]
    return ActivityPage(number, entries, len(found) > before + config.ACTIVITY_PAGE)


def drop_completed(rows: list[list[Any]]) -> list[list[Any]]:
    """The rows, newest first, without a password that the code of the same sign-in followed: a sign-in is one line.

    One code completes one password, of the same browser and address, as long as a claim lives. A password alone stays: someone has it.
    """
    shown, codes = [], defaultdict[tuple[str, str], list[datetime]](list)
    for row in rows:
        _, at, _, _, ip, user_agent, event, _, reason, factor, *_ = row
        place = (ip, user_agent)
        if event == SIGN_IN and reason == "code_due" and codes[place] and codes[place][-1] - at <= config.CLAIMANT_LIFE:
            codes[place].pop()
            continue
        if event == SIGN_IN and factor not in NO_CODES:
            codes[place].append(at)
        shown.append(row)
    return shown


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
