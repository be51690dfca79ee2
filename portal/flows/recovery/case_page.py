"""What the page of one case shows to support: what was asked, what was shown, how it is checked, and who has it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import ALARMING, DECIDING
from portal.flows.messages.notices import describe_browser
from portal.flows.recovery import identity
from portal.flows.recovery.account import Account, describe_account
from portal.flows.recovery.case import NOBODY, UNDECIDED, open_sealed, state_of
from portal.flows.recovery.notes import Note, list_notes
from portal.flows.recovery.queue import PROMISED, is_overdue
from portal.flows.recovery.support import open_words
from portal.models import Event, RecoveryCase, RecoveryTicket, User
from portal.settings import config
from portal.words.refusals import N_

# What somebody showed, by event and factor.
SHOWN = {
    ("recovery_confirmed", None): N_("The code that we emailed: they can read the mailbox"),
    ("recovery_proof", "password"): N_("Their current password"),
    ("recovery_proof", "text"): N_("A code that we texted to a number the account had proved"),
    ("recovery_proof", "backup_code"): N_("A backup code"),
    ("recovery_proof", "identity"): N_("Who they are, checked by support"),
}


@dataclass(frozen=True)
class Shown:
    """One proof, and from where."""

    label: str  # the page translates it
    at: datetime
    browser: str
    ip: str


@dataclass(frozen=True)
class Story:
    """One request as it was typed. None: the keys at hand do not open it."""

    reference: str  # without dashes
    text: str | None
    practice: str | None
    at: datetime


@dataclass(frozen=True)
class CaseView:
    """Everything that the page shows of a case."""

    id: str
    state: str
    opened_at: datetime
    due_at: datetime | None
    is_overdue: bool
    is_open: bool
    can_decide: bool  # whether this is the time for an agent's decision
    waits_for_me: bool  # whether the visitor may be the second person
    agent_id: int  # NOBODY if nobody has taken it
    agent: str
    is_mine: bool
    account: Account
    shown: list[Shown]
    stories: list[Story]
    proofs: list[identity.Proof]
    checks: list[str]
    worth: int
    words: tuple[str, str] | None  # support's, the person's
    notes: list[Note]
    second: str | None  # why a second person decides: a key of SECOND_REASONS
    approved_by: str
    decided_by: str
    decided_at: datetime | None

    @property
    def is_enough(self) -> bool:
        """Whether what was checked is enough to approve."""
        return self.worth >= config.IDENTITY_WORTH

    @property
    def can_call(self) -> bool:
        """Whether a call to the number on file shows something."""
        return any(each.key == identity.CALL_BACK and not each.why_not for each in self.proofs)


def describe_case(context: RequestContext, case: RecoveryCase) -> CaseView:
    """The page of a case from `find_case`. Read-only."""
    user = db.session.get_one(User, case.user_id)
    state = state_of(context, case)
    is_mine = case.agent_id == context.user.user_id
    return CaseView(
        id=case.id,
        state=state,
        opened_at=case.opened_at,
        due_at=case.due_at if state in PROMISED else None,
        is_overdue=state in PROMISED and is_overdue(context, case),
        is_open=state in ALARMING,
        can_decide=state in UNDECIDED,
        waits_for_me=state == DECIDING and case.approved_by_id != context.user.user_id,
        agent_id=case.agent_id or NOBODY,
        agent=name_of(case.agent_id),
        is_mine=is_mine,
        account=describe_account(context, user),
        shown=list_shown(case),
        stories=list_stories(context, case),
        proofs=identity.list_proofs(context, user),
        checks=list(case.checks),
        worth=identity.worth(case.checks),
        words=open_words(context, case),
        notes=list_notes(context, case),
        second=identity.needs_second(context, user),
        approved_by=name_of(case.approved_by_id),
        decided_by=name_of(case.decided_by_id),
        decided_at=case.decided_at,
    )


def name_of(user_id: int | None) -> str:
    return db.session.get_one(User, user_id).full_name if user_id else ""


def list_shown(case: RecoveryCase) -> list[Shown]:
    """What was shown for this case, oldest first."""
    own = (Event.case_id == case.id, Event.subject_id == case.user_id, Event.result == "ok")
    columns = (Event.event, Event.factor, Event.at, Event.user_agent, Event.ip)
    rows = select(*columns).where(*own, Event.event.in_({event for event, _ in SHOWN})).order_by(Event.at, Event.id)
    return [
        Shown(SHOWN[event, factor], at, describe_browser(agent), ip)
        for event, factor, at, agent, ip in db.session.execute(rows)
        if (event, factor) in SHOWN
    ]


def list_stories(context: RequestContext, case: RecoveryCase) -> list[Story]:
    """The requests whose code was entered for this case, newest first."""
    rows = select(RecoveryTicket).where(RecoveryTicket.case_id == case.id).order_by(RecoveryTicket.created_at.desc())
    return [
        Story(
            row.id,
            open_sealed(context, "ticket", row.id, "story", row.story_sealed),
            open_sealed(context, "ticket", row.id, "practice", row.practice_sealed),
            row.created_at,
        )
        for row in db.session.scalars(rows)
    ]
