"""What an account has, as support sees it: methods, dates, locks, masked contacts; no code, no secret, no whole number (AD-5)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal import clock, phones
from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base import throttle
from portal.flows.base.context import RequestContext
from portal.flows.factors.on_file import mask_email, unseal_contact
from portal.flows.messages.notices import address_place
from portal.flows.sessions import sessions
from portal.methods import method
from portal.models import (
    Authenticator,
    BackupCode,
    BackupCodeSet,
    Event,
    NoticeAddress,
    Practice,
    Session,
    User,
    secret_place,
)
from portal.settings import config
from portal.words.refusals import N_

SUSPENDED, BLOCKED, BLOCKED_IN_NEW = (
    N_("Suspended: reported lost"),
    N_("Blocked after a hundred wrong codes"),
    N_("Blocked in new browsers after a hundred wrong codes"),
)
EMAIL, SECOND_EMAIL, PHONE = N_("Email address"), N_("Backup email address"), N_("Mobile phone number")
CHANGES = {EMAIL: "email_changed", PHONE: "phone_changed"}


@dataclass(frozen=True)
class Way:
    """One authenticator: its kind, and whether it works."""

    label: str  # the page translates it
    name: str
    goes_to: str  # a masked number, or ""
    added_at: datetime
    last_used_at: datetime | None
    lock: str  # why it does not work, or ""; the page translates it


@dataclass(frozen=True)
class Contact:
    """One contact on file, masked: "" if the keys at hand do not open it."""

    label: str
    masked: str
    confirmed_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True)
class Account:
    """An account for the case page."""

    username: str
    name: str
    role: str
    practice: str
    two_factor: str
    since: datetime | None
    created_at: datetime
    last_sign_in_at: datetime | None
    ways: list[Way]
    codes_left: int | None  # None: no backup codes
    paused_until: datetime | None  # codes in new browsers
    sessions: int  # complete ones that live now
    contacts: list[Contact]


def describe_account(context: RequestContext, user: User) -> Account:
    """Everything that support may see of an account."""
    own = select(Authenticator).where(Authenticator.user_id == user.id)
    rows = db.session.scalars(own.order_by(Authenticator.created_at, Authenticator.id))
    practice = db.session.get(Practice, user.practice_id) if user.practice_id else None
    is_paused = clock.is_ahead(user.codes_paused_until, context.now, config.PAUSES[-1])
    return Account(
        username=user.username,
        name=user.full_name,
        role=user.role,
        practice=practice.name if practice else "",
        two_factor=user.two_factor,
        since=user.two_factor_since,
        created_at=user.created_at,
        last_sign_in_at=user.last_sign_in_at,
        ways=[as_way(context, row) for row in rows],
        codes_left=count_codes(user.id),
        paused_until=user.codes_paused_until if is_paused else None,
        sessions=count_sessions(context, user.id),
        contacts=list_contacts(context, user),
    )


def as_way(context: RequestContext, row: Authenticator) -> Way:
    its_method = method(row.method)
    goes_to = ""
    if its_method and its_method.mask:
        with suppress(SealBroken):
            goes_to = its_method.mask(context.keys.open(row.secret_sealed, secret_place(row.user_id, row.id)))
    return Way(its_method.label if its_method else row.name, row.name, goes_to, row.created_at, row.last_used_at, find_lock(row))


def find_lock(row: Authenticator) -> str:
    """Why an authenticator does not work, or ""."""
    if row.suspended_at is not None:
        return SUSPENDED
    if row.disabled_at is not None:
        return BLOCKED
    return "" if throttle.STRANGERS.takes(row) else BLOCKED_IN_NEW


def count_codes(user_id: int) -> int | None:
    """How many backup codes of the live set are unused; None if there is no set."""
    live = (BackupCodeSet.user_id == user_id, BackupCodeSet.replaced_at.is_(None))
    if not db.session.scalar(select(func.count()).select_from(BackupCodeSet).where(*live)):
        return None
    unused = select(func.count()).select_from(BackupCode).join(BackupCodeSet).where(*live, BackupCode.used_at.is_(None))
    return db.session.scalar(unused)


def count_sessions(context: RequestContext, user_id: int) -> int:
    live = (*sessions.complete_sessions(Session), Session.last_seen_at > context.now - config.SESSION_IDLE)
    rows = select(func.count()).select_from(Session).where(*live).params(**sessions.live_at(user_id, context.now))
    return db.session.scalar(rows) or 0


def list_contacts(context: RequestContext, user: User) -> list[Contact]:
    """The contacts on file, masked, and when each was confirmed and changed."""
    of_contacts = (Event.subject_id == user.id, Event.event.in_(CHANGES.values()), Event.result == "ok")
    newest = select(Event.event, func.max(Event.at)).where(*of_contacts).group_by(Event.event)
    changed = {row[0]: row[1] for row in db.session.execute(newest)}
    found = []
    if user.email_sealed:
        found.append(Contact(EMAIL, mask_email(unseal_contact(context, user, "email")), None, changed.get(CHANGES[EMAIL])))
    if user.phone_sealed:
        number = phones.mask(unseal_contact(context, user, "phone"))
        found.append(Contact(PHONE, number, user.phone_confirmed_at, changed.get(CHANGES[PHONE])))
    own = select(NoticeAddress).where(NoticeAddress.user_id == user.id, NoticeAddress.confirmed_at.is_not(None))
    return found + [as_contact(context, row) for row in db.session.scalars(own.order_by(NoticeAddress.created_at))]


def as_contact(context: RequestContext, row: NoticeAddress) -> Contact:
    try:
        masked = mask_email(context.keys.open(row.email_sealed, address_place(row.id)))
    except SealBroken:
        masked = ""
    return Contact(SECOND_EMAIL, masked, row.confirmed_at, None)
