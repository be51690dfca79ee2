"""What a page's script hands to the browser: the options of a method that lives there, with a new challenge."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

from portal import clock
from portal.crypto import SealBroken
from portal.db import begin_write, db
from portal.flows.base.batches import change_in_batches, some_of
from portal.flows.base.context import RequestContext
from portal.flows.factors import bindings, setup
from portal.flows.factors.challenges import EVERY, attempt_key, live_authenticators, open_secret
from portal.methods import Method, Script, Secret, method
from portal.models import Authenticator, OpenChallenge, User
from portal.open_challenges import IS_OVER, make_challenge
from portal.settings import config

FIND_OVER = some_of(select(OpenChallenge.attempt).where(IS_OVER))
DELETE_OVER = delete(OpenChallenge).where(OpenChallenge.attempt.in_(bindparam("keys", expanding=True)))


def prompt_sign_in(context: RequestContext, method_name: str) -> dict[str, Any] | None:
    """For this sign-in or confirmation; None if none of the visitor's authenticators works that way, or no secret can be decrypted."""
    kind = method(method_name)
    if kind is None or kind.script is None:
        return None
    begin_write()
    user = bindings.lock_user(context)
    own = open_all(context, user, [row for row in live_authenticators(context) if row.method == kind.name])
    if not own:
        db.session.rollback()
        return None
    challenge = make_challenge(user.id, attempt_key(context), context.now)
    db.session.commit()
    return kind.script.ask(own[0], challenge, [secret.text for secret in own])


def prompt_set_up(context: RequestContext, chosen: Method, script: Script) -> dict[str, Any]:
    """For the visitor's binding, by the method's script. Raises StepNotDue, ProofDue, Refused("set_up_expired")."""
    begin_write()
    user = bindings.lock_user(context)
    binding = setup.find_binding(context, user, chosen).binding
    secret = bindings.binding_secret(context, user, binding)
    rows = db.session.scalars(EVERY, {"owner": user.id}).all()
    own = open_all(context, user, [row for row in rows if row.method == chosen.name])
    challenge = make_challenge(user.id, secret.attempt, context.now)
    db.session.commit()
    return script.create(secret, challenge, [each.text for each in own])


def open_all(context: RequestContext, user: User, rows: list[Authenticator]) -> list[Secret]:
    """The secrets that can be decrypted, for this attempt."""
    opened = []
    for row in rows:
        try:
            opened.append(open_secret(context, user, row, attempt_key(context)))
        except SealBroken:
            continue
    return opened


def delete_over(now: datetime) -> None:
    """Delete everyone's challenges that are over: the worker's sweep."""
    change_in_batches(FIND_OVER, DELETE_OVER, {"now": now, "latest": clock.latest_end(now, config.CHALLENGE_LIFE)})
