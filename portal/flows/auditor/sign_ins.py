"""Sign-ins of the practice's people by month, and what failed or was locked."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select

from portal.db import db
from portal.flows.auditor.scope import Scope
from portal.flows.factors.backup_codes import FACTOR as BACKUP_CODE
from portal.models import Event, User

SIGNED_IN, BLOCKED, LOCKED, FAILED = "authn_login_success", "authenticator_disabled", "authn_login_lock", "authn_login_fail"
PASSWORD, PAUSED, CODE_DUE = "password", "throttled", "code_due"
# What a month counts, in the order of its columns.
KINDS = (
    "signed_in", "wrong_passwords", "wrong_codes", "wrong_backup_codes", "while_paused", "password_pauses", "code_pauses", "blocked",
)  # fmt: skip
COUNT_EVENTS = (
    select(Event.event, Event.factor, Event.reason, func.sum(Event.times).label("times"))
    .join(User, User.id == Event.subject_id)
    .where(
        User.practice_id == bindparam("practice"),
        User.role.in_(bindparam("roles", expanding=True)),
        Event.at >= bindparam("begins_at"),
        Event.at < bindparam("ends_at"),
        Event.event.in_((SIGNED_IN, FAILED, LOCKED, BLOCKED)),
    )
    .group_by(Event.event, Event.factor, Event.reason)
)


@dataclass(frozen=True)
class Month:
    """How often each of KINDS happened in a month, or in the part of it that is in the period."""

    month: date
    counts: tuple[int, ...]


def list_months(scope: Scope) -> list[Month]:
    """Each month of the period, one query each: no statement runs for longer the more years are asked for."""
    return [Month(month, count_month(scope, begins_at, ends_at)) for month, begins_at, ends_at in scope.period.months()]


def count_month(scope: Scope, begins_at: datetime, ends_at: datetime) -> tuple[int, ...]:
    values = {"practice": scope.practice_id, "roles": sorted(scope.policy.roles), "begins_at": begins_at, "ends_at": ends_at}
    counts: Counter[str] = Counter()
    for row in db.session.execute(COUNT_EVENTS, values):
        kind = kind_of(row.event, row.factor, row.reason)
        counts[kind] += int(row.times) if kind else 0
    return tuple(counts[kind] for kind in KINDS)


def kind_of(name: str, factor: str | None, reason: str | None) -> str:
    """Which of KINDS an event is; "" for a right password that a code has to follow."""
    if name == SIGNED_IN:
        return "" if reason == CODE_DUE else "signed_in"
    if name == BLOCKED:
        return "blocked"
    if name == LOCKED:
        return "password_pauses" if factor == PASSWORD else "code_pauses"
    if reason == PAUSED:
        return "while_paused"
    if factor == PASSWORD:
        return "wrong_passwords"
    return "wrong_backup_codes" if factor == BACKUP_CODE else "wrong_codes"
