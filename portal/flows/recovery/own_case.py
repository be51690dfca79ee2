"""The case of whoever entered the mailed code in this browser, and what its account can show next (RC-1)."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.db import begin_write, db
from portal.flows.base import recent_changes
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import find_open_case
from portal.flows.base.throttle import lock_account
from portal.flows.factors import code_sets
from portal.flows.recovery import texts
from portal.flows.recovery.requests import find_case, is_confirmed_here
from portal.models import RecoveryCase, RecoveryTicket, User
from portal.policy import policy_of
from portal.words.refusals import Refused

IsOurs = Callable[[RequestContext, RecoveryTicket], bool]


@dataclass(frozen=True)
class Ways:
    """The proofs that an account can show by itself, besides support's check, which is open to everybody."""

    password: bool = False
    text: bool = False
    backup_code: bool = False
    has_new_password: bool = False  # set by email: it shows the mailbox once more
    has_new_address: bool = False  # an email address changed within 72 hours, so that the mailed code proves too little
    is_staff: bool = False  # staff always go through support


def read_own_case(
    context: RequestContext, ticket: RecoveryTicket, is_ours: IsOurs = is_confirmed_here
) -> tuple[RecoveryCase, User]:
    """The case of a ticket whose code was entered in this browser, and its account. Read-only. Raises Refused("recovery_moved")."""
    case = find_case(ticket) if is_ours(context, ticket) else None
    if case is None:
        raise Refused("recovery_moved")
    return case, db.session.get_one(User, case.user_id, populate_existing=True)


def lock_own_case(
    context: RequestContext, ticket: RecoveryTicket, *states: str, is_ours: IsOurs = is_confirmed_here
) -> tuple[RecoveryCase, User]:
    """Begin to write about that case: it is open, in one of the `states`, and its account's row is locked. Raises Refused."""
    user_id = read_own_case(context, ticket, is_ours)[0].user_id
    begin_write()
    user = lock_account(user_id)
    case = find_open_case(context, user_id)
    if case is None or case.id != ticket.case_id or case.state not in states or not is_about(case, user):
        db.session.rollback()
        raise Refused("recovery_moved")
    return case, user


def is_about(case: RecoveryCase, user: User) -> bool:
    """Whether the account still has the factors that the case is to replace."""
    return user.generation == case.generation and user.two_factor != "off" and user.disabled_at is None


def list_ways(context: RequestContext, user: User) -> Ways:
    """What the account can show. A number that changed within 72 hours does not count, nor does a password that rests on the mailbox."""
    if policy_of(user.role).must_use:
        return Ways(is_staff=True)
    if recent_changes.has_changed(context, user.id, *recent_changes.ADDRESSES):
        return Ways(has_new_address=True)
    has_new_password = recent_changes.rests_on_mailbox(context, user.id)
    return Ways(
        password=not has_new_password,
        text=texts.find_number(context, user) is not None,
        backup_code=code_sets.count_unused(user.id) > 0,
        has_new_password=has_new_password,
    )
