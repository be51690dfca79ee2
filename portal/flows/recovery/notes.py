"""What is written about a case: agents' notes, support's questions and the person's answers, and drafts kept during step-up."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import ALARMING, ANSWERING, move
from portal.flows.messages import notices
from portal.flows.recovery.case import UNDECIDED, lock_case, lock_taken_case, open_sealed, record_for_both, roll_back, why_closed
from portal.flows.recovery.queue import find_references
from portal.models import RecoveryCase, RecoveryNote, User, new_id, recovery_place
from portal.references import format_reference
from portal.settings import config

NOTE, QUESTION, ANSWER = "note", "question", "answer"


@dataclass(frozen=True)
class Note:
    """One text in a case's file. `author` is an agent's name, or "" for the person who asked."""

    kind: str
    author: str
    text: str | None  # None: the keys at hand do not open it
    at: datetime


def list_notes(context: RequestContext, case: RecoveryCase, *kinds: str) -> list[Note]:
    """The case's notes of these kinds (all, if none is named), newest first."""
    rows = (
        select(RecoveryNote, User.full_name)
        .outerjoin(User, User.id == RecoveryNote.author_id)
        .where(RecoveryNote.case_id == case.id, RecoveryNote.kind.in_(kinds or (NOTE, QUESTION, ANSWER)))
        .order_by(RecoveryNote.written_at.desc(), RecoveryNote.id.desc())
        .limit(config.NOTES_SHOWN)
    )
    return [as_note(context, row, author) for row, author in db.session.execute(rows)]


def as_note(context: RequestContext, row: RecoveryNote, author: str | None) -> Note:
    return Note(row.kind, author or "", open_sealed(context, "note", row.id, "text", row.text_sealed), row.written_at)


def add_note(context: RequestContext, case: RecoveryCase, kind: str, text: str, author_id: int | None) -> None:
    """Add a text to the open transaction."""
    note_id = new_id()
    sealed = context.keys.seal(text, recovery_place("note", note_id, "text"))
    row = RecoveryNote(id=note_id, case_id=case.id, author_id=author_id, kind=kind, text_sealed=sealed, written_at=context.now)
    db.session.add(row)


def write_note(context: RequestContext, case_id: str, text: str) -> None:
    """Add an agent's note. Idempotent: the same text within a minute is added once. Raises Refused."""
    case, user = lock_case(context, case_id, *ALARMING)
    newest = next(iter(list_notes(context, case, NOTE)), None)
    if newest and newest.text == text and clock.is_recent(newest.at, context.now, config.NOTE_ONCE):
        db.session.rollback()
        return
    add_note(context, case, NOTE, text, context.user.user_id)
    record_for_both(context, "recovery_noted", case, user)
    db.session.commit()


def ask_more(context: RequestContext, case_id: str, question: str) -> None:
    """Ask the person for more, by an email without the question: that is on their page. Raises Refused."""
    case, user = lock_taken_case(context, case_id, *UNDECIDED)
    answered_at = case.answered_at or context.now
    if not move(context, case.id, UNDECIDED, ANSWERING, answered_at=answered_at, draft_sealed=None):
        raise roll_back(why_closed(context, case))
    add_note(context, case, QUESTION, question, context.user.user_id)
    record_for_both(context, "recovery_more_asked", case, user)
    reference = format_reference(find_references([case.id])[case.id][0])
    notices.queue_notice(context, user, "recovery_more", reference=reference, **{notices.CASE: case.id})
    db.session.commit()


# --- drafts


def keep_draft(context: RequestContext, case_id: str, deed: str, text: str) -> None:
    """Keep what the visitor typed for one of the decisions during step-up; it replaces an older draft. Raises Refused."""
    case, _ = lock_taken_case(context, case_id, *ALARMING)
    draft = json.dumps([context.user.user_id, deed, text, context.now.timestamp()])
    case.draft_sealed = context.keys.seal(draft, recovery_place("case", case.id, "draft"))
    db.session.commit()


def read_draft(context: RequestContext, case: RecoveryCase, deed: str) -> str:
    """What the visitor typed for that decision a moment ago, or ""."""
    opened = open_sealed(context, "case", case.id, "draft", case.draft_sealed)
    if opened is None:
        return ""
    who, kept_for, text, at = json.loads(opened)
    is_theirs = (who, kept_for) == (context.user.user_id, deed)
    return text if is_theirs and clock.is_recent(clock.moment(at), context.now, config.RESET_DRAFT_LIFE) else ""
