"""Which methods a practice has added to those that its people may choose. Those who have one keep it, whatever the practice does later."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from portal.db import begin_write, change, db, read
from portal.flows.base.audit import record_event
from portal.flows.base.context import METHODS_APART, RequestContext
from portal.flows.base.rule_record import ADDED_METHODS, record_rule
from portal.methods import Method, switched_on
from portal.models import Authenticator, Practice, User

OWN_PRACTICE = Practice.id == bindparam("practice")
LOCK_ADDED = select(Practice.added_methods).where(OWN_PRACTICE).with_for_update()
WRITE_ADDED = update(Practice).where(OWN_PRACTICE).values(added_methods=bindparam("names"))
COUNT_HOLDERS = (
    select(Authenticator.method, func.count(Authenticator.user_id.distinct()))
    .join_from(Authenticator, User, Authenticator.user_id == User.id)
    .where(User.practice_id == bindparam("practice"), User.disabled_at.is_(None))
    .group_by(Authenticator.method)
)


@dataclass(frozen=True)
class MethodChoice:
    """A method of the operator's, as the practice's administrator sees it."""

    method: Method
    may_change: bool  # whether the practice adds it, or it is everybody's
    is_added: bool
    holders: int  # how many of the practice have it set up


def may_add(context: RequestContext) -> list[Method]:
    """The methods that the operator lets practices add."""
    return [each for each in switched_on() if each.additional and context.policy.allows(each)]


def list_choices(context: RequestContext) -> list[MethodChoice]:
    """What people at the visitor's practice may choose, and what could be added."""
    held = {row[0]: row[1] for row in read(COUNT_HOLDERS, {"practice": context.user.practice_id})}
    return [
        MethodChoice(each, each.additional, each.name in context.user.added, held.get(each.name, 0))
        for each in switched_on()
        if context.policy.allows(each)
    ]


def set_added(context: RequestContext, chosen: Method, is_added: bool) -> None:
    """Let the visitor's practice choose the method from now on, or not anymore. Idempotent."""
    begin_write()
    own = {"practice": context.user.practice_id}
    names = set(filter(None, read(LOCK_ADDED, own).scalar_one().split(METHODS_APART)))
    if (chosen.name in names) == is_added:
        db.session.rollback()
        return
    names ^= {chosen.name}
    joined = METHODS_APART.join(sorted(names))
    change(WRITE_ADDED, {**own, "names": joined})
    record_rule(context, context.user.practice_id, ADDED_METHODS, joined)
    if is_added:
        record_event(context, "method_added", factor=chosen.name)
    else:
        record_event(context, "method_withdrawn", factor=chosen.name)
    db.session.commit()
