"""The end of a recovery: the emailed link and the password together end the old factors, and lead to set-up (rule 1, RC-7, RC-8)."""

import hmac

from sqlalchemy import select

from portal.answers import TEXT, Answer
from portal.crypto import token_hash
from portal.db import begin_write, db
from portal.flows.base import links, recent_changes
from portal.flows.base.audit import one_line, record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import READY, SETTING_UP, is_open, move
from portal.flows.base.throttle import lock_account
from portal.flows.factors import setup
from portal.flows.factors.on_file import unseal_contact
from portal.flows.messages import notices
from portal.flows.recovery import texts
from portal.flows.recovery.own_case import is_about
from portal.flows.recovery.stop import stop_link
from portal.flows.resets.end_access import end_access
from portal.flows.sign_in import link_password
from portal.flows.sign_in.sign_in import BegunSession
from portal.methods import Method, Step
from portal.models import Authenticator, Link, RecoveryCase, User
from portal.words.refusals import Refused

EVENT = "recovery_set_up"
WRONG = "recovery_link"  # the reason that a wrong password is recorded with


def owner_of_link(context: RequestContext, token: str) -> tuple[Link, RecoveryCase, User]:
    """The link, its case, and the account that it sets up again. Read-only. Raises Refused.

    Case and account are one statement's: between two, on PostgreSQL, somebody else may finish, and they would not fit each other.
    """
    link = links.read_link(context, token, links.RECOVERY)
    both = select(RecoveryCase, User).join(User, User.id == RecoveryCase.user_id)
    mine = both.where(RecoveryCase.id == str(link.facts["case"]), User.id == link.user_id)
    found = db.session.execute(mine, execution_options={"populate_existing": True}).first()
    if found is None:
        raise Refused("link_used")
    case, user = found
    if case.state not in (READY, SETTING_UP) or not is_open(context, case) or not is_about(case, user):
        raise Refused("link_used")
    if recent_changes.rests_on_mailbox(context, user.id) and not is_where_shown(context, case):
        raise Refused("recovery_browser" if case.browser_hash else "recovery_browsers")
    return link, case, user


def is_where_shown(context: RequestContext, case: RecoveryCase) -> bool:
    """Whether this is the browser that showed the second proof, or asked support.

    Else who reads the mailbox could set a password by one email, and use the link of the next in a recovery that the owner began.
    """
    return hmac.compare_digest(token_hash(context.browser or ""), case.browser_hash or "")


def set_up_by_link(context: RequestContext, token: str, password: str) -> BegunSession:
    """Begin a session with link and password together; the first time, the old factors end. The guards let it reach set-up alone.

    Until set-up is complete, both let in again, so that a closed tab costs nothing. Raises Refused.
    """
    link, case, user = owner_of_link(context, token)
    link_password.check_password(context, user, password, link.token_hash, "authn_login_fail", WRONG, case.id)
    begin_write()
    lock_account(user.id)
    try:
        link, case, user = owner_of_link(context, token)
        is_first = case.state == READY
        if is_first:
            end_factors(context, case, user)
    except Refused:
        db.session.rollback()
        raise
    begun = link_password.begin_link_session(context, user, link, WRONG, is_told=is_first)
    db.session.commit()
    return begun


def text_known_number(context: RequestContext, chosen: Method) -> Step | None:
    """In the set-up after a recovery, text the number on file at once if its owner had proved it: one page less.

    Returns the step that asks for the code; None if the number is asked for first, as where no text may go there now.
    """
    if not (chosen.sends_texts and context.user.is_reset):
        return None
    user, binding, step = db.session.get_one(User, context.user.user_id), setup.open_binding(context), chosen.steps[0]
    number = unseal_contact(context, user, "phone") if user.phone_confirmed_at else ""
    if not number or binding is None or binding.step != step.name:
        return None
    try:
        return setup.submit_step(context, chosen, step, Answer(TEXT, number))
    except (Refused, setup.StepNotDue):
        return None


def end_factors(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """End what the account had, and name it to every address and number, in the open transaction. Raises Refused if it has changed."""
    rows = select(Authenticator.name).where(Authenticator.user_id == user.id).order_by(Authenticator.created_at, Authenticator.id)
    names = [one_line(name) for name in db.session.scalars(rows)]
    texts.queue_news(context, user, EVENT, texts.SET_UP_TEXT, stop_link(context, user, case))  # while the numbers are there
    moved = move(context, case.id, (READY,), SETTING_UP, replaced=names, generation=RecoveryCase.generation + 1)
    ended = end_access(context, user.id, case.generation, EVENT) if moved else None
    if ended is None:
        raise Refused("link_used")
    record_event(context, EVENT, about=user, factor=ended[1], case_id=case.id)
    notices.queue_notice(context, user, EVENT, case=case.id, replaced=names)
