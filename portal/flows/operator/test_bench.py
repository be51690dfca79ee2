"""What the test bench shows: demo phones with live codes, and the mails in the outbox."""

from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import select

from portal.crypto import Keyring, SealBroken
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.factors.challenges import open_secret
from portal.flows.messages import outbox
from portal.flows.messages.notices import NOT_ME, make_row_token, outbox_place
from portal.flows.operator import demo
from portal.methods import method
from portal.models import Authenticator, Outbox, User
from portal.policy import policy_of

MAILS_SHOWN = 50


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
    template: str | None
    facts: dict[str, Any]
    links: dict[str, str]  # while they are readable
    at: datetime
    state: str


def list_phones(context: RequestContext) -> list[Phone]:
    """One phone a demo account with an app, with its entries; what is sent to a number stands among the texts."""
    names = [person.username for person in demo.PEOPLE]
    shown: list[Phone] = []
    for user in db.session.scalars(select(User).where(User.username.in_(names)).order_by(User.id)):
        rows = db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id)).all()
        entries = [app_entry(context, user, row) for row in rows if not is_sent(row)]
        shown.append({"person": user.full_name, "entries": entries})
    return [phone for phone in shown if phone["entries"]]


def is_sent(row: Authenticator) -> bool:
    """Whether codes come by message, so that no app on the phone holds an entry."""
    asked = method(row.method)
    return asked is not None and asked.sends


def app_entry(context: RequestContext, user: User, row: Authenticator) -> dict[str, Any]:
    """Issuer and label of one entry, and what its method shows there; `method` is "" if it cannot be opened."""
    about = {"issuer": policy_of(user.role).issuer, "label": user.username, "method": ""}
    asked = method(row.method)
    try:
        secret = open_secret(context, user, row, "")
    except SealBroken:
        return about
    return {**about, "method": row.method, **asked.challenge.simulate(secret, row, context.now)} if asked else about


def list_texts(keys: Keyring, now: datetime) -> list[SentText]:
    """The newest texts: number, words while they are kept, when, and how far each has come."""
    rows = db.session.scalars(
        select(Outbox).where(Outbox.kind == outbox.TEXT).order_by(Outbox.created_at.desc()).limit(MAILS_SHOWN)
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
    """The newest mails: address, template, facts, links while they are readable, when, and how far each has come."""
    rows = db.session.scalars(
        select(Outbox).where(Outbox.kind == outbox.MAIL).order_by(Outbox.created_at.desc()).limit(MAILS_SHOWN)
    )
    return [
        {
            "to": open_column(keys, row, "to"),
            "template": row.template,
            "facts": row.facts,
            "links": {"link": open_column(keys, row, "body"), NOT_ME: make_row_token(keys, row.id, NOT_ME)},
            "at": row.created_at,
            "state": outbox.delivery_state(row, now),
        }
        for row in rows
    ]


def open_column(keys: Keyring, row: Outbox, column: str) -> str:
    """A sealed column of the outbox, "" where it is wiped or cannot be opened."""
    sealed = getattr(row, f"{column}_sealed")
    try:
        return keys.open(sealed, outbox_place(row.id, column)) if sealed else ""
    except SealBroken:
        return ""
