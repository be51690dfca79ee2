"""Every reset of the practice's people: by an administrator or support, and by account recovery; who asked, who approved, why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.flows.auditor.scope import Person, Scope
from portal.flows.base.recovery_cases import DONE, LAPSED, REFUSED, SETTING_UP, STOPPED
from portal.models import RecoveryCase, ResetRequest, User
from portal.settings import config

RESET, RECOVERY = "reset", "recovery"
ALONE, WAITING, OPEN = "alone", "waiting", "open"  # what became of it, besides "done", "refused", "lapsed", and "stopped"
Subject, Asker, First, Decider = (aliased(User) for _ in range(4))
PROOFS = {  # of an account recovery, by column: what it rests on
    "password_at": "password",
    "text_at": "text",
    "backup_code_at": "backup_code",
    "identity_at": "identity",
}


@dataclass(frozen=True)
class Reset:
    """One request. `asked_by`: None for a recovery, which whoever reads the account's email asked for.

    `reason`: what the asker wrote; "" for a recovery, whose text is sealed. `grounds`: keys of how identity was checked, or of PROOFS.
    """

    kind: str
    person: Person
    asked_by: Person | None
    asked_at: datetime
    reason: str
    grounds: tuple[str, ...]
    outcome: str
    approved_by: tuple[Person, ...]
    decided_at: datetime | None


def list_resets(scope: Scope) -> list[Reset]:
    """Those that were asked for or decided in the period, oldest first."""
    asked = [as_reset(scope, row) for row in db.session.execute(select_requests(scope))]
    recovered = [as_recovery(row) for row in db.session.execute(select_recoveries(scope))]
    return sorted(asked + recovered, key=lambda each: (each.asked_at, each.person.account, each.kind))


def select_requests(scope: Scope) -> Select[*tuple[Any, ...]]:
    """SQL: resets, with the names of everybody in them. A request belongs to the practice that the person was in when it was made."""
    in_period = scope.period.has(ResetRequest.asked_at) | scope.period.has(ResetRequest.decided_at)
    return (
        select(ResetRequest, *people(Subject, "subject"), *people(Asker, "asker"), *people(Decider, "decider"))
        .join(Subject, Subject.id == ResetRequest.subject_id)
        .join(Asker, Asker.id == ResetRequest.asked_by_id)
        .outerjoin(Decider, Decider.id == ResetRequest.decided_by_id)
        .where(ResetRequest.practice_id == scope.practice_id, ResetRequest.status != "draft", in_period)
    )


def select_recoveries(scope: Scope) -> Select[*tuple[Any, ...]]:
    """SQL: recoveries whose emailed code was entered: nothing else shows that the owner, and not a stranger, asked."""
    in_period = scope.period.has(RecoveryCase.opened_at) | scope.period.has(RecoveryCase.ended_at)
    return (
        select(RecoveryCase, *people(User, "subject"), *people(First, "first"), *people(Decider, "decider"))
        .join(User, User.id == RecoveryCase.user_id)
        .outerjoin(First, First.id == RecoveryCase.approved_by_id)
        .outerjoin(Decider, Decider.id == RecoveryCase.decided_by_id)
        .where(*scope.staff, RecoveryCase.confirmed_at.is_not(None), in_period)
    )


def people(who: Any, prefix: str) -> list[Any]:
    """SQL: the columns of a Person, under names of their own."""
    return [getattr(who, name).label(f"{prefix}_{name}") for name in ("full_name", "username", "role")]


def person_of(row: Row[Any], prefix: str) -> Person | None:
    return someone(row, prefix) if getattr(row, f"{prefix}_username") is not None else None


def someone(row: Row[Any], prefix: str) -> Person:
    """The same of somebody whom the row always has."""
    return Person(*(getattr(row, f"{prefix}_{part}") for part in ("full_name", "username", "role")))


def as_reset(scope: Scope, row: Row[Any]) -> Reset:
    request: ResetRequest = row[0]
    decider = person_of(row, "decider")
    outcome = request.status
    if outcome == "done" and decider is None:
        outcome = ALONE  # no second person was needed
    elif outcome == "waiting" and request.asked_at <= scope.now - config.RESET_REQUEST_LIFE:
        outcome = LAPSED
    approved_by = (decider,) if decider else ()
    checks = tuple(map(str, request.checks))
    asked_by = someone(row, "asker")
    person = someone(row, "subject")
    return Reset(RESET, person, asked_by, request.asked_at, request.reason, checks, outcome, approved_by, request.decided_at)


def as_recovery(row: Row[Any]) -> Reset:
    case: RecoveryCase = row[0]
    grounds = [name for column, name in PROOFS.items() if getattr(case, column) is not None]
    outcome = case.state if case.state in (DONE, LAPSED, REFUSED, STOPPED, SETTING_UP) else OPEN
    deciders = dict.fromkeys(filter(None, (person_of(row, "first"), person_of(row, "decider"))))
    return Reset(
        RECOVERY, someone(row, "subject"), None, case.opened_at, "", (*grounds, *map(str, case.checks)), outcome, tuple(deciders),
        case.decided_at or case.ended_at,
    )  # fmt: skip
