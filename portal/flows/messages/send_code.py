"""Texting a code: generated, hashed, rate-limited, and queued, in the caller's transaction (SM-1 to SM-5)."""

import logging
import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select, text, update

from portal.db import db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.messages import outbox
from portal.flows.messages.notices import outbox_place
from portal.flows.messages.outbox import CODE, TEXT
from portal.methods import Method, Secret
from portal.models import Authenticator, Binding, Outbox, SentCode, User, new_id
from portal.send_limits import DAY, HOUR, Sent, Wait, wait_after
from portal.settings import config
from portal.words.refusals import Refused

log = logging.getLogger(__name__)
TARGET = "target"
BINDING_PREFIX = "binding:"  # of the attempt key of a set-up


def send_code(context: RequestContext, user: User, secret: Secret, chosen: Method) -> None:
    """Queue one code for the attempt and void the attempt's older ones. The caller holds the lock on the user's row.

    Raises Refused: "texts_off", "send_gap" (seconds), "send_limit" (minutes), "send_day", "number_shared".
    """
    if not context.texts:
        raise Refused("texts_off")
    lock_sends()
    to_hash = context.keys.mac(secret.text, TARGET)
    check_send_limits(context, user.id, secret.attempt, to_hash)
    if secret.attempt.startswith(BINDING_PREFIX):  # a number proved earlier is never refused later
        check_number_sharing(user.id, to_hash)
    code = f"{secrets.randbelow(10**config.CODE_DIGITS):0{config.CODE_DIGITS}d}"
    void_codes(context, SentCode.attempt == secret.attempt)
    row_id = new_id()
    body = chosen.words(secret, code)
    message = text_row(context, user, CODE, secret.text, body, context.now + config.TEXT_LIFE)
    db.session.add(message)
    db.session.flush()
    db.session.add(
        SentCode(
            id=row_id,
            user_id=user.id,
            attempt=secret.attempt,
            authenticator_id=secret.authenticator_id,
            to_hash=to_hash,
            prefix=secret.text[: config.PREFIX_LENGTH],
            ip=context.ip,
            code_hash=secret.hash_code(row_id, code),
            outbox_id=message.id,
            created_at=context.now,
            expires_at=context.now + config.TEXT_LIFE,
        )
    )
    record_event(context, "code_sent", about=user, factor=chosen.name)
    warn_of_pumping(context, secret.text[: config.PREFIX_LENGTH])


def has_live_code(context: RequestContext, attempt: str) -> bool:
    """Whether an attempt has a code that can still be used."""
    is_live = (SentCode.used_at.is_(None), SentCode.replaced_at.is_(None), SentCode.expires_at > context.now)
    row = select(SentCode.id).where(SentCode.attempt == attempt, *is_live, SentCode.tries < config.TEXT_TRIES)
    return db.session.scalar(row.limit(1)) is not None


def void_codes(context: RequestContext, *conditions: ColumnElement[bool]) -> None:
    """Void the unused codes that meet the conditions, and withdraw their texts if still queued (product rule 7, SM-2)."""
    live = update(SentCode).where(*conditions, SentCode.used_at.is_(None), SentCode.replaced_at.is_(None))
    outbox_ids = db.session.scalars(live.values(replaced_at=context.now).returning(SentCode.outbox_id)).all()
    if outbox_ids:
        outbox.withdraw_rows(context.now, *outbox_ids)


def void_binding_codes(context: RequestContext, binding_id: str) -> None:
    """Void the codes of a set-up that is over."""
    void_codes(context, SentCode.attempt == f"{BINDING_PREFIX}{binding_id}")


def text_row(context: RequestContext, user: User, template: str, to: str, body: str, dies_at: datetime) -> Outbox:
    """An outbox row for one text; its body is sealed, and wiped once it is delivered or expired."""
    row_id = new_id()
    return Outbox(
        id=row_id,
        user_id=user.id,
        kind=TEXT,
        template=template,
        facts={},
        to_sealed=context.keys.seal(to, outbox_place(row_id, "to")),
        body_sealed=context.keys.seal(body, outbox_place(row_id, "body")),
        created_at=context.now,
        dies_at=dies_at,
    )


def lock_sends() -> None:
    """Serialize sends, because limits by number and by IP address span accounts. On SQLite every writer is serialized anyway."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": config.SEND_LOCK})


def check_send_limits(context: RequestContext, user_id: int, attempt: str, to_hash: bytes) -> None:
    """Raises Refused if a rate limit of SM-5 is reached."""
    wait = find_waits(context, user_id, attempt, to_hash)[to_hash]
    if wait:
        raise wait.refusal


def find_waits(context: RequestContext, user_id: int, attempt: str, *to_hashes: bytes) -> dict[bytes, Wait | None]:
    """The wait before the next text to each number, for the refusal and for the page; one SELECT for all of them."""
    is_own, is_same_ip, at = SentCode.user_id == user_id, SentCode.ip == context.ip, SentCode.created_at
    in_hour, in_day, in_ip_window = (at > context.now - length for length in (HOUR, DAY, config.SEND_IP_WINDOW))
    columns = (at, SentCode.to_hash, SentCode.attempt == attempt, is_own, is_same_ip)
    counted = or_(is_own & in_day, SentCode.to_hash.in_(to_hashes) & in_hour, is_same_ip & in_ip_window)
    numbers: dict[bytes, list[datetime]] = {each: [] for each in to_hashes}
    of_attempt: list[datetime] = []
    of_account: list[datetime] = []
    of_address: list[datetime] = []
    for sent_at, to_hash, *is_of in db.session.execute(select(*columns).where(counted)):
        numbers.setdefault(to_hash, []).append(sent_at)
        for is_one, moments in zip(is_of, (of_attempt, of_account, of_address), strict=True):
            moments += [sent_at] * bool(is_one)
    return {each: wait_after(Sent(of_attempt, of_account, numbers[each], of_address), context.now) for each in to_hashes}


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


def warn_of_pumping(context: RequestContext, prefix: str) -> None:
    """Log signs of text pumping (toll fraud): few codes to a number prefix used, or more texts in a day than planned."""
    hour, day = context.now - HOUR, context.now - DAY
    recent = (SentCode.prefix == prefix) & (SentCode.created_at > hour)
    sent, used, today = db.session.execute(
        select(func.count(case((recent, 1))), func.count(case((recent & SentCode.used_at.is_not(None), 1))), func.count()).where(
            SentCode.created_at > day
        )
    ).one()
    if sent >= config.SENDS_WATCHED and used * 2 < sent:
        log.warning("texts to numbers starting with %s: %d sent, %d used in the last hour", prefix, sent, used)
    if today == config.SENDS_PLANNED_PER_DAY:
        log.critical("texts: the daily limit of %d has been reached", today)
