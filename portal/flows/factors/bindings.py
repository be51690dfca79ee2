"""Bindings: authenticators being set up, with a sealed secret and not yet proved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, or_, select

from portal import clock
from portal.crypto import SealBroken
from portal.db import load, read
from portal.flows.base.batches import change_in_batches, some_of
from portal.flows.base.context import RequestContext
from portal.flows.factors.challenges import method_context, open_secret
from portal.flows.messages import text_waits
from portal.methods import Method, Secret, Step, method
from portal.models import Authenticator, BackupCodeSet, Binding, TrustedBrowser, User, new_id, secret_place
from portal.send_limits import Wait
from portal.settings import config

COUNT_AUTHENTICATORS = select(func.count()).where(Authenticator.user_id == bindparam("owner"))
# A person's binding with each of their authenticators, and whether they have live backup codes and trusted browsers. Read when their row
# is locked, in a statement of its own, so that nothing is missed that was written while this one waited for the lock.
FIND_BINDING = (
    select(
        *Binding.__table__.c,
        exists().where(BackupCodeSet.user_id == bindparam("owner"), BackupCodeSet.replaced_at.is_(None)),
        exists().where(TrustedBrowser.user_id == bindparam("owner"), TrustedBrowser.ended_at.is_(None)),
        *Authenticator.__table__.c,
    )
    .outerjoin(Authenticator, Authenticator.user_id == Binding.user_id)
    .where(Binding.user_id == bindparam("owner"))
    .order_by(Authenticator.created_at, Authenticator.id)
)
# What `is_long_over` says.
IS_FORGOTTEN = or_(Binding.expires_at <= bindparam("over_since"), Binding.expires_at > bindparam("latest"))
FIND_FORGOTTEN = some_of(select(Binding.id).where(IS_FORGOTTEN))
DELETE_FORGOTTEN = delete(Binding).where(Binding.id.in_(bindparam("keys", expanding=True)))
LOCK_USER = select(*User.__table__.c).where(User.id == bindparam("own")).with_for_update()
DELETE_BINDING = delete(Binding).where(Binding.id == bindparam("own"))


@dataclass(frozen=True)
class Pending:
    """A set-up under way, and what its end has to do with."""

    binding: Binding
    authenticators: list[Authenticator]  # oldest first
    has_codes: bool
    has_trust: bool


def find_pending(context: RequestContext, user_id: int) -> Pending | None:
    """The person's binding, perhaps just expired; None if there is none. Their row is locked."""
    rows = read(FIND_BINDING, {"owner": user_id}).all()
    if not rows:
        return None
    ends = len(Binding.__table__.c)
    binding = load(Binding, rows[0][:ends])
    if is_long_over(binding.expires_at, context.now):
        return None
    has_codes, has_trust, authenticator_id, *_ = rows[0][ends:]
    authenticators = [load(Authenticator, row[ends + 2 :]) for row in rows] if authenticator_id else []
    return Pending(binding, authenticators, has_codes, has_trust)


def is_long_over(ends_at: datetime, now: datetime) -> bool:
    """Whether a binding expired a day ago, or was begun by a clock that ran ahead: it counts as gone."""
    return not clock.is_ahead(ends_at + config.BINDING_KEPT, now, config.BINDING_KEPT + config.BINDING_LIFE)


def binding_secret(context: RequestContext, user: User, binding: Binding) -> Secret:
    """The binding's decrypted secret. Raises SealBroken."""
    return open_secret(context, user, binding, f"{text_waits.BINDING_PREFIX}{binding.id}")


def find_wait(context: RequestContext, binding: Binding, step: Step, secret: Secret) -> Wait | None:
    """The wait before the next text: to the binding's number, or to any number on the step that asks for one."""
    chosen = method(binding.method)
    if chosen is None or not chosen.sends:
        return None
    return text_waits.find_wait_in_setup(context, binding.user_id, secret.attempt, secret.text if step.verifies else "")


def new_binding(context: RequestContext, user: User, chosen: Method, replaces: str | None, is_extra: bool) -> dict[str, Any]:
    """The row of a binding with a new secret, sealed for the id it will keep as an authenticator."""
    binding_id = new_id()
    return {
        "id": binding_id,
        "user_id": user.id,
        "session_id": context.user.session_id,
        "method": chosen.name,
        "step": chosen.steps[0].name,
        "replaces": replaces,
        "is_extra": is_extra,
        "secret_sealed": context.keys.seal(chosen.begin(method_context(context, user)), secret_place(user.id, binding_id)),
        "created_at": context.now,
        "expires_at": context.now + config.BINDING_LIFE,
    }


def is_binding_open(context: RequestContext, binding: Binding) -> bool:
    """Whether the binding is unexpired and its secret can be decrypted."""
    try:
        binding.secret(context.keys)
    except SealBroken:
        return False
    return clock.is_ahead(binding.expires_at, context.now, config.BINDING_LIFE)


def long_ago(now: datetime) -> dict[str, datetime]:
    """The parameters of IS_FORGOTTEN."""
    return {"over_since": now - config.BINDING_KEPT, "latest": clock.latest_end(now, config.BINDING_LIFE)}


def delete_forgotten(now: datetime) -> None:
    """Delete everyone's bindings that are long over, and their secrets with them: the worker's sweep."""
    change_in_batches(FIND_FORGOTTEN, DELETE_FORGOTTEN, long_ago(now))


def seal_secret(context: RequestContext, binding: Binding, text: str) -> None:
    """Store `text` as the binding's secret."""
    binding.secret_sealed = context.keys.seal(text, secret_place(binding.user_id, binding.id))


def count_authenticators(user_id: int) -> int:
    """How many authenticators a user has. They are limited because each raises the odds of a guess (RL-2)."""
    return int(read(COUNT_AUTHENTICATORS, {"owner": user_id}).scalar() or 0)


def lock_user(context: RequestContext) -> User:
    """The visitor's user row, locked until the transaction ends."""
    return load(User, read(LOCK_USER, {"own": context.user.user_id}).one())
