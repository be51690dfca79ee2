"""Account recovery: what a person asked for, the case of one account, and what was written about it (RC-1 to RC-9)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, new_id

CASE_STATES = (
    "asked", "proving", "waiting", "checking", "answering", "deciding", "ready", "setting_up",
    "done", "stopped", "refused", "lapsed",
)  # fmt: skip
IS_OPEN = text("ended_at IS NULL")


class RecoveryTicket(Base):
    """One request as its sender sees it, by its reference number. There is one for an address that no account has, too (EN-1).

    `case_ids`: the cases whose code was mailed for it, as many as accounts share the address; `case_id`: the one whose code was
    entered, in the browser with that hash. A ticket proves nothing: what counts is the case's.
    """

    __tablename__ = "recovery_tickets"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)  # the reference number, without dashes
    case_ids: Mapped[list[Any]] = mapped_column(JSON)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("recovery_cases.id"), index=True)
    story_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # "What happened"
    practice_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # as it was typed
    browser_hash: Mapped[str | None] = mapped_column(String(64))  # of the browser that entered the code
    wrong_codes: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]


class RecoveryCase(Base):
    """The recovery of one account; at most one is open for each. Its states: `flows/base/recovery_cases.py`."""

    __tablename__ = "recovery_cases"
    __table_args__ = (
        CheckConstraint(f"state in ({', '.join(repr(each) for each in CASE_STATES)})", name="state"),
        Index("ix_recovery_cases_open", "user_id", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_recovery_cases_waiting", "state_since", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("ix_recovery_cases_user_id_opened_at", "user_id", "opened_at"),
        Index("ix_recovery_cases_state", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    generation: Mapped[int]  # User.generation when it was opened: it ends those factors and no later ones
    state: Mapped[str] = mapped_column(String(12))
    state_since: Mapped[datetime]
    opened_at: Mapped[datetime]
    # The mailed code is derived from the seed and the encryption keys, so that it can be mailed again.
    code_seed: Mapped[str] = mapped_column(String(64))
    code_until: Mapped[datetime]
    code_mailed_at: Mapped[datetime | None]
    wrong_codes: Mapped[int] = mapped_column(
        default=0, server_default="0"
    )  # of all tickets, in browsers that the account is new to
    known_wrong_codes: Mapped[int] = mapped_column(default=0, server_default="0")  # in those it is not
    # What was shown, and when (RC-1).
    confirmed_at: Mapped[datetime | None]  # the mailed code
    password_at: Mapped[datetime | None]
    text_at: Mapped[datetime | None]
    backup_code_at: Mapped[datetime | None]
    identity_at: Mapped[datetime | None]  # support's checks were enough
    browser_hash: Mapped[str | None] = mapped_column(String(64))  # of the browser that showed the second proof, or asked support
    # The notices about the waiting time, by outbox row: it begins when the last of them has gone out.
    notice_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    asked_support_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]  # until when support has promised to answer
    first_due_at: Mapped[datetime | None]  # the promise that was made when it was asked, by which it is measured
    answered_at: Mapped[datetime | None]  # when support first decided or asked for more
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who works on it
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # call-back words, both sides'
    checks: Mapped[list[Any]] = mapped_column(JSON, default=list)  # identity proofs: keys of a short list
    draft_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # what an agent typed, while they confirm who they are
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # the first of two approvers, or the only one
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who made the last decision
    decided_at: Mapped[datetime | None]
    replaced: Mapped[list[Any]] = mapped_column(JSON, default=list)  # the old authenticators' names
    stopped_by: Mapped[str | None] = mapped_column(
        String(12)
    )  # the channel: "email", "session", "requester", "support", "sign_in"
    ended_at: Mapped[datetime | None]


class RecoveryNote(Base):
    """What was written about a case: an agent's note, support's question to the person, or the person's answer. Append-only."""

    __tablename__ = "recovery_notes"
    __table_args__ = (
        CheckConstraint("kind in ('note', 'question', 'answer')", name="kind"),
        Index("ix_recovery_notes_case_id_written_at", "case_id", "written_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("recovery_cases.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: the person who asked
    kind: Mapped[str] = mapped_column(String(8))
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime]


def recovery_place(table: str, row_id: str, column: str) -> str:
    """The place that a sealed column of these tables is bound to: "ticket", "case", or "note", the row, and the column."""
    return f"recovery_{table}s:{row_id}:{column}"
