"""How long people wait for their account's recovery: measured for the console, and for whoever watches the portal from outside.

It names nobody: a case goes by its reference number.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, or_, select

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import DONE, LAPSED, REFUSED, STOPPED, WITH_SUPPORT
from portal.models import RecoveryCase, RecoveryTicket
from portal.settings import config

ENDINGS = (DONE, REFUSED, STOPPED, LAPSED)
REFERENCE = select(func.max(RecoveryTicket.id)).where(RecoveryTicket.case_id == RecoveryCase.id).scalar_subquery()
COLUMNS = (
    RecoveryCase.first_due_at, RecoveryCase.id, RecoveryCase.state, RecoveryCase.opened_at, RecoveryCase.ended_at,
    RecoveryCase.asked_support_at, RecoveryCase.answered_at, REFERENCE,
)  # fmt: skip


@dataclass(frozen=True)
class CaseTimes:
    """One case, as it stands at a moment."""

    now: datetime
    due_at: datetime | None  # until when support's first answer was promised, as the person read it
    id: str
    state: str
    opened_at: datetime
    ended_at: datetime | None
    asked_at: datetime | None  # when support was asked
    answered_at: datetime | None  # when support first answered
    reference: str | None  # of a request that led to it, without dashes

    @property
    def lasted(self) -> timedelta:
        """From the request to the end of the case, or until now."""
        return (self.ended_at or self.now) - self.opened_at

    @property
    def waits(self) -> bool:
        """Whether support still owes its first answer."""
        return self.asked_at is not None and self.answered_at is None and self.state in WITH_SUPPORT

    @property
    def waited(self) -> timedelta | None:
        """How long the person waited for support's first answer, so far; None if nobody asked support, or it was never due."""
        if self.asked_at is None or not (self.answered_at or self.waits):
            return None
        return (self.answered_at or self.now) - self.asked_at

    @property
    def is_late(self) -> bool:
        """Whether that was later than promised."""
        return self.waited is not None and self.due_at is not None and (self.answered_at or self.now) > self.due_at


@dataclass(frozen=True)
class RecoveryNumbers:
    """The cases of the last 90 days, and those that are open, newest first; counts of endings by state."""

    cases: list[CaseTimes]
    endings: dict[str, int]

    @property
    def open(self) -> int:
        return len(self.cases) - sum(self.endings.values())

    @property
    def median(self) -> timedelta | None:
        """The median wait for support's first answer; None without one."""
        waits = [each.waited for each in self.cases if each.waited is not None and not each.waits]
        return timedelta(seconds=round(median(each.total_seconds() for each in waits))) if waits else None

    @property
    def oldest(self) -> timedelta | None:
        """How long the person has waited who has waited longest and has no answer yet; None if nobody waits."""
        return max((each.waited for each in self.cases if each.waits and each.waited), default=None)

    @property
    def late(self) -> int:
        """How many answers came, or are, later than promised."""
        return sum(each.is_late for each in self.cases)


def measure(context: RequestContext) -> RecoveryNumbers:
    """The numbers of account recovery as of now. One SELECT; it needs no visitor, so that an exporter may call it."""
    recent = or_(RecoveryCase.ended_at.is_(None), RecoveryCase.opened_at > context.now - config.RECOVERY_MEASURED)
    confirmed = RecoveryCase.confirmed_at.is_not(None)  # the others are requests that whoever has the mailbox may not have sent
    rows = select(*COLUMNS).where(recent, confirmed).order_by(RecoveryCase.opened_at.desc(), RecoveryCase.id)
    cases = [CaseTimes(context.now, *row) for row in db.session.execute(rows)]
    return RecoveryNumbers(cases, {state: sum(each.state == state for each in cases) for state in ENDINGS})
