"""Bindings: authenticators being set up, with a sealed secret and not yet proved."""

from sqlalchemy import func, select

from portal import clock
from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.factors.challenges import method_context, open_secret
from portal.flows.messages import text_waits
from portal.methods import Method, Secret, Step, method
from portal.models import Authenticator, Binding, User, new_id, secret_place
from portal.send_limits import Wait
from portal.settings import config


def binding_secret(context: RequestContext, user: User, binding: Binding) -> Secret:
    """The binding's decrypted secret. Raises SealBroken."""
    return open_secret(context, user, binding, f"{text_waits.BINDING_PREFIX}{binding.id}")


def find_wait(context: RequestContext, binding: Binding, step: Step, secret: Secret) -> Wait | None:
    """The wait before the next text: to the binding's number, or to any number on the step that asks for one."""
    chosen = method(binding.method)
    if chosen is None or not chosen.sends:
        return None
    return text_waits.find_wait_in_setup(context, binding.user_id, secret.attempt, secret.text if step.verifies else "")


def new_binding(context: RequestContext, user: User, chosen: Method, replaces: str | None, is_extra: bool) -> Binding:
    """A binding with a new secret, sealed for the id it will keep as an authenticator."""
    binding_id = new_id()
    return Binding(
        id=binding_id,
        user_id=user.id,
        session_id=context.user.session_id,
        method=chosen.name,
        step=chosen.steps[0].name,
        replaces=replaces,
        is_extra=is_extra,
        secret_sealed=context.keys.seal(chosen.begin(method_context(context, user)), secret_place(user.id, binding_id)),
        created_at=context.now,
        expires_at=context.now + config.BINDING_LIFE,
    )


def is_binding_open(context: RequestContext, binding: Binding) -> bool:
    """Whether the binding is unexpired and its secret can be decrypted."""
    try:
        binding.secret(context.keys)
    except SealBroken:
        return False
    return clock.is_ahead(binding.expires_at, context.now, config.BINDING_LIFE)


def seal_secret(context: RequestContext, binding: Binding, text: str) -> None:
    """Store `text` as the binding's secret."""
    binding.secret_sealed = context.keys.seal(text, secret_place(binding.user_id, binding.id))


def count_authenticators(user_id: int) -> int:
    """How many authenticators a user has. They are limited because each raises the odds of a guess (RL-2)."""
    return db.session.scalar(select(func.count()).where(Authenticator.user_id == user_id)) or 0


def lock_user(context: RequestContext) -> User:
    """The visitor's user row, locked until the transaction ends."""
    return db.session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
