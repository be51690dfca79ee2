"""Team Members > Security Status: the visitor's practice, its people and how they are protected; every query by the practice's id."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, case, func, outerjoin, select, true, tuple_

from portal.db import begin_write, db, end_read
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.methods import method, offered
from portal.models import Authenticator, BackupCode, BackupCodeSet, Practice, User
from portal.policy import PROVIDER
from portal.settings import config

STATES = ("on", "off", "reset")
SORTS = ("name", "state", "last_sign_in", "codes")
ESCAPE = "/"
STAFF = tuple(sorted(PROVIDER.roles))


@dataclass(frozen=True)
class TeamFilter:
    """What the list is asked for: a state ("" for all), a part of a name, an order."""

    state: str = ""
    search: str = ""
    sort: str = SORTS[0]


@dataclass(frozen=True, slots=True)
class Member:
    """One account as its administrator sees it: how protected, never by which secret."""

    now: datetime
    id: int
    full_name: str
    role: str
    two_factor: str
    two_factor_since: datetime | None
    last_sign_in_at: datetime | None
    codes_paused_until: datetime | None
    backup_failures: int
    reminded_at: datetime | None
    codes_left: int | None  # of the live set; None: there is none
    saved_at: datetime | None
    sealed_copy_given_at: datetime | None
    kinds: str | None  # names of the methods that are set up, with commas between
    working: int  # authenticators that open the EHR
    name_key: bytes = field(repr=False)

    @property
    def is_on(self) -> bool:
        return self.two_factor == "on"

    @property
    def methods(self) -> list[str]:
        """The methods' labels, not translated yet."""
        known = (method(name) for name in sorted(set((self.kinds or "").split(","))))
        return [each.label for each in known if each] if self.is_on else []

    @property
    def lacks_app(self) -> bool:
        """On, by nothing that opens the EHR: somebody who was a patient."""
        return self.is_on and not any(name in allowed_methods() for name in (self.kinds or "").split(","))

    @property
    def is_paused(self) -> bool:
        """Too many wrong codes: codes wait (RL-2)."""
        return self.codes_paused_until is not None and self.codes_paused_until > self.now

    @property
    def is_stopped(self) -> bool:
        """A hundred wrong codes disabled every authenticator (RL-1)."""
        return self.is_on and not self.working and not self.lacks_app

    @property
    def is_at_risk(self) -> bool:
        """One lost phone away from lockout: no second app, and no backup code that works and is known to be kept somewhere."""
        kept = self.saved_at is not None or self.sealed_copy_given_at is not None
        works = self.backup_failures < config.FAILURES_TO_DISABLE
        return self.is_on and self.working < 2 and not (self.codes_left and works and kept)

    @property
    def may_be_reminded(self) -> bool:
        return not self.is_on and (self.reminded_at is None or self.reminded_at <= self.now - config.REMINDER_RESTS)


@dataclass(frozen=True)
class Status:
    """The practice in numbers, and one page of its people."""

    practice: str
    counts: dict[str, int]
    number: int
    members: list[Member]
    has_more: bool

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def allowed_methods() -> tuple[str, ...]:
    """The names of the methods that open the EHR."""
    return tuple(each.name for each in offered(PROVIDER))


def own_accounts(context: RequestContext) -> tuple[ColumnElement[bool], ...]:
    """SQL: the accounts of the visitor's practice that can sign in."""
    return User.practice_id == context.who.practice_id, User.disabled_at.is_(None), User.role.in_(STAFF)


def columns() -> dict[str, Any]:
    """SQL: the columns of a Member, by name."""
    left = select(func.count()).where(BackupCode.set_id == BackupCodeSet.id, BackupCode.used_at.is_(None))
    held = select(func.aggregate_strings(Authenticator.method, ",")).where(Authenticator.user_id == User.id)
    working = select(func.count()).where(
        Authenticator.user_id == User.id, Authenticator.disabled_at.is_(None), Authenticator.method.in_(allowed_methods())
    )
    counted = case((BackupCodeSet.id.is_(None), None), else_=left.correlate(BackupCodeSet).scalar_subquery())
    made = {"codes_left": counted, "kinds": held.scalar_subquery(), "working": working.scalar_subquery()}
    of_set = {name: getattr(BackupCodeSet, name) for name in ("saved_at", "sealed_copy_given_at")}
    names = [each.name for each in fields(Member) if each.name != "now"]
    return {name: (made.get(name) if name in made else of_set.get(name, getattr(User, name, None))) for name in names}


def select_people(context: RequestContext, asked: TeamFilter, shown: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    """SQL: those who are asked for, in no order yet."""
    live = (BackupCodeSet.user_id == User.id) & BackupCodeSet.replaced_at.is_(None)
    rows = (
        select(*(column.label(name) for name, column in shown.items()))
        .outerjoin(BackupCodeSet, live)
        .where(*own_accounts(context))
    )
    if asked.state:
        rows = rows.where(User.two_factor == asked.state)
    if asked.search:
        rows = rows.where(func.lower(User.full_name).like(func.lower(pattern(asked.search)), escape=ESCAPE))
    return rows


def pattern(search: str) -> str:
    """A LIKE pattern: the words anywhere, their % and _ as they are."""
    for sign in (ESCAPE, "%", "_"):
        search = search.replace(sign, ESCAPE + sign)
    return f"%{search}%"


def order(sort: str, by: Any) -> list[ColumnElement[Any]]:
    """SQL: an order, over columns by name; what needs a look comes first."""
    first = {
        "name": [],
        "state": [case({"off": 0, "reset": 1}, value=by["two_factor"], else_=2)],
        "last_sign_in": [by["last_sign_in_at"].is_(None), by["last_sign_in_at"].desc()],
        "codes": [by["codes_left"].is_(None), by["codes_left"]],
    }
    return [*first[sort], by["name_key"], by["id"]]


def list_team(context: RequestContext, asked: TeamFilter, number: int = 1) -> Status:
    """Page 1, 2, 3 … of the practice with its counts, by one query. Opening the list is an event (AU-7)."""
    note_export(context, "team_list_opened")
    shown = columns()
    page = select_people(context, asked, shown).order_by(*order(asked.sort, shown))
    member = page.offset((number - 1) * config.TEAM_PAGE).limit(config.TEAM_PAGE + 1).subquery()
    head = (
        select(Practice.name.label("practice"), *count_states(context)).where(Practice.id == context.who.practice_id).subquery()
    )
    every = select(head, member).select_from(outerjoin(head, member, true())).order_by(*order(asked.sort, member.c))
    rows = db.session.execute(every).all()
    practice, *counted = rows[0][: 1 + len(STATES)]
    members = [Member(context.now, *row[1 + len(STATES) :]) for row in rows if row.id is not None]
    found = dict(zip(STATES, counted, strict=True))
    return Status(practice, found, number, members[: config.TEAM_PAGE], len(members) > config.TEAM_PAGE)


def count_states(context: RequestContext) -> list[Label[int]]:
    """SQL: how many of the practice are in each state; the index answers it."""
    return [
        select(func.count())
        .select_from(User)
        .where(*own_accounts(context), User.two_factor == state)
        .scalar_subquery()
        .label(f"count_{state}")
        for state in STATES
    ]


def export_team(context: RequestContext, asked: TeamFilter) -> Iterator[Member]:
    """Everyone who is asked for, by name. A few hundred rows are in memory at a time, and no connection is held between them."""
    shown = columns()
    every = select_people(context, asked, shown).order_by(*order(SORTS[0], shown)).limit(config.TEAM_CHUNK)
    rest = every
    while rows := db.session.execute(rest).all():
        end_read()
        yield from (Member(context.now, *row) for row in rows)
        rest = every.where(tuple_(User.name_key, User.id) > tuple_(rows[-1].name_key, rows[-1].id))


def begin_team_export(context: RequestContext, asked: TeamFilter) -> str:
    """Note the export, before its first row leaves; returns the practice's name."""
    note_export(context, "team_list_exported", asked.state or None)
    return db.session.scalars(select(Practice.name).where(Practice.id == context.who.practice_id)).one()


def note_export(context: RequestContext, event: str, reason: str | None = None) -> None:
    begin_write()
    record_event(context, event, reason=reason)
    db.session.commit()


def find_member(context: RequestContext, user_id: int) -> User | None:
    """One account of the practice, or None. One of another practice is recorded: nobody comes to its address by a link of ours."""
    user = db.session.scalar(select(User).where(User.id == user_id, *own_accounts(context)))
    if user is None and db.session.scalar(select(func.count()).where(User.id == user_id)):
        record_event_alone(context, "authz_fail", "not_own")
    return user
