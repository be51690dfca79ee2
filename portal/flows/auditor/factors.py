"""Who has which factor since when, who has none, why, and until when: as it is when the folder is made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_

from portal.db import db
from portal.flows.auditor.scope import Person, Scope
from portal.flows.base.links import RECOVERY, RESET
from portal.flows.practice.deadline import ROLE, grace_left
from portal.methods import method
from portal.models import Authenticator, BackupCode, BackupCodeSet, Link, Practice, User
from portal.settings import auditing

BACKUP_CODES = "backup_codes"  # stands in place of a method's name
WORKS, ELSEWHERE, BLOCKED, ON_HOLD, NO_CHART = "works", "blocked_in_new_browsers", "blocked", "on_hold", "opens_no_chart"
SAVED, UNSAVED, HANDED_OVER = "saved", "unsaved", "handed_over"
CLOSED, RESET_OPEN, RESET_LAPSED, GRACE, NOT_SET_UP, NO_CHART_FACTOR = (
    "closed", "reset", "reset_lapsed", "grace", "not_set_up", "opens_no_chart",
)  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """One factor of one person. `method`: a method's name, or BACKUP_CODES, of which `left` are left."""

    person: Person
    method: str
    since: datetime
    last_used_at: datetime | None
    state: str
    left: int | None = None


@dataclass(frozen=True)
class Missing:
    """Somebody without a factor that opens a chart. `until`: when what is said there ends; None: until they set it up."""

    person: Person
    why: str
    since: datetime | None
    until: datetime | None
    sign_ins_left: int | None
    last_sign_in_at: datetime | None


@dataclass(frozen=True)
class Holdings:
    """The whole staff: everybody is in one of the two, whoever has only what opens no chart in both."""

    staff: int
    factors: list[Factor]
    missing: list[Missing]


def list_holdings(scope: Scope) -> Holdings:
    """The practice's people by name, a thousand in one SELECT."""
    deadline_at, grace_days = db.session.execute(
        select(Practice.deadline_at, Practice.grace_days).where(Practice.id == scope.practice_id)
    ).one()
    links = open_reset_links(scope)
    found = Holdings(0, [], [])
    staff = 0
    for row, authenticators in people_with_authenticators(scope):
        staff += 1
        person = Person(row.full_name, row.username, row.role)
        own = [] if is_shut(row) else [as_factor(scope, person, each) for each in authenticators]
        if row.codes_since is not None and not is_shut(row):
            own.append(as_backup_codes(person, row))
        found.factors.extend(own)
        missing = why_missing(scope, person, row, own, (deadline_at, grace_days), links.get(row.id))
        if missing:
            found.missing.append(missing)
    return Holdings(staff, found.factors, found.missing)


def people_with_authenticators(scope: Scope) -> Iterator[tuple[Row[Any], list[Any]]]:
    """Each person's row with the rows of their authenticators, oldest first."""
    for people in in_chunks(select_people(scope)):
        own = select(
            Authenticator.user_id, Authenticator.method, Authenticator.created_at, Authenticator.last_used_at,
            Authenticator.strangers_disabled_at, Authenticator.disabled_at, Authenticator.suspended_at,
        )  # fmt: skip
        ids = (person.id for person in people)
        rows = own.where(Authenticator.user_id.in_(ids)).order_by(
            Authenticator.user_id, Authenticator.created_at, Authenticator.id
        )
        by_person = {key: list(rows) for key, rows in groupby(db.session.execute(rows), lambda row: row.user_id)}
        for person in people:
            yield person, by_person.get(person.id, [])


def in_chunks(people: Select[*tuple[Any, ...]]) -> Iterator[list[Row[Any]]]:
    """The rows by name, each chunk by a query that begins where the last one ended."""
    first = people.order_by(User.name_key, User.id).limit(auditing.FOLDER_CHUNK)
    chunk = first
    while rows := list(db.session.execute(chunk)):
        yield rows
        chunk = first.where(tuple_(User.name_key, User.id) > tuple_(rows[-1].name_key, rows[-1].id))


def select_people(scope: Scope) -> Select[*tuple[Any, ...]]:
    """SQL: the practice's people, each with the set of backup codes that counts."""
    unused = select(func.count()).where(BackupCode.set_id == BackupCodeSet.id, BackupCode.used_at.is_(None))
    return (
        select(
            User.id, User.full_name, User.username, User.role, User.name_key, User.two_factor, User.created_at, User.disabled_at,
            User.reset_at, User.two_factor_since, User.grace_sign_ins, User.last_sign_in_at,
            BackupCodeSet.created_at.label("codes_since"), BackupCodeSet.saved_at, BackupCodeSet.sealed_copy_given_at,
            unused.correlate(BackupCodeSet).scalar_subquery().label("codes_left"),
        )
        .outerjoin(BackupCodeSet, (BackupCodeSet.user_id == User.id) & BackupCodeSet.replaced_at.is_(None))
        .where(*scope.staff)
    )  # fmt: skip


def open_reset_links(scope: Scope) -> dict[int, datetime]:
    """Until when the emailed link of a reset, or of an account recovery, is good, by person."""
    rows = (
        select(Link.user_id, func.max(Link.expires_at))
        .join(User, User.id == Link.user_id)
        .where(*scope.staff, Link.purpose.in_((RESET, RECOVERY)), Link.used_at.is_(None), Link.expires_at > scope.now)
        .group_by(Link.user_id)
    )
    return {row[0]: row[1] for row in db.session.execute(rows)}


def is_shut(row: Row[Any]) -> bool:
    """Whether the account can't sign in, or has no factor that counts."""
    return row.disabled_at is not None or row.two_factor != "on"


def as_factor(scope: Scope, person: Person, row: Any) -> Factor:
    known = method(row.method)
    if known is None or not scope.policy.allows(known):
        state = NO_CHART
    elif row.disabled_at is not None:
        state = BLOCKED
    elif row.suspended_at is not None:
        state = ON_HOLD
    else:
        state = ELSEWHERE if row.strangers_disabled_at is not None else WORKS
    return Factor(person, row.method, row.created_at, row.last_used_at, state)


def as_backup_codes(person: Person, row: Row[Any]) -> Factor:
    state = HANDED_OVER if row.sealed_copy_given_at is not None else SAVED if row.saved_at is not None else UNSAVED
    return Factor(person, BACKUP_CODES, row.codes_since, None, state, row.codes_left)


def why_missing(
    scope: Scope,
    person: Person,
    row: Row[Any],
    own: Iterable[Factor],
    deadline: tuple[datetime | None, int],
    link_until: datetime | None,
) -> Missing | None:
    """Why the person has no factor that opens a chart; None if they have one, even one that is blocked or on hold."""

    def because(why: str, since: datetime | None, until: datetime | None = None, sign_ins: int | None = None) -> Missing:
        return Missing(person, why, since, until, sign_ins, row.last_sign_in_at)

    if row.disabled_at is not None:
        return because(CLOSED, row.disabled_at)
    if row.two_factor == "reset":
        return because(RESET_OPEN if link_until else RESET_LAPSED, row.reset_at, link_until)
    if row.two_factor == "on":
        has_one = any(each.method != BACKUP_CODES and each.state != NO_CHART for each in own)
        return None if has_one else because(NO_CHART_FACTOR, row.two_factor_since)
    deadline_at, days = deadline
    grace = grace_left(scope.now, scope.zone, row.grace_sign_ins, deadline_at, days) if row.role == ROLE else None
    if grace and deadline_at:
        return because(GRACE, row.created_at, deadline_at + timedelta(days=days), grace.sign_ins_left)
    return because(NOT_SET_UP, row.created_at)
