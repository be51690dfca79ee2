"""When the next text may go out, counted from those sent before, and what is logged when it may not (SM-5, SM-9)."""

import hmac
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, bindparam, false, func, or_, select, text, true, union_all

from portal import clock, phones
from portal.db import db, read
from portal.flows.base.context import RequestContext
from portal.limit_address import limit_address
from portal.methods import Secret
from portal.models import Authenticator, Binding, SentCode, User
from portal.send_limits import DAY, HOUR, Sent, Unproved, Wait, wait_after
from portal.settings import config
from portal.words.refusals import Refused

log = logging.getLogger(__name__)
TARGET = "target"
BINDING_PREFIX = "binding:"  # of the attempt key of a set-up

S = SentCode


def within(since: str, latest: str) -> ColumnElement[bool]:
    """SQL: texts sent since then, and not by a clock that was ahead (`clock.since`)."""
    return (S.created_at > bindparam(since)) & (S.created_at <= bindparam(latest))


# The account's texts of a day that were asked for from browsers it knows, or from others if this one is not known: two budgets, so that
# whoever has stolen the password cannot spend the one of its owner.
WITHIN_DAY = within("day_ago", "latest_of_day")
ACCOUNTS = (S.user_id == bindparam("owner")) & (S.is_known == bindparam("known")) & WITHIN_DAY
OF_NUMBER, OF_ATTEMPT, UNPROVED = S.to_hash == bindparam("number"), S.attempt == bindparam("asked"), S.is_proved.is_(False)
TO_PROVED = select(S.created_at, OF_ATTEMPT).where(ACCOUNTS)
WINDOWS = {"gap": config.SEND_GAP, "hour": HOUR, "address": config.SEND_IP_WINDOW}
IN = {name: within(f"{name}_since", f"{name}_latest") for name in WINDOWS}
COUNTED = {
    "account": ACCOUNTS,
    "repeated": OF_NUMBER & (S.user_id == bindparam("owner")) & IN["gap"],
    "number": OF_NUMBER & UNPROVED & IN["hour"],
    "address": UNPROVED & (S.ip == bindparam("address")) & IN["address"],
    "prefix": UNPROVED & (S.prefix == bindparam("prefix")) & IN["hour"],
}
# When the text was sent that has to be a day old before the day's plan has room again; no row if it is not spent.
SPENT_PLAN = select(S.created_at).where(WITHIN_DAY).order_by(S.created_at.desc()).offset(bindparam("planned")).limit(1)
FACTS = (S.used_at.is_not(None), S.replaced_at.is_not(None), OF_ATTEMPT & OF_NUMBER & ~UNPROVED, OF_ATTEMPT)
DAY_OF_PLAN = SPENT_PLAN.subquery()
TO_UNPROVED: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(S.created_at, *FACTS, *COUNTED.values(), false()).where(or_(*COUNTED.values())),
    select(DAY_OF_PLAN.c.created_at, *[false()] * (len(FACTS) + len(COUNTED)), true()),
)
OF_PREFIX = select(S.created_at, S.used_at.is_not(None), S.replaced_at.is_not(None)).where(
    UNPROVED, S.prefix == bindparam("prefix"), IN["hour"]
)
GETS_CODES = (
    select(Authenticator.id)
    .where(Authenticator.user_id == bindparam("owner"), Authenticator.target_hash == bindparam("number"))
    .limit(1)
)
OTHERS_WITH_NUMBER = select(func.count(Authenticator.user_id.distinct())).where(
    Authenticator.target_hash == bindparam("number"), Authenticator.user_id != bindparam("owner")
)
LOCK_SENDS = text("SELECT pg_advisory_xact_lock(:key)")


@dataclass(frozen=True)
class Target:
    """Where a text goes and who asks for it, as limits see it."""

    to_hash: bytes = field(repr=False)
    prefix: str
    is_proved: bool  # whether the account has proved the number
    is_known: bool  # whether the person has signed in from this browser before


def find_target(context: RequestContext, user: User, secret: Secret, is_known: bool) -> Target:
    """The target of a code to the secret's number."""
    to_hash = context.keys.mac(secret.text, TARGET)
    is_proved = not secret.attempt.startswith(BINDING_PREFIX) or has_proved(user, secret, to_hash)
    return Target(to_hash, phones.prefix_of(secret.text), is_proved, is_known)


def has_proved(user: User, secret: Secret, to_hash: bytes) -> bool:
    """Whether the account gets codes at this number, or got one there before and has it on file."""
    is_on_file = user.phone_confirmed_at is not None and hmac.compare_digest(secret.on_file.encode(), secret.text.encode())
    return is_on_file or read(GETS_CODES, {"owner": user.id, "number": to_hash}).first() is not None


def lock_sends() -> None:
    """Serialize sends, because limits by number and by IP address span accounts. On SQLite every writer is serialized anyway."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(LOCK_SENDS, {"key": config.SEND_LOCK})


def find_wait(context: RequestContext, user_id: int, attempt: str, target: Target) -> Wait | None:
    """The wait before the next text to that number, for the refusal and for the page; one SELECT."""
    if not target.is_proved:
        return wait_after(sent_to_unproved(context, user_id, attempt, target), context.now)
    rows = read(TO_PROVED, {"asked": attempt, **of_account(context, user_id, target)}).all()
    return wait_after(Sent(attempt=[at for at, is_it in rows if is_it], account=[at for at, _ in rows]), context.now)


def find_wait_at_sign_in(context: RequestContext, attempt: str) -> Wait | None:
    """The wait before the next text to any number that the visitor has proved."""
    return find_wait(context, context.user.user_id, attempt, Target(b"", "", is_proved=True, is_known=context.is_known))


def find_wait_in_setup(context: RequestContext, user_id: int, attempt: str, number: str) -> Wait | None:
    """The wait before the next text of a set-up: to this number, or to one that is still to be typed ("")."""
    to_hash = context.keys.mac(number, TARGET) if number else b""
    target = Target(to_hash, phones.prefix_of(number), is_proved=False, is_known=context.is_known)
    return find_wait(context, user_id, attempt, target)


def of_account(context: RequestContext, user_id: int, target: Target) -> dict[str, Any]:
    """The parameters of ACCOUNTS."""
    return {"owner": user_id, "known": target.is_known, **of_day(context)}


def of_day(context: RequestContext) -> dict[str, Any]:
    """The parameters of WITHIN_DAY and SPENT_PLAN."""
    day = {"day_ago": context.now - DAY, "latest_of_day": clock.latest_end(context.now, DAY)}
    return {"planned": config.SENDS_PLANNED_PER_DAY - 1, **day}


def sent_to_unproved(context: RequestContext, user_id: int, attempt: str, target: Target) -> Sent:
    """Everything that counts for the next text to a number that the account has not proved.

    If the attempt's last text to the number went there as to a proved one, only what counts for proved numbers.
    """
    values: dict[str, Any] = {
        "number": target.to_hash,
        "asked": attempt,
        "address": limit_address(context.ip),
        "prefix": target.prefix,
    }
    for name, window in WINDOWS.items():
        values |= {f"{name}_since": context.now - window, f"{name}_latest": clock.latest_end(context.now, window)}
    found: dict[str, list[Any]] = {name: [] for name in ("attempt", *COUNTED, "planned")}
    is_proved = False
    for at, is_used, is_void, is_to_proved, *belongs in read(TO_UNPROVED, {**values, **of_account(context, user_id, target)}):
        is_proved = is_proved or bool(is_to_proved)
        for name, is_one in zip(found, belongs, strict=True):
            if is_one:
                found[name].append(Unproved(at, bool(is_used), bool(is_void)) if name == "prefix" else at)
    return Sent(found["attempt"], found["account"]) if is_proved else Sent(**found)


def check_number_sharing(user_id: int, to_hash: bytes) -> None:
    """A family may share a number: at most five accounts (SM-9). Raises Refused("number_shared")."""
    if (read(OTHERS_WITH_NUMBER, {"owner": user_id, "number": to_hash}).scalar() or 0) >= config.ACCOUNTS_PER_NUMBER:
        raise Refused("number_shared")


def recheck_number_sharing(context: RequestContext, user: User, binding: Binding) -> None:
    """Check again at the proof: others may have proved the number since the code was sent. Raises Refused, SealBroken."""
    lock_sends()
    check_number_sharing(user.id, context.keys.mac(binding.secret(context.keys), TARGET))


def warn_of_waste(context: RequestContext, target: Target) -> None:
    """Log once that unproved numbers stop: few codes to a prefix used (text pumping, toll fraud), or the day's plan spent."""
    hour = {"prefix": target.prefix, "hour_since": context.now - HOUR, "hour_latest": clock.latest_end(context.now, HOUR)}
    texts = [Unproved(*row) for row in read(OF_PREFIX, hour)]
    used = sum(text.is_used for text in texts)
    if len(texts) >= config.SENDS_WATCHED and 2 * used < len(texts) and is_news(context, target.prefix, HOUR):
        log.warning("texts to numbers starting with %s: %d sent, %d used in the last hour", target.prefix, len(texts), used)
    if read(SPENT_PLAN, of_day(context)).scalar() and is_news(context, "plan", DAY):
        log.critical("texts: the daily limit of %d has been reached", config.SENDS_PLANNED_PER_DAY)


LOGGED: dict[str, datetime] = {}  # what this process has logged, and when


def is_news(context: RequestContext, subject: str, window: timedelta) -> bool:
    """Whether this process has not logged it within the window."""
    logged = LOGGED.get(subject)
    if logged is not None and clock.is_recent(logged, context.now, window):
        return False
    LOGGED[subject] = context.now
    return True
