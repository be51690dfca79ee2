"""The mailed code of a recovery request: it shows the mailbox, the first of two proofs, in the browser it was entered in (RC-1)."""

import hmac
from typing import Any, NoReturn

from sqlalchemy import update

from portal.crypto import token_hash
from portal.db import begin_write, change, db
from portal.flows.base.audit import count_event, record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import ASKED, PROVING, move
from portal.flows.base.throttle import lock_account
from portal.flows.messages import notices
from portal.flows.recovery import codes, requests
from portal.flows.recovery.ask import lock_open_cases
from portal.flows.sessions.known_browsers import is_known_browser
from portal.models import RecoveryCase, RecoveryTicket
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "recovery_confirmed"


def confirm_code(context: RequestContext, reference: str, code: str) -> None:
    """Take the mailed code; from then on this browser may go on with the case (`requests.is_confirmed_here`).

    Each try is charged before anything is compared, to the request and to the cases it may be for (RL-4). An address that no account
    has is refused alike. Raises Refused: "recovery_unknown", "recovery_late", "recovery_tries", "recovery_code_wrong" with the tries
    left.
    """
    begin_write()
    try:
        ticket = charge_ticket(context, reference)
    except Refused:
        db.session.rollback()
        raise
    asked = {case: is_known_browser(context, user) for user, case in lock_open_cases(context, ticket)}
    for case, is_known in asked.items():
        codes.charge_case(case, is_known)
    match = find_match(context, asked, code)
    if match is None:
        refuse_code(context, ticket, list(asked))
    for case, is_known in asked.items():
        if case is not match:
            codes.charge_case(case, is_known, -1)
    accept_code(context, ticket, match)
    db.session.commit()


def charge_ticket(context: RequestContext, reference: str) -> RecoveryTicket:
    """Charge a try to the request, whose row stays locked. Raises Refused."""
    ticket = requests.lock_ticket(reference)
    if ticket is None:
        raise Refused("recovery_unknown")
    if requests.is_late(context, ticket):
        raise Refused("recovery_late")
    if ticket.wrong_codes >= config.RECOVERY_CODE_TRIES:
        raise Refused("recovery_tries")
    ticket.wrong_codes += 1
    return ticket


def find_match(context: RequestContext, asked: dict[RecoveryCase, bool], code: str) -> RecoveryCase | None:
    """The case whose live code that is, by whether this is a known browser of its account. Without any, the work is the same (EN-2)."""
    live = [case for case, is_known in asked.items() if codes.is_code_live(context, case, is_known)]
    expected = [(case, each) for case in live for each in codes.codes_of(context, case)]
    found = [case for case, each in expected if hmac.compare_digest(each, code)]
    if not expected:
        codes.spend_equal_work(context)
    return found[0] if found else None


def refuse_code(context: RequestContext, ticket: RecoveryTicket, cases: list[RecoveryCase]) -> NoReturn:
    """Record a wrong code and commit the charges; always raises Refused."""
    for case in cases:
        count_event(context, EVENT, "recovery_code_wrong", about=lock_account(case.user_id))
    if not cases:
        count_event(context, EVENT, "nobody")
    left = config.RECOVERY_CODE_TRIES - ticket.wrong_codes
    db.session.commit()
    raise Refused("recovery_code_wrong", tries=left) if left else Refused("recovery_tries")


def accept_code(context: RequestContext, ticket: RecoveryTicket, case: RecoveryCase) -> None:
    """Give this browser the case, spend the code, and tell every address of the account; part of the open transaction."""
    ticket.case_id, ticket.wrong_codes = case.id, 0
    ticket.browser_hash, ticket.confirmed_at = token_hash(context.browser or ""), context.now
    shown: dict[str, Any] = {"confirmed_at": context.now, "code_seed": "", "wrong_codes": 0, "known_wrong_codes": 0}
    is_same = hmac.compare_digest(case.browser_hash or "", ticket.browser_hash)
    if not is_same and not (case.text_at or case.backup_code_at):
        shown["browser_hash"] = None  # one of the two may be a thief's: support's check binds neither
    if not move(context, case.id, (ASKED,), PROVING, **shown):
        change(update(RecoveryCase).where(RecoveryCase.id == case.id).values(**shown))
    user = lock_account(case.user_id)
    record_event(context, EVENT, about=user, case_id=case.id)
    notices.queue_notice(context, user, "recovery_begun", username=user.username, **{notices.CASE: case.id})
