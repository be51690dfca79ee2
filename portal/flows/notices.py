"""Notices: an outbox row in the transaction of what it tells, handed over later (product rule 11, NO-1 to NO-3)."""

import logging
import re

from portal.crypto import SealBroken
from portal.db import add_at_commit
from portal.flows.visit import Visit
from portal.models import Outbox, User, new_id

log = logging.getLogger(__name__)

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def outbox_place(notice_id: str) -> str:
    """Where a sealed address belongs."""
    return f"outbox:{notice_id}:to"


def queue(visit: Visit, user: User, template: str, **facts: str | int) -> None:
    """Queue the notice `template` to the person's address. Facts: no code, no secret, nothing about health."""
    try:
        address = user.unseal(visit.keys, "email")
    except SealBroken:  # a notice never blocks what it tells of (NO-4)
        log.critical("the address of user %s cannot be opened with the keys at hand", user.id)
        return
    if address is None:
        return
    notice_id = new_id()
    about = {"name": user.full_name, "when": visit.now.isoformat(), "browser": describe_browser(visit.user_agent), "ip": visit.ip}
    add_at_commit(
        Outbox,
        id=notice_id,
        user_id=user.id,
        template=template,
        facts={**about, **facts},
        to_sealed=visit.keys.seal(address, outbox_place(notice_id)),
        created_at=visit.now,
    )


def describe_browser(user_agent: str) -> str:
    """A browser in words such as "Chrome on Windows", or "" where it does not say."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if re.search(mark, user_agent)), "")
    return " on ".join(filter(None, (browser, system)))
