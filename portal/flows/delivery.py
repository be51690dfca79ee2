"""Sending a code to a person: made, hashed, limited, queued; part of its caller's transaction (SM-1 to SM-5)."""

import logging
import secrets
from datetime import timedelta

from sqlalchemy import case, func, or_, select, text, update

from portal import config
from portal.db import db
from portal.flows import outbox
from portal.flows.events import record
from portal.flows.notices import outbox_place
from portal.flows.outbox import CODE, TEXT
from portal.flows.visit import Visit
from portal.messages import Refused
from portal.methods import Method, Secret
from portal.models import Authenticator, Binding, Outbox, SentCode, User, new_id

log = logging.getLogger(__name__)
TARGET = "target"
BINDING = "binding:"  # begins the name of an attempt that is a set-up
HOUR = timedelta(hours=1)
MOST = (config.SENDS_PER_HOUR, config.SENDS_PER_HOUR, config.SENDS_PER_IP)  # per account, number, address
LENGTHS = (HOUR, HOUR, config.SEND_IP_WINDOW)


def send(visit: Visit, user: User, secret: Secret, chosen: Method) -> None:
    """Queue one code for the attempt; an older one of it is void. The user's row is locked by the caller.

    Raises Refused: "texts_off", "send_gap" (seconds), "send_limit" (minutes), "send_day", "number_shared".
    """
    if not visit.texts:
        raise Refused("texts_off")
    lock_sends()
    to_hash = visit.keys.mac(secret.text, TARGET)
    check_limits(visit, user.id, secret.attempt, to_hash)
    if secret.attempt.startswith(BINDING):  # a number that was proved once is never refused at the door
        check_shared(user.id, to_hash)
    code = f"{secrets.randbelow(10**config.CODE_DIGITS):0{config.CODE_DIGITS}d}"
    void(visit, SentCode.attempt == secret.attempt)
    row_id = new_id()
    words = chosen.words(secret, code) if chosen.words else ""
    message = text_row(visit, user, CODE, secret.text, words, visit.now + config.TEXT_LIFE)
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
            ip=visit.ip,
            code_hash=secret.hash_code(row_id, code),
            outbox_id=message.id,
            created_at=visit.now,
            expires_at=visit.now + config.TEXT_LIFE,
        )
    )
    record(visit, "code_sent", about=user, factor=chosen.name)
    watch(visit, secret.text[: config.PREFIX_LENGTH])


def lives(visit: Visit, attempt: str) -> bool:
    """Whether an attempt has a code that can still be typed."""
    open_ones = (SentCode.used_at.is_(None), SentCode.replaced_at.is_(None), SentCode.expires_at > visit.now)
    row = select(SentCode.id).where(SentCode.attempt == attempt, *open_ones, SentCode.tries < config.TEXT_TRIES)
    return db.session.scalar(row.limit(1)) is not None


def void(visit: Visit, *which) -> None:
    """Codes that count no more, and their texts, which are not begun where they still wait (product rule 7, SM-2)."""
    live = update(SentCode).where(*which, SentCode.used_at.is_(None), SentCode.replaced_at.is_(None))
    texts = db.session.scalars(live.values(replaced_at=visit.now).returning(SentCode.outbox_id)).all()
    if texts:
        outbox.withdraw(visit.now, *texts)


def void_binding(visit: Visit, binding_id: str) -> None:
    """What a set-up sent, when it is over."""
    void(visit, SentCode.attempt == f"{BINDING}{binding_id}")


def text_row(visit: Visit, user: User, template: str, to: str, words: str, dies_at) -> Outbox:
    """One text for the queue, with a CODE or with news; its words are sealed, and wiped when it was handed over or died."""
    row_id = new_id()
    return Outbox(
        id=row_id,
        user_id=user.id,
        kind=TEXT,
        template=template,
        facts={},
        to_sealed=visit.keys.seal(to, outbox_place(row_id, "to")),
        body_sealed=visit.keys.seal(words, outbox_place(row_id, "body")),
        created_at=visit.now,
        dies_at=dies_at,
    )


def lock_sends() -> None:
    """Sends are rare and counted by number and address too: on PostgreSQL they take turns, on SQLite every writer does."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": config.SEND_LOCK})


def check_limits(visit: Visit, user_id: int, attempt: str, to_hash: bytes) -> None:
    """The limits of SM-5, in one SELECT. Raises Refused."""
    hour, day = visit.now - HOUR, visit.now - timedelta(days=1)
    own, number, address = SentCode.user_id == user_id, SentCode.to_hash == to_hash, SentCode.ip == visit.ip
    recent = SentCode.created_at > hour
    windows = (own & recent, number & recent, address & (SentCode.created_at > visit.now - config.SEND_IP_WINDOW))
    last, mine_day, *rest = db.session.execute(
        select(
            func.max(case((SentCode.attempt == attempt, SentCode.created_at))),
            func.count(case((own, 1))),
            *(func.count(case((window, 1))) for window in windows),
            *(func.min(case((window, SentCode.created_at))) for window in windows),
        ).where(SentCode.created_at > day, or_(own, number, address))
    ).one()
    gap = last + config.SEND_GAP - visit.now if last is not None else timedelta()
    if mine_day >= config.SENDS_PER_DAY:
        raise Refused("send_day")
    waits = [
        oldest + length - visit.now  # until then no window has room
        for count, oldest, most, length in zip(rest[:3], rest[3:], MOST, LENGTHS, strict=True)
        if count >= most
    ]
    if waits and max(waits) > gap:
        raise Refused("send_limit", minutes=max(1, -int(-max(waits).total_seconds() // 60)))
    if gap > timedelta():
        raise Refused("send_gap", seconds=max(1, int(gap.total_seconds())))


def check_shared(user_id: int, to_hash: bytes) -> None:
    """A family may share a number, five accounts at most (SM-9)."""
    others = select(func.count(Authenticator.user_id.distinct())).where(
        Authenticator.target_hash == to_hash, Authenticator.user_id != user_id
    )
    if (db.session.scalar(others) or 0) >= config.ACCOUNTS_PER_NUMBER:
        raise Refused("number_shared")


def check_still_shared(visit: Visit, user: User, binding: Binding) -> None:
    """The same at the proof: others may have proved the number since the code went out. Raises Refused, SealBroken."""
    lock_sends()
    check_shared(user.id, visit.keys.mac(binding.secret(visit.keys), TARGET))


def watch(visit: Visit, prefix: str) -> None:
    """Say in the log when texts are pumped: few of them used (by the first digits), or more in a day than planned."""
    hour, day = visit.now - timedelta(hours=1), visit.now - timedelta(days=1)
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
