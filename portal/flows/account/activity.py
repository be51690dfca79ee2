"""A person's recent events; every query is limited to the owner's id (AU-8)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from portal.answers import KEY
from portal.db import is_one_of, joined, read
from portal.flows.base.context import RequestContext
from portal.flows.messages.notices import describe_browser
from portal.flows.sessions import trusted_browsers
from portal.methods import method
from portal.models import EmergencyGrant, Event, RecoveryCase, ResetRequest, User
from portal.settings import config
from portal.words import activity

Actor, Asker, About = aliased(User), aliased(User), aliased(User)  # the other people of an event
Other = aliased(Event)
SIGN_IN, NO_CODES = "authn_login_success", ("password", trusted_browsers.FACTOR)
BETWEEN, WITHIN = ",", "/"  # the followers of an act, and the columns of one; names of events, reasons, and factors have neither


def rank(named: InstrumentedAttribute[str]) -> ColumnElement[int]:
    """SQL: 0 for an event that says what somebody did, 1 for one that follows."""
    return case((is_one_of(named, activity.FOLLOWERS), 1), else_=0)


# An act is a request: its first event in this order is shown, and the others below it.
SAME_ACT = (
    Other.subject_id == Event.subject_id,
    Other.at == Event.at,
    Other.request_id == Event.request_id,
    is_one_of(Other.event, activity.SHOWN),
)
COMES_FIRST = tuple_(rank(Other.event), Other.id) < tuple_(rank(Event.event), Event.id)
LEADS = ~exists().where(*SAME_ACT, COMES_FIRST).correlate(Event)
FOLLOWING = (
    Other.event + WITHIN + Other.result + WITHIN + func.coalesce(Other.reason, "") + WITHIN + func.coalesce(Other.factor, "")
)
FOLLOWED_BY = select(joined(FOLLOWING, BETWEEN)).where(*SAME_ACT, Other.id != Event.id).correlate(Event).scalar_subquery()
WHOSE = func.coalesce(ResetRequest.subject_id, EmergencyGrant.provider_id, RecoveryCase.user_id)
# The events of the last ninety days that the person may see, newest first.
OWN_EVENTS = (
    select(
        Event.id, Event.at, Event.ip, Event.user_agent, Event.event, Event.result, Event.reason, Event.factor,
        Actor.full_name.label("by"), Asker.full_name.label("asked_by"), About.full_name.label("about"),
        ResetRequest.reason.label("why"), FOLLOWED_BY.label("also"),
    )
    .outerjoin(Actor, and_(Actor.id == Event.actor_id, Actor.id != Event.subject_id))
    .outerjoin(ResetRequest, ResetRequest.id == Event.case_id)
    .outerjoin(Asker, and_(Asker.id == ResetRequest.asked_by_id, Asker.id != Event.subject_id, Asker.id != Event.actor_id))
    .outerjoin(EmergencyGrant, EmergencyGrant.id == Event.case_id)
    .outerjoin(RecoveryCase, RecoveryCase.id == Event.case_id)
    .outerjoin(About, and_(About.id == WHOSE, About.id != Event.subject_id, About.id.is_distinct_from(Event.actor_id)))
    .where(
        Event.subject_id == bindparam("owner"),
        Event.at > bindparam("shown_since"),
        is_one_of(Event.event, activity.SHOWN),
        LEADS,
    )
    .order_by(Event.at.desc(), Event.id.desc())
)  # fmt: skip
NEWEST = OWN_EVENTS.limit(config.ACTIVITY_EXCERPT + config.ACTIVITY_LOOKED_BACK)
PAGE_OF_EVENTS = OWN_EVENTS.offset(bindparam("skipped")).limit(bindparam("most"))


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
class ActivityPage:
    """One page of Recent activity."""

    number: int
    happened: list[ActivityEntry]
    has_older: bool


def own_events(context: RequestContext) -> dict[str, Any]:
    """The parameters of OWN_EVENTS."""
    return {"owner": context.user.user_id, "shown_since": context.now - config.ACTIVITY_SHOWN}


def newest_acts(rows: list[Any]) -> list[ActivityEntry]:
    """The excerpt for the Security page, from rows of NEWEST."""
    newest_first = sorted(rows, reverse=True, key=lambda row: (row.at, row.id))
    return [as_entry(row) for row in drop_completed(newest_first)[: config.ACTIVITY_EXCERPT]]


def as_entry(row: Any) -> ActivityEntry:
    followers = [as_sentence(*each.split(WITHIN)) for each in sorted((row.also or "").split(BETWEEN)) if each]
    said = as_sentence(row.event, row.result, row.reason, row.factor)
    people = (row.by, row.asked_by, row.about)
    return ActivityEntry(row.at, said, followers, describe_browser(row.user_agent), row.ip, *people, row.why)


def as_sentence(what: str, result: str, reason: str | None, factor: str | None) -> Sentence:
    found = method(factor or "")
    detail = KEY if found and found.asks_for == KEY else factor
    return Sentence(activity.event_sentence(what, result, reason, detail), found.label if found else activity.UNNAMED)


def recent_activity(context: RequestContext, number: int) -> ActivityPage:
    """One page of the person's acts, from page 1 on. A sign-in whose password and code fall on two pages is on the first of them."""
    offset = (number - 1) * config.ACTIVITY_PAGE
    before = min(offset, config.ACTIVITY_LOOKED_BACK)  # newer ones, of the page before
    skipped, most = offset - before, before + config.ACTIVITY_PAGE + 1
    found = read(PAGE_OF_EVENTS, {"skipped": skipped, "most": most, **own_events(context)}).all()
    newer = {row.id for row in found[:before]}
    shown = drop_completed(found[: before + config.ACTIVITY_PAGE])
    return ActivityPage(number, [as_entry(row) for row in shown if row.id not in newer], len(found) == most)


def drop_completed(rows: Sequence[Any]) -> list[Any]:
    """The rows, newest first, without a password that the code of the same sign-in followed: a sign-in is one line.

    One code completes one password, of the same browser and address, as long as a claim lives. A password alone stays: someone has it.
    """
    shown, codes = [], defaultdict[tuple[str, str], list[datetime]](list)
    for row in rows:
        followed = codes[row.ip, row.user_agent]
        if row.event == SIGN_IN and row.reason == "code_due" and followed and followed[-1] - row.at <= config.CLAIMANT_LIFE:
            followed.pop()
            continue
        if row.event == SIGN_IN and row.factor not in NO_CODES:
            followed.append(row.at)
        shown.append(row)
    return shown
