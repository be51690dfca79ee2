"""Email addresses: a second one for notices, or a new first one. Each counts once it is confirmed (RC-3, NO-2)."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select

from portal.crypto import SealBroken
from portal.db import begin_write, change, db
from portal.flows.base import links
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors.on_file import mask_email, unseal_contact
from portal.flows.messages import notices
from portal.flows.messages.notices import address_place
from portal.flows.sign_in.new_password import PASSWORD_LINK
from portal.models import Link, NoticeAddress, User, fold_email, new_id
from portal.settings import config
from portal.words.refusals import Refused

ADDRESS_LINK = "confirm_email"  # a link's purpose
IS_OWN = NoticeAddress.user_id == bindparam("owner")
OWN = select(NoticeAddress).where(IS_OWN).order_by(NoticeAddress.created_at, NoticeAddress.id)
ONE = select(NoticeAddress).where(IS_OWN, NoticeAddress.id == bindparam("address"))
DROP = delete(NoticeAddress).where(IS_OWN, NoticeAddress.id == bindparam("address"))
UNUSED_LINKS = select(Link).where(Link.user_id == bindparam("owner"), Link.purpose == ADDRESS_LINK, Link.used_at.is_(None))


@dataclass(frozen=True)
class Address:
    """A second address, or a new first one, as the Profile page shows it."""

    id: str
    masked: str
    is_first: bool
    is_confirmed: bool


def own_user(context: RequestContext) -> User:
    return db.session.get_one(User, context.user.user_id)


def addresses_of(context: RequestContext) -> list[NoticeAddress]:
    """The visitor's own addresses, oldest first."""
    return list(db.session.scalars(OWN, {"owner": context.user.user_id}))


def find_own(context: RequestContext, address_id: str) -> NoticeAddress | None:
    """The visitor's address with that id, or None."""
    return db.session.scalar(ONE, {"owner": context.user.user_id, "address": address_id})


def open_contact(context: RequestContext, row: NoticeAddress) -> str:
    try:
        return context.keys.open(row.email_sealed, address_place(row.id))
    except SealBroken:
        return ""


def list_addresses(context: RequestContext) -> list[Address]:
    """The visitor's own, oldest first."""
    rows = addresses_of(context)
    return [Address(row.id, mask_email(open_contact(context, row)), row.is_first, row.confirmed_at is not None) for row in rows]


# --- adding


def ask_address(context: RequestContext, address: str, is_first: bool) -> None:
    """Email a link to a new address, and notify the others. Raises Refused: "email_known", "addresses_full", "mails_many"."""
    begin_write()
    try:
        add_address(context, address, is_first)
    except Refused:
        db.session.rollback()
        raise
    db.session.commit()


def add_address(context: RequestContext, address: str, is_first: bool) -> None:
    """Add the row, its link, its email, and the notice; part of the open transaction."""
    user = db.session.get_one(User, context.user.user_id, with_for_update=True)  # serializes the counts of concurrent requests
    drop_superseded(context, user, address, is_first)
    if links.has_many_links(context, user.id, ADDRESS_LINK):
        raise Refused("mails_many")
    row_id = new_id()
    row = NoticeAddress(
        id=row_id,
        user_id=user.id,
        email_sealed=context.keys.seal(address, address_place(row_id)),
        is_first=is_first,
        created_at=context.now,
    )
    db.session.add(row)
    token = links.make_link(context, user, ADDRESS_LINK, config.ADDRESS_LINK_LIFE, address=row_id)
    notices.queue_notice(context, user, "confirm_email", link=token, to=address)
    if is_first:
        notices.queue_notice(context, user, "email_asked", address=mask_email(address))
        record_event(context, "email_asked")
    else:
        notices.queue_notice(context, user, "address_asked", address=mask_email(address))
        record_event(context, "notice_address_asked")


def drop_superseded(context: RequestContext, user: User, address: str, is_first: bool) -> None:
    """Drop an older pending first address, or the same address requested before. Raises Refused for a known address or too many."""
    folded = fold_email(address)
    rows = addresses_of(context)
    same = [row for row in rows if row.is_first == is_first and fold_email(open_contact(context, row)) == folded]
    if folded == fold_email(unseal_contact(context, user, "email")) or any(row.confirmed_at for row in same):
        raise Refused("email_known")
    superseded = [row for row in rows if row.is_first] if is_first else same
    if not is_first and len([row for row in rows if not row.is_first and row not in same]) >= config.SECOND_ADDRESSES:
        raise Refused("addresses_full")
    for row in superseded:
        drop_address(context, row.id)


def drop_address(context: RequestContext, address_id: str) -> None:
    """Delete one of the visitor's addresses and void the link that would confirm it; part of the open transaction."""
    for link in db.session.scalars(UNUSED_LINKS, {"owner": context.user.user_id}):
        if link.facts["address"] == address_id:
            link.used_at = context.now
    change(DROP, {"owner": context.user.user_id, "address": address_id})


def find_address(context: RequestContext, address_id: str) -> Address | None:
    """One of the visitor's own addresses, or None."""
    return next((each for each in list_addresses(context) if each.id == address_id), None)


def remove_address(context: RequestContext, address_id: str) -> bool:
    """Remove an address; if it was confirmed, it is notified, too. False if the visitor has no such address."""
    begin_write()
    row = find_own(context, address_id)
    if row is None:
        db.session.rollback()
        return False
    notices.queue_notice(context, own_user(context), "address_removed", address=mask_email(open_contact(context, row)))
    db.session.flush()
    drop_address(context, address_id)
    record_event(context, "notice_address_removed")
    db.session.commit()
    return True


def pending_address(context: RequestContext, token: str) -> tuple[Link, NoticeAddress]:
    """The visitor's link and the address that it confirms. Read-only. Raises Refused."""
    link = links.read_link(context, token, ADDRESS_LINK)
    if link.user_id != context.user.user_id:
        raise Refused("link_other")
    row = find_own(context, link.facts["address"])
    if row is None:
        raise Refused("link_used")
    return link, row


def address_to_confirm(context: RequestContext, token: str) -> Address:
    """The address that a link's page asks about. Raises Refused."""
    _, row = pending_address(context, token)
    return Address(row.id, mask_email(open_contact(context, row)), row.is_first, is_confirmed=False)


def confirm_address(context: RequestContext, token: str) -> None:
    """Confirm an address. A new first one is announced to all addresses, the old one included. Raises Refused."""
    begin_write()
    try:
        link, row = pending_address(context, token)
        links.spend_link(context, link)
    except Refused:
        db.session.rollback()
        raise
    if row.is_first:
        replace_first_address(context, row)
    else:
        row.confirmed_at = context.now
        record_event(context, "notice_address_added")
        notices.queue_notice(context, own_user(context), "address_added", address=mask_email(open_contact(context, row)))
    db.session.commit()


def replace_first_address(context: RequestContext, row: NoticeAddress) -> None:
    """Make the address the account's own, and void password links that were sent to the old one."""
    user, address = own_user(context), context.keys.open(row.email_sealed, address_place(row.id))
    old_recipients = notices.notice_addresses(context, user)
    user.seal(context.keys, "email", address)
    links.void_links(context, user.id, PASSWORD_LINK)
    for each in addresses_of(context):
        if fold_email(open_contact(context, each)) == fold_email(address):  # it may have been a second one, too
            drop_address(context, each.id)
    record_event(context, "email_changed")
    for recipient in dict.fromkeys([*old_recipients, address]):
        notices.queue_notice(context, user, "email_changed", to=recipient, address=mask_email(address))
