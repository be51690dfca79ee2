"""Key rotation: re-encrypts every sealed column with the newest key, in small transactions, while the portal runs (CR-2)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from portal.crypto import Keyring, SealBroken
from portal.db import begin_write, change, db
from portal.flows.factors.code_sets import set_place
from portal.flows.messages.notices import address_place, outbox_place
from portal.models import (
    Authenticator,
    BackupCodeSet,
    Binding,
    EmergencyGrant,
    NoticeAddress,
    Outbox,
    RecoveryCase,
    RecoveryNote,
    RecoveryTicket,
    Ticket,
    TicketMessage,
    User,
    fold_email,
    message_place,
    number_place,
    recovery_place,
    secret_place,
    subject_place,
    user_place,
)

log = logging.getLogger(__name__)
BATCH = 200
Place = Callable[[Any], str]
SEALED: tuple[tuple[type, str, Place], ...] = (
    (User, "password_sealed", lambda row: user_place(row.id, "password")),
    (User, "email_sealed", lambda row: user_place(row.id, "email")),
    (User, "phone_sealed", lambda row: user_place(row.id, "phone")),
    # Before the authenticators: an authenticator that is proved meanwhile takes over its binding's sealed value.
    (Binding, "secret_sealed", lambda row: secret_place(row.user_id, row.id)),
    (Authenticator, "secret_sealed", lambda row: secret_place(row.user_id, row.id)),
    (BackupCodeSet, "pepper_sealed", lambda row: set_place(row.user_id, row.id, "pepper")),
    (BackupCodeSet, "codes_sealed", lambda row: set_place(row.user_id, row.id, "codes")),
    (Outbox, "to_sealed", lambda row: outbox_place(row.id, "to")),
    (Outbox, "body_sealed", lambda row: outbox_place(row.id, "body")),
    (NoticeAddress, "email_sealed", lambda row: address_place(row.id)),
    (EmergencyGrant, "number_sealed", lambda row: number_place(row.id)),
    (RecoveryTicket, "story_sealed", lambda row: recovery_place("ticket", row.id, "story")),
    (RecoveryTicket, "practice_sealed", lambda row: recovery_place("ticket", row.id, "practice")),
    (RecoveryCase, "words_sealed", lambda row: recovery_place("case", row.id, "words")),
    (RecoveryCase, "draft_sealed", lambda row: recovery_place("case", row.id, "draft")),
    (RecoveryNote, "text_sealed", lambda row: recovery_place("note", row.id, "text")),
    (Ticket, "subject_sealed", lambda row: subject_place(row.id)),
    (TicketMessage, "text_sealed", lambda row: message_place(row.id)),
)


@dataclass
class RotationCount:
    """How many values were re-encrypted, and how many cannot be decrypted with the configured keys and stay as they are."""

    done: int = 0
    broken: int = 0


def rotate_keys(keys: Keyring) -> RotationCount:
    """Re-encrypt everything that an older key sealed. Idempotent; a damaged value is skipped."""
    rotation = RotationCount()
    for model, column, place in SEALED:
        rotate_column(keys, rotation, model, column, place)
    return rotation


def rotate_column(keys: Keyring, rotation: RotationCount, model: Any, column: str, place: Place) -> None:
    """One column, one transaction a batch. A value that changes meanwhile is skipped: its writer used the newest key."""
    last_id = None
    sealed = getattr(model, column)
    while True:
        session = begin_write()
        query = select(model).where(sealed.is_not(None)).order_by(model.id).limit(BATCH)
        rows = session.scalars(query if last_id is None else query.where(model.id > last_id)).all()
        for row in rows:
            if keys.is_newest(getattr(row, column)) and not lacks_hash(row, column):
                continue
            try:
                rotation.done += rotate_value(keys, model, column, row, place(row))
            except SealBroken:
                rotation.broken += 1
                log.critical("%s %s: %s cannot be decrypted with the configured keys", model.__tablename__, row.id, column)
        last_id = rows[-1].id if rows else None
        session.commit()
        db.session.expunge_all()
        if len(rows) < BATCH:
            return


def rotate_value(keys: Keyring, model: Any, column: str, row: Any, place: str) -> int:
    """Re-encrypt one value; returns 0 if it changed meanwhile. Raises SealBroken."""
    old = getattr(row, column)
    text = keys.open(old, place)
    values = {column: keys.seal(text, place), **derived_columns(keys, model, column, text)}
    return change(update(model).where(model.id == row.id, getattr(model, column) == old).values(values))


def derived_columns(keys: Keyring, model: Any, column: str, text: str) -> dict[str, bytes]:
    """Columns computed from a sealed one: the hash that finds an account by its address."""
    return {"email_hash": keys.look_up_hash(fold_email(text))} if (model, column) == (User, "email_sealed") else {}


def lacks_hash(row: Any, column: str) -> bool:
    """Whether an account cannot be found by its address, because it was created before there were hashes."""
    return isinstance(row, User) and column == "email_sealed" and row.email_hash is None
