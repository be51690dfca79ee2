"""Each change of a factor of the practice's people in the period: factors that are gone stand in no other table."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.flows.auditor.resets import people, person_of, someone
from portal.flows.auditor.scope import Person, Scope
from portal.models import Event, User

# The events, by what they do to a factor; others of the trail change none.
CHANGES = (
    "authenticator_added", "authenticator_replaced", "authenticator_removed", "authenticator_disabled", "authenticator_unblocked",
    "authenticator_suspended", "authenticator_restored", "backup_codes_made", "two_factor_off", "two_factor_reset", "recovery_set_up",
)  # fmt: skip
Actor = aliased(User)


@dataclass(frozen=True)
class Change:
    """What happened to whose factor, and who did it: None for what nobody signed in did, such as a hundred wrong codes."""

    at: datetime
    person: Person
    event: str
    factor: str | None
    by: Person | None


def list_changes(scope: Scope) -> list[Change]:
    """Those of the period, oldest first. A refused try to change something is none; wrong codes that block one are."""
    counts = (Event.result == "ok") | (Event.event == "authenticator_disabled")
    rows = (
        select(Event.at, Event.event, Event.factor, *people(User, "subject"), *people(Actor, "actor"))
        .join(User, User.id == Event.subject_id)
        .outerjoin(Actor, Actor.id == Event.actor_id)
        .where(*scope.staff, Event.event.in_(CHANGES), scope.period.has(Event.at), counts)
        .order_by(Event.at, Event.id)
    )
    return [
        Change(row.at, someone(row, "subject"), row.event, row.factor, person_of(row, "actor"))
        for row in db.session.execute(rows)
    ]
