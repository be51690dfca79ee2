"""Notices: an outbox row in the transaction of what it tells, handed over later (product rule 11, NO-1 to NO-3)."""

import json
import logging
import re

from sqlalchemy import select

from portal import config
from portal.crypto import SealBroken
from portal.db import db
from portal.flows import links
from portal.flows.visit import Visit
from portal.models import NoticeAddress, Outbox, User, new_id

log = logging.getLogger(__name__)

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
NOT_ME = "not_me"  # the purpose of the link "This wasn't me"
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def outbox_place(notice_id: str, column: str) -> str:
    """Where a sealed column of the outbox belongs."""
    return f"outbox:{notice_id}:{column}"


def queue(
    visit: Visit, user: User, template: str, link: str | None = None, to: str | None = None, **facts: str | int
) -> list[str]:
    """Queue the notice `template` to all of the person's confirmed addresses, or to `to` alone; returns the rows' ids.

    Facts: no code, no secret, nothing about health. `link` is a token that the mail carries; a notice without one gets "This wasn't me".
    Tokens are sealed, and wiped when the mail is handed over.
    """
    about = {"name": user.full_name, "when": visit.now.isoformat(), "browser": describe_browser(visit.user_agent), "ip": visit.ip}
    addresses = [to] if to else addresses_of(visit, user)
    tokens = {"link": link} if link else {NOT_ME: links.make(visit, user, NOT_ME, config.NOT_ME_LIFE, template=template)}
    rows = [row(visit, user, template, address, {**about, **facts}, tokens) for address in addresses]
    db.session.add_all(rows)
    return [each.id for each in rows]


def row(visit: Visit, user: User, template: str, address: str, facts: dict, tokens: dict[str, str]) -> Outbox:
    """One mail to one address."""
    notice_id = new_id()
    return Outbox(
        id=notice_id,
        user_id=user.id,
        kind="mail",
        template=template,
        facts=facts,
        to_sealed=visit.keys.seal(address, outbox_place(notice_id, "to")),
        body_sealed=visit.keys.seal(json.dumps(tokens), outbox_place(notice_id, "body")),
        created_at=visit.now,
        dies_at=visit.now + config.MAIL_LIFE,
    )


def addresses_of(visit: Visit, user: User) -> list[str]:
    """Every confirmed address of the person, the first one first (NO-1, NO-2)."""
    second = select(NoticeAddress).where(NoticeAddress.user_id == user.id, NoticeAddress.confirmed_at.is_not(None))
    try:
        first = user.unseal(visit.keys, "email")
        others = [visit.keys.open(each.email_sealed, address_place(each.id)) for each in db.session.scalars(second)]
    except SealBroken:  # a notice never blocks what it tells of (NO-4)
        log.critical("an address of user %s cannot be opened with the keys at hand", user.id)
        return []
    return [address for address in (first, *others) if address]


def address_place(address_id: str) -> str:
    """Where a sealed second address belongs."""
    return f"notice_addresses:{address_id}:email"


def describe_browser(user_agent: str) -> str:
    """A browser in words such as "Chrome on Windows", or "" where it does not say."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if re.search(mark, user_agent)), "")
    return " on ".join(filter(None, (browser, system)))
