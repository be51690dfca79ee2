"""When the next text may go out, counted from those sent before, and what is logged when it may not (SM-5, SM-9)."""

import hmac
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text, true, union_all

from portal import clock, phones
from portal.db import db
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
    own = select(Authenticator.id).where(Authenticator.user_id == user.id, Authenticator.target_hash == to_hash)
    is_on_file = user.phone_confirmed_at is not None and hmac.compare_digest(secret.on_file.encode(), secret.text.encode())
    return is_on_file or db.session.scalar(own.limit(1)) is not None


def lock_sends() -> None:
    """Serialize sends, because limits by number and by IP address span accounts. On SQLite every writer is serialized anyway."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": config.SEND_LOCK})


def find_wait(context: RequestContext, user_id: int, attempt: str, target: Target) -> Wait | None:
    """The wait before the next text to that number, for the refusal and for the page; one SELECT."""
    if not target.is_proved:
        return wait_after(sent_to_unproved(context, user_id, attempt, target), context.now)
    own = select(SentCode.created_at, SentCode.attempt == attempt).where(*of_account(context, user_id, target))
    rows = db.session.execute(own).all()
    return wait_after(Sent(attempt=[at for at, is_it in rows if is_it], account=[at for at, _ in rows]), context.now)


def find_wait_at_sign_in(context: RequestContext, attempt: str) -> Wait | None:
    """The wait before the next text to any number that the visitor has proved."""
    return find_wait(context, context.user.user_id, attempt, Target(b"", "", is_proved=True, is_known=context.is_known))


def find_wait_in_setup(context: RequestContext, user_id: int, attempt: str, number: str) -> Wait | None:
    """The wait before the next text of a set-up: to this number, or to one that is still to be typed ("")."""
    to_hash = context.keys.mac(number, TARGET) if number else b""
    target = Target(to_hash, phones.prefix_of(number), is_proved=False, is_known=context.is_known)
    return find_wait(context, user_id, attempt, target)


def of_account(context: RequestContext, user_id: int, target: Target) -> tuple[ColumnElement[bool], ...]:
    """SQL: the account's texts of a day that were asked for from browsers it knows, or from others if this one is not known.

    Two budgets: whoever has stolen the password cannot spend the one of its owner.
    """
    return SentCode.user_id == user_id, SentCode.is_known == target.is_known, clock.since(SentCode.created_at, context.now, DAY)


def sent_to_unproved(context: RequestContext, user_id: int, attempt: str, target: Target) -> Sent:
    """Everything that counts for the next text to a number that the account has not proved.

    If the attempt's last text to the number went there as to a proved one, only what counts for proved numbers.
    """
    to_number, to_unproved = SentCode.to_hash == target.to_hash, SentCode.is_proved.is_(False)
    windows = (config.SEND_GAP, HOUR, config.SEND_IP_WINDOW)
    in_gap, in_hour, in_ip_window = (clock.since(SentCode.created_at, context.now, each) for each in windows)
    conditions = {
        "account": and_(*of_account(context, user_id, target)),
        "repeated": and_(to_number, SentCode.user_id == user_id, in_gap),
        "number": and_(to_number, to_unproved, in_hour),
        "address": and_(to_unproved, SentCode.ip == limit_address(context.ip), in_ip_window),
        "prefix": and_(to_unproved, SentCode.prefix == target.prefix, in_hour),
    }
    of_attempt = SentCode.attempt == attempt
    facts = (SentCode.used_at.is_not(None), SentCode.replaced_at.is_not(None), of_attempt & to_number & ~to_unproved, of_attempt)
    counted = select(SentCode.created_at, *facts, *conditions.values(), false()).where(or_(*conditions.values()))
    day = spent_plan(context).subquery()
    planned = select(day.c.created_at, *[false()] * (len(facts) + len(conditions)), true())
    found: dict[str, list[Any]] = {name: [] for name in ("attempt", *conditions, "planned")}
    is_proved = False
    rows: Any = db.session.execute(union_all(counted, planned))
    for at, is_used, is_void, is_to_proved, *belongs in rows:
        is_proved = is_proved or bool(is_to_proved)
        for name, is_one in zip(found, belongs, strict=True):
            if is_one:
                found[name].append(Unproved(at, bool(is_used), bool(is_void)) if name == "prefix" else at)
    return Sent(found["attempt"], found["account"]) if is_proved else Sent(**found)


def spent_plan(context: RequestContext) -> Select[datetime]:
    """SQL: when the text was sent that has to be a day old before the day's plan has room again; no row if it is not spent."""
    newest = (
        select(SentCode.created_at).where(clock.since(SentCode.created_at, context.now, DAY)).order_by(SentCode.created_at.desc())
    )
    return newest.offset(config.SENDS_PLANNED_PER_DAY - 1).limit(1)


def check_number_sharing(user_id: int, to_hash: bytes) -> None:
    """A family may share a number: at most five accounts (SM-9). Raises Refused("number_shared")."""
    others = select(func.count(Authenticator.user_id.distinct())).where(
        Authenticator.target_hash == to_hash, Authenticator.user_id != user_id
    )
    if (db.session.scalar(others) or 0) >= config.ACCOUNTS_PER_NUMBER:
        raise Refused("number_shared")


def recheck_number_sharing(context: RequestContext, user: User, binding: Binding) -> None:
    """Check again at the proof: others may have proved the number since the code was sent. Raises Refused, SealBroken."""
    lock_sends()
    check_number_sharing(user.id, context.keys.mac(binding.secret(context.keys), TARGET))


def warn_of_waste(context: RequestContext, target: Target) -> None:
    """Log once that unproved numbers stop: few codes to a prefix used (text pumping, toll fraud), or the day's plan spent."""
    hour = select(SentCode.created_at, SentCode.used_at.is_not(None), SentCode.replaced_at.is_not(None)).where(
        SentCode.is_proved.is_(False), SentCode.prefix == target.prefix, clock.since(SentCode.created_at, context.now, HOUR)
    )
    texts = [Unproved(*row) for row in db.session.execute(hour)]
    used = sum(text.is_used for text in texts)
    if len(texts) >= config.SENDS_WATCHED and 2 * used < len(texts) and is_news(context, target.prefix, HOUR):
        log.warning("texts to numbers starting with %s: %d sent, %d used in the last hour", target.prefix, len(texts), used)
    if db.session.scalar(spent_plan(context)) and is_news(context, "plan", DAY):
        log.critical("texts: the daily limit of %d has been reached", config.SENDS_PLANNED_PER_DAY)


LOGGED: dict[str, datetime] = {}  # what this process has logged, and when


def is_news(context: RequestContext, subject: str, window: timedelta) -> bool:
    """Whether this process has not logged it within the window."""
    logged = LOGGED.get(subject)
    if logged is not None and clock.is_recent(logged, context.now, window):
        return False
    LOGGED[subject] = context.now
    return True
