"""The mailed code of a recovery, who may still try it, and how often it is mailed.

Each has two purses, as codes at sign-in have (decision 29): one for browsers in which the owner completed a sign-in, and one for all
others. Strangers who use up theirs, on purpose, leave the owner's as it was (RL-7).
"""

import secrets

from sqlalchemy import case as choose
from sqlalchemy import update
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.db import change
from portal.flows.base import limits
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import Limit, make_limit
from portal.flows.base.recovery_cases import ASKED
from portal.flows.sessions.known_browsers import is_known_browser
from portal.models import RecoveryCase, User
from portal.settings import config

SEED_BYTES = 32
NOBODY = User(id=0, two_factor="on")  # for work of the same length (EN-2)


# --- the code


def is_code_live(context: RequestContext, case: RecoveryCase, is_known: bool) -> bool:
    """Whether the case's code can be entered, in known browsers or in others: not expired, not used, not guessed at too often."""
    is_ahead = clock.is_ahead(case.code_until, context.now, config.RECOVERY_CODE_LIFE)
    return bool(case.code_seed) and is_ahead and not is_spent(case, is_known)


def is_spent(case: RecoveryCase, is_known: bool) -> bool:
    """Whether the code was guessed at too often."""
    return (case.known_wrong_codes if is_known else case.wrong_codes) >= config.RECOVERY_CODE_TRIES_OF_CASE


def renew_code(context: RequestContext, case: RecoveryCase) -> None:
    """Give the case another code, which lives its whole time."""
    case.code_seed, case.wrong_codes, case.known_wrong_codes = secrets.token_hex(SEED_BYTES), 0, 0
    case.code_until = context.now + config.RECOVERY_CODE_LIFE
    if case.state == ASKED:
        case.state_since = context.now


def codes_of(context: RequestContext, case: RecoveryCase) -> list[str]:
    """The case's code, made from its seed with each of the encryption keys, the newest first: one key at rest means one code."""
    return derive_codes(context, case.code_seed)


def derive_codes(context: RequestContext, seed: str) -> list[str]:
    """The codes of a seed: digits of a keyed hash, which no copy of the database tells."""
    hashes = context.keys.look_up_hashes(f"recovery_cases:{seed}:code")
    most = 10**config.RECOVERY_CODE_DIGITS
    return [f"{int.from_bytes(each) % most:0{config.RECOVERY_CODE_DIGITS}}" for each in hashes]


# --- tries


def charge_case(case: RecoveryCase, is_known: bool, tries: int = 1) -> None:
    """Charge a try to a case whose account is locked, or take it back. The object keeps its old count."""
    wrong: InstrumentedAttribute[int] = RecoveryCase.known_wrong_codes if is_known else RecoveryCase.wrong_codes
    left = choose((wrong + tries > 0, wrong + tries), else_=0)
    change(update(RecoveryCase).where(RecoveryCase.id == case.id).values({wrong: left}))


# --- emails


def mail_limits(context: RequestContext, *whose: str) -> list[Limit]:
    """How often a code may be mailed for one request, by its number, or to one account, by its id and its purse."""
    kind = "recovery email"
    gap = make_limit(context.keys, 1, config.LINK_EMAIL_GAP, kind, *whose)
    return [gap, make_limit(context.keys, config.LINK_EMAILS, config.LINK_MAILS_IN, f"{kind}, hourly", *whose)]


def may_mail_code(context: RequestContext, user: User, case: RecoveryCase, is_known: bool) -> bool:
    """Whether the account may get another email with its code now; if so, it is charged.

    A code that strangers used up is mailed from a purse of its own: else one network could use up the hour's emails, then the code.
    """
    purse = "known" if is_known else "spent" if is_spent(case, is_known) else ""
    return may_mail(context, str(user.id), *([purse] if purse else []))


def may_mail(context: RequestContext, *whose: str) -> bool:
    """Whether another email about a request may go out now; if so, it is charged."""
    mails = mail_limits(context, *whose)
    if limits.list_waits(context, mails):
        return False
    limits.charge(context, mails)  # nobody was faster: the row of the account, or of the request, is locked
    return True


def spend_equal_work(context: RequestContext) -> None:
    """Do the work of a code that nobody has (EN-2)."""
    is_known_browser(context, NOBODY)
    derive_codes(context, "nobody")
