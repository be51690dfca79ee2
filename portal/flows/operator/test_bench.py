"""What the test bench shows: demo phones with live codes, and the texts and emails in the outbox."""

from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import select

from portal.crypto import Keyring, SealBroken
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.places import recipient_zone
from portal.flows.factors.challenges import open_secret
from portal.flows.messages import outbox
from portal.flows.messages.notices import make_links, outbox_place
from portal.flows.operator import demo
from portal.methods import method
from portal.models import Authenticator, Outbox, User
from portal.policy import policy_of

MESSAGES_SHOWN = 50


class Phone(TypedDict):
    """A demo account's phone."""

    person: str
    entries: list[dict[str, Any]]  # issuer, label, method, and what the method itself shows


class SentText(TypedDict):
    """A text in the outbox."""

    to: str
    text: str  # while it is kept
    at: datetime
    state: str


class SentEmail(TypedDict):
    """An email in the outbox."""

    to: str
    template: str
    facts: dict[str, Any]
    language: str | None
    time_zone: str | None
    links: dict[str, str]  # while they are readable
    at: datetime
    state: str


def list_phones(context: RequestContext) -> list[Phone]:
    """A phone for each demo account with an authenticator app, with the app's entries. Codes sent by text are in `list_texts`."""
    names = [person.username for person in demo.PEOPLE]
    phones: list[Phone] = []
    for user in db.session.scalars(select(User).where(User.username.in_(names)).order_by(User.id)):
        rows = db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id)).all()
        entries = [app_entry(context, user, row) for row in rows if not sends_codes(row)]
        phones.append({"person": user.full_name, "entries": entries})
    return [phone for phone in phones if phone["entries"]]


def sends_codes(row: Authenticator) -> bool:
    """Whether codes are sent, so that no app on the phone has an entry."""
    its_method = method(row.method)
    return its_method is not None and its_method.sends


def app_entry(context: RequestContext, user: User, row: Authenticator) -> dict[str, Any]:
    """An entry's issuer and label, and what its method shows there; `method` is "" if the secret cannot be decrypted.

    `on_hold`: whether the portal takes none of its codes, because the phone was reported as lost.
    """
    held = row.suspended_at is not None
    entry = {"issuer": policy_of(user.role).issuer, "label": user.username, "method": "", "on_hold": held}
    its_method = method(row.method)
    try:
        secret = open_secret(context, user, row, "")
    except SealBroken:
        return entry
    return {**entry, "method": row.method, **its_method.challenge.simulate(secret, row, context.now)} if its_method else entry


def list_texts(keys: Keyring, now: datetime) -> list[SentText]:
    """The newest texts, with their delivery state."""
    rows = db.session.scalars(
        select(Outbox).where(Outbox.kind == outbox.TEXT).order_by(Outbox.created_at.desc()).limit(MESSAGES_SHOWN)
    )
    return [
        {
            "to": open_column(keys, row, "to"),
            "text": open_column(keys, row, "body"),
            "at": row.created_at,
            "state": outbox.delivery_state(row, now),
        }
        for row in rows
    ]


def list_emails(keys: Keyring, now: datetime) -> list[SentEmail]:
    """The newest emails, with their delivery state."""
    rows = db.session.scalars(
        select(Outbox).where(Outbox.kind == outbox.MAIL).order_by(Outbox.created_at.desc()).limit(MESSAGES_SHOWN)
    )
    return [
        {
            "to": open_column(keys, row, "to"),
            "template": row.template or "",
            "facts": row.facts,
            "language": row.language,
            "time_zone": recipient_zone(row.user_id),
            "links": make_links(keys, row, open_column(keys, row, "body")),
            "at": row.created_at,
            "state": outbox.delivery_state(row, now),
        }
        for row in rows
    ]


def open_column(keys: Keyring, row: Outbox, column: str) -> str:
    """A sealed column of the outbox, "" if it was wiped or cannot be decrypted."""
    sealed = getattr(row, f"{column}_sealed")
    try:
        return keys.open(sealed, outbox_place(row.id, column)) if sealed else ""
    except SealBroken:
        return ""
