"""Proofs of an act: kept when the second factor shown for it was right, spent by the act's own transaction (RA-1)."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from portal import clock
from portal.db import change, db, insert_into, read, write
from portal.flows.base.batches import change_in_batches, some_of
from portal.flows.base.context import Act, RequestContext
from portal.models import ActProof, User
from portal.settings import config

P = ActProof
REPLACE = delete(P).where(P.attempt == bindparam("whose"))
IS_OVER = (P.expires_at <= bindparam("now")) | (P.expires_at > bindparam("latest"))
# One use, within its time, and while neither the password nor a factor has changed since.
HOLDS = (
    P.attempt == bindparam("whose"),
    P.used_at.is_(None),
    ~IS_OVER,
    P.generation == select(User.generation).where(User.id == P.user_id).scalar_subquery(),
)
FIND = select(P.attempt).where(*HOLDS)
SPEND = update(P).where(*HOLDS).values(used_at=bindparam("now")).execution_options(synchronize_session=False)
FIND_OVER = some_of(select(P.attempt).where(IS_OVER))
DELETE_OVER = delete(P).where(P.attempt.in_(bindparam("keys", expanding=True)))


class ProofDue(Exception):
    """The act has no proof of its own, or another request has spent it: nothing was changed, and the page asks for one."""


def keep_proof(context: RequestContext, act: Act, generation: int) -> None:
    """Keep that a second factor was shown for this act, in the open transaction. `generation`: of the visitor's account, now."""
    attempt = act.attempt(context.user.session_id)
    change(REPLACE, {"whose": attempt})
    ends_at = context.now + config.ACT_PROOF_LIFE
    row = {"attempt": attempt, "user_id": context.user.user_id, "generation": generation, "expires_at": ends_at, "used_at": None}
    write(insert_into(P), row)


def has_proof(context: RequestContext, act: Act) -> bool:
    """Whether the visitor has shown a second factor for this act, in this session, and it is still good. Read-only."""
    return read(FIND, which(context, act)).first() is not None


def spend_proof(context: RequestContext, act: Act) -> None:
    """Spend the act's proof, in the act's own transaction: one UPDATE settles a race. Raises ProofDue, after a rollback."""
    if change(SPEND, which(context, act)) != 1:
        db.session.rollback()
        raise ProofDue


def which(context: RequestContext, act: Act) -> dict[str, Any]:
    """The parameters of HOLDS."""
    latest = clock.latest_end(context.now, config.ACT_PROOF_LIFE)
    return {"whose": act.attempt(context.user.session_id), "now": context.now, "latest": latest}


def delete_over(now: datetime) -> None:
    """Delete everyone's proofs that are over: the worker's sweep."""
    change_in_batches(FIND_OVER, DELETE_OVER, {"now": now, "latest": clock.latest_end(now, config.ACT_PROOF_LIFE)})
