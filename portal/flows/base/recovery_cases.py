"""The states of an account recovery, and the only way from one to the next: one UPDATE that decides a race.

asked       a code was mailed; nobody has entered it, and nothing shows that the owner asked
proving     the code was entered: the mailbox is shown, a second proof is due (RC-1)
waiting     a second proof was shown; a day passes in which the owner can stop it (RC-6)
checking    support checks who the person is
answering   support asked the person for more
deciding    one agent approved, a second person decides (AD-3)
ready       a link to set up again was mailed; it needs the password as well, and until then nothing has changed (RC-7)
setting_up  the old authenticators are void, and only set-up is open (rule 1)
done, stopped, refused, lapsed: over
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.models import RecoveryCase
from portal.settings import config

ASKED, PROVING, WAITING, CHECKING, ANSWERING = "asked", "proving", "waiting", "checking", "answering"
DECIDING, READY, SETTING_UP = "deciding", "ready", "setting_up"
DONE, STOPPED, REFUSED, LAPSED = "done", "stopped", "refused", "lapsed"
ALARMING = (PROVING, WAITING, CHECKING, ANSWERING, DECIDING, READY, SETTING_UP)  # someone has shown the mailbox
OPEN = (ASKED, *ALARMING)
WITH_SUPPORT = (CHECKING, ANSWERING, DECIDING)
# How long a case may stay in each state.
LIVES: dict[str, timedelta] = {
    ASKED: config.RECOVERY_CODE_LIFE,
    PROVING: config.RECOVERY_PROVING,
    WAITING: config.RECOVERY_WAITING,
    CHECKING: config.RECOVERY_SUPPORT,
    ANSWERING: config.RECOVERY_ANSWER,
    DECIDING: config.RECOVERY_SUPPORT,
    READY: config.RECOVERY_READY,
    SETTING_UP: config.RESET_LINK_LIFE,
}


def lapses_at(case: RecoveryCase) -> datetime | None:
    """When the case lapses if it stays in its state; None if it is over."""
    return case.state_since + LIVES[case.state] if case.state in LIVES else None


def is_open(context: RequestContext, case: RecoveryCase) -> bool:
    """Whether the case is neither over nor too old; one from a clock that ran ahead is not open either."""
    end = lapses_at(case)
    return (
        case.ended_at is None
        and end is not None
        and context.now < end <= context.now + LIVES[case.state] + config.CLOCK_TOLERANCE
    )


def find_open_case(context: RequestContext, user_id: int) -> RecoveryCase | None:
    """The account's open case, or None. In a write transaction the caller has locked the account's row, which serializes cases."""
    case = db.session.scalar(
        select(RecoveryCase).where(RecoveryCase.user_id == user_id, RecoveryCase.ended_at.is_(None)),
        execution_options={"populate_existing": True},
    )
    return case if case is not None and is_open(context, case) else None


def move(context: RequestContext, case_id: str, origins: tuple[str, ...], state: str, **values: Any) -> bool:
    """Bring an open case from one of `origins` into `state`, in the open transaction; False if another request was first.

    `values`: other columns, written by the same UPDATE. A loaded case is not refreshed.
    """
    is_there = (RecoveryCase.id == case_id, RecoveryCase.state.in_(origins), RecoveryCase.ended_at.is_(None))
    ended_at = None if state in OPEN else context.now
    moved = update(RecoveryCase).where(*is_there).values(state=state, state_since=context.now, ended_at=ended_at, **values)
    return change(moved) == 1


def end_case(context: RequestContext, user_id: int, state: str, *origins: str, **values: Any) -> bool:
    """End the account's open case, if it has one in one of `origins` (any, if none is named); part of the open transaction."""
    is_open = (RecoveryCase.user_id == user_id, RecoveryCase.ended_at.is_(None), RecoveryCase.state.in_(origins or OPEN))
    over = {"state": state, "state_since": context.now, "ended_at": context.now}
    return change(update(RecoveryCase).where(*is_open).values(**over, **values)) == 1


def follow_new_password(context: RequestContext, user_id: int) -> None:
    """Let the account's open case outlive a new password, which leaves the factors as they are; part of the open transaction.

    The old password proves nothing any more: a case that rests on it alone needs another proof.
    """
    own = (RecoveryCase.user_id == user_id, RecoveryCase.ended_at.is_(None))
    change(update(RecoveryCase).where(*own).values(generation=RecoveryCase.generation + 1, password_at=None))
    others = (RecoveryCase.text_at, RecoveryCase.backup_code_at, RecoveryCase.identity_at)
    alone = (RecoveryCase.state.in_((WAITING, READY)), *(other.is_(None) for other in others))
    change(update(RecoveryCase).where(*own, *alone).values(state=PROVING, state_since=context.now, notice_ids=[]))
