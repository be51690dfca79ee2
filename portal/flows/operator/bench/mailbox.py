"""The texts and emails in the outbox."""

from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import select

from portal.crypto import Keyring, SealBroken
from portal.db import db
from portal.flows.base.places import recipient
from portal.flows.messages import outbox
from portal.flows.messages.notices import make_links, outbox_place
from portal.gateways import Message
from portal.models import Outbox

MESSAGES_SHOWN = 50
MAILBOX_SHOWN = 200


class SentText(TypedDict):
    """A text in the outbox."""

    id: str
    to: str
    text: str  # while it is kept
    at: datetime
    state: str
    sent_at: datetime | None
    expires_at: datetime | None


class SentEmail(TypedDict):
    """An email in the outbox."""

    id: str
    to: str
    template: str
    facts: dict[str, Any]
    language: str | None
    time_zone: str | None
    place_language: str | None  # of their practice
    links: dict[str, str]  # while they are readable
    at: datetime
    state: str


def list_texts(keys: Keyring, now: datetime) -> list[SentText]:
    """The newest texts, with their delivery state."""
    rows = db.session.scalars(
        select(Outbox).where(Outbox.kind == outbox.TEXT).order_by(Outbox.created_at.desc()).limit(MESSAGES_SHOWN)
    )
    return [
        {
            "id": row.id,
            "to": open_column(keys, row, "to"),
            "text": open_column(keys, row, "body"),
            "at": row.created_at,
            "state": outbox.delivery_state(row, now),
            "sent_at": row.delivered_at or row.sent_at,
            "expires_at": row.expires_at,
        }
        for row in rows
    ]


def list_emails(keys: Keyring, now: datetime, most: int = MESSAGES_SHOWN) -> list[SentEmail]:
    """The newest emails, with their delivery state."""
    rows = db.session.scalars(
        select(Outbox).where(Outbox.kind == outbox.MAIL).order_by(Outbox.created_at.desc()).limit(most)
    ).all()
    places = {user_id: recipient(user_id) for user_id in {row.user_id for row in rows}}
    return [
        {
            "id": row.id,
            "to": open_column(keys, row, "to"),
            "template": row.template or "",
            "facts": row.facts,
            "language": row.language,
            "time_zone": places[row.user_id][0],
            "place_language": places[row.user_id][1],
            "links": make_links(keys, row, open_column(keys, row, "body")),
            "at": row.created_at,
            "state": outbox.delivery_state(row, now),
        }
        for row in rows
    ]


def find_message(keys: Keyring, outbox_id: str, compose: outbox.Compose) -> Message | None:
    """An email as the worker hands it to the mail gateway; None if there is none, or if it cannot be decrypted."""
    row = db.session.scalar(select(Outbox).where(Outbox.id == outbox_id, Outbox.kind == outbox.MAIL))
    try:
        return outbox.open_message(keys, row, compose) if row else None
    except SealBroken:
        return None


def open_column(keys: Keyring, row: Outbox, column: str) -> str:
    """A sealed column of the outbox, "" if it was wiped or cannot be decrypted."""
    sealed = getattr(row, f"{column}_sealed")
    try:
        return keys.open(sealed, outbox_place(row.id, column)) if sealed else ""
    except SealBroken:
        return ""
