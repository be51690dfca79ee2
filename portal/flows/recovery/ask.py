"""Asking for account recovery: finds the accounts of an address, mails each its code, and tells the sender nothing (EN-3).

An address that no account has gets a reference number, a page, and work of the same length. What is sent is limited by account,
whoever asks: requests in floods fill no mailbox, and lock nobody out, because all of them share one case and one code (RL-7).
"""

from contextlib import suppress

from sqlalchemy import ColumnElement, select

from portal.crypto import SealBroken
from portal.db import begin_write, db
from portal.flows.base.audit import count_event, record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import Limit, charge_at_once, charge_or_refuse, make_limit
from portal.flows.base.recovery_cases import ASKED, LAPSED, end_case, find_open_case
from portal.flows.factors import shared_secrets
from portal.flows.messages import notices
from portal.flows.recovery import codes, requests
from portal.flows.recovery.codes import mail_limits
from portal.flows.recovery.stop import void_way_in
from portal.flows.sessions.known_browsers import is_known_browser
from portal.limit_address import limit_address
from portal.models import RecoveryCase, RecoveryTicket, User, fold_email, new_id, recovery_place
from portal.references import new_reference
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "recovery_asked"


def ask_recovery(context: RequestContext, email: str, practice: str, story: str) -> str:
    """Take a request and mail the code to whom it is about; returns its reference number, for every address.

    Raises Refused: "recovery_often" with the wait, for a network that asked too often; "story_secret".
    """
    ticket_id = new_reference()
    begin_write()
    charge_or_refuse(context, [requests_limit(context)], "recovery_often")
    db.session.commit()
    if shows_secret(context, email, practice, story):
        raise Refused("story_secret")
    begin_write()
    charge_or_refuse(context, mail_limits(context, ticket_id), "recovery_often")
    users = find_accounts(context, email)
    cases = [case for user in users if (case := serve(context, user, email))]
    if not cases:
        spend_equal_work(context, ticket_id)
    if not users:
        record_event(context, EVENT, reason="nobody", refused=True)
    add_ticket(context, ticket_id, [case.id for case in cases], practice, story)
    db.session.commit()
    return ticket_id


def spend_shown(context: RequestContext, email: str, practice: str, story: str) -> None:
    """Spend the backup codes that a refused request shows, and record its keys, for as many requests as a network may send."""
    with suppress(Refused):
        charge_at_once(context, [requests_limit(context)])
        shows_secret(context, email, practice, story)


def shows_secret(context: RequestContext, email: str, practice: str, story: str) -> bool:
    """Whether a request holds a backup code or a key of an account with that address; it is spent then. It takes as long for none."""
    owners = db.session.scalars(select(User.id).where(*has_address(context, email)).limit(config.ACCOUNTS_PER_ADDRESS)).all()
    typed = {"practice": practice, "story": story}
    return shared_secrets.spend_unguessable(context, typed, owners, config.ACCOUNTS_PER_ADDRESS)


def requests_limit(context: RequestContext) -> Limit:
    """How many requests one network may send."""
    address = limit_address(context.ip)
    return make_limit(context.keys, config.RECOVERY_REQUESTS, config.RECOVERY_REQUESTS_IN, "recovery", address)


def find_accounts(context: RequestContext, email: str) -> list[User]:
    """The accounts that have that address; their rows are locked."""
    rows = select(User).where(*has_address(context, email)).order_by(User.id).with_for_update()
    return list(db.session.scalars(rows.limit(config.ACCOUNTS_PER_ADDRESS)))


def has_address(context: RequestContext, email: str) -> tuple[ColumnElement[bool], ...]:
    """SQL: the open accounts with that address."""
    return User.email_hash.in_(context.keys.look_up_hashes(fold_email(email))), User.disabled_at.is_(None)


def add_ticket(context: RequestContext, ticket_id: str, case_ids: list[str], practice: str, story: str) -> None:
    def seal(text: str, column: str) -> bytes:
        return context.keys.seal(text, recovery_place("ticket", ticket_id, column))

    sealed = {"practice_sealed": seal(practice, "practice"), "story_sealed": seal(story, "story")}
    db.session.add(RecoveryTicket(id=ticket_id, case_ids=case_ids, created_at=context.now, **sealed))


# --- the code


def serve(context: RequestContext, user: User, typed: str) -> RecoveryCase | None:
    """The account's case, whose code is mailed; None for an account without a second factor, whose owner is told so by email."""
    if user.two_factor == "off":
        if codes.may_mail(context, str(user.id)):
            record_event(context, EVENT, reason="off", refused=True, about=user)
            notices.queue_notice(context, user, "recovery_off", to=own_address(context, user, typed), username=user.username)
        return None
    case = find_open_case(context, user.id) or open_case(context, user)
    mail_code(context, user, case, own_address(context, user, typed))
    return case


def open_case(context: RequestContext, user: User) -> RecoveryCase:
    """A new case; one that stayed too long in its state is closed first."""
    was = db.session.scalar(select(RecoveryCase.state).where(RecoveryCase.user_id == user.id, RecoveryCase.ended_at.is_(None)))
    if end_case(context, user.id, LAPSED):
        void_way_in(context, user.id, was, "recovery_lapsed")
    now = {"state_since": context.now, "opened_at": context.now, "code_until": context.now}  # its first email makes the code
    tries = {"wrong_codes": 0, "known_wrong_codes": 0}
    case = RecoveryCase(id=new_id(), user_id=user.id, generation=user.generation, state=ASKED, code_seed="", **tries, **now)
    db.session.add(case)
    db.session.flush()
    return case


def mail_code(context: RequestContext, user: User, case: RecoveryCase, address: str) -> None:
    """Queue the email with the case's code, unless the account had one a moment ago, or several in the hour."""
    is_known = is_known_browser(context, user)
    if not codes.may_mail_code(context, user, case, is_known):
        count_event(context, EVENT, "mailed_lately", about=user)
        return
    if not codes.is_code_live(context, case, is_known):
        codes.renew_code(context, case)
    case.code_mailed_at = context.now
    record_event(context, EVENT, about=user, case_id=case.id)
    facts = {"username": user.username, "until": case.code_until.isoformat(), notices.CASE: case.id}
    notices.queue_notice(context, user, "recovery_code", link=codes.codes_of(context, case)[0], to=address, **facts)


def own_address(context: RequestContext, user: User, typed: str = "") -> str:
    """The account's address. If the keys at hand do not open it, it is what was typed, since the index that found the account is its hash.

    That is sealed anew then, so that the link at the end of the recovery can be mailed.
    """
    try:
        return user.unseal(context.keys, "email") or typed
    except SealBroken:
        if typed:
            user.seal(context.keys, "email", typed)
        return typed


def spend_equal_work(context: RequestContext, ticket_id: str) -> None:
    """Do the work of a code that nobody gets (EN-2): the queries, a limit of the request's own, the code, and two seals."""
    codes.may_mail(context, f"nobody {ticket_id}")
    find_open_case(context, 0)
    codes.spend_equal_work(context)
    notices.spend_equal_work(context)


# --- again


def mail_code_again(context: RequestContext, reference: str) -> None:
    """Mail the code of a request again, if there is anybody to mail it to. It opens no case: that takes a new request.

    Raises Refused: "recovery_unknown", "recovery_late", or "recovery_mailed" with the wait, alike for every address.
    """
    begin_write()
    ticket = requests.lock_ticket(reference)
    if ticket is None or requests.is_late(context, ticket):
        db.session.rollback()
        raise Refused("recovery_late" if ticket else "recovery_unknown")
    charge_or_refuse(context, mail_limits(context, ticket.id), "recovery_mailed")
    found = [(user, case, own_address(context, user)) for user, case in lock_open_cases(context, ticket)]
    for user, case, address in found:
        if address:
            mail_code(context, user, case, address)
    if not found:
        spend_equal_work(context, ticket.id)
    db.session.commit()


def lock_open_cases(context: RequestContext, ticket: RecoveryTicket) -> list[tuple[User, RecoveryCase]]:
    """The cases that a code may be entered for here, while they are open, with their accounts, whose rows are locked.

    All that the request found, or the one whose code was entered.
    """
    ids = [ticket.case_id] if ticket.case_id else ticket.case_ids
    owners = select(RecoveryCase.user_id).where(RecoveryCase.id.in_(ids))
    users = select(User).where(User.id.in_(owners), User.disabled_at.is_(None)).order_by(User.id).with_for_update()
    found = db.session.scalars(users, execution_options={"populate_existing": True}).all()
    pairs = [(user, find_open_case(context, user.id)) for user in found]
    return [(user, case) for user, case in pairs if case is not None and case.id in ids]
