"""Notices: emails queued in the same transaction as the change they report (product rule 11, NO-1 to NO-3)."""

import hmac
import logging
import re
from typing import Any

from sqlalchemy import bindparam, select

from portal.crypto import Keyring, SealBroken
from portal.db import NEW_MESSAGES, add_at_commit, db, read
from portal.flows.base.context import RequestContext
from portal.flows.base.links import RECOVERY_STOP
from portal.models import NoticeAddress, Outbox, User, new_id
from portal.policy import policy_of
from portal.settings import config

log = logging.getLogger(__name__)

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
NOT_ME = "not_me"  # purpose of the link "This wasn't me"
STOP = "stop"  # the link that stops an account recovery, as templates call it
CASE = "case"  # a fact: the id of the recovery that it stops
CONFIRMED = select(NoticeAddress.id, NoticeAddress.email_sealed).where(
    NoticeAddress.user_id == bindparam("owner"), NoticeAddress.confirmed_at.is_not(None)
)
ID_LENGTH = 32  # of a row's id
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def outbox_place(notice_id: str, column: str) -> str:
    """The place that a sealed column of the outbox is bound to."""
    return f"outbox:{notice_id}:{column}"


def queue_notice(
    context: RequestContext,
    user: User,
    template: str,
    link: str | None = None,
    to: str | None = None,
    **facts: str | int | list[str],
) -> list[str]:
    """Queue the notice `template` to all of the user's confirmed addresses, or only to `to`; returns the rows' ids.

    Facts: no code, no secret, nothing about health. `link` is the token of a link in the email, sealed, and wiped after delivery.
    """
    policy = policy_of(user.role)
    common = {
        "name": user.full_name,
        "issuer": policy.issuer,
        "may_trust": policy.may_trust_browsers,
        "when": context.now.isoformat(),
        "browser": describe_browser(context.user_agent),
        "ip": context.ip,
    }
    addresses = [to] if to else notice_addresses(context, user)
    return queue_emails([email_row(context, user, template, address, {**common, **facts}, link) for address in addresses])


def queue_emails(rows: list[dict[str, Any]]) -> list[str]:
    """Add emails to the open transaction, with one statement at its end: rows that `email_row` made. Returns their ids."""
    for row in rows:
        add_at_commit(Outbox, **row)
    ids = [row["id"] for row in rows]
    db.session.info.setdefault(NEW_MESSAGES, []).extend(ids)
    return ids


def email_row(
    context: RequestContext, user: User, template: str, address: str, facts: dict[str, Any], link: str | None
) -> dict[str, Any]:
    """The columns of one email to one address."""
    notice_id = new_id()
    return {
        "id": notice_id,
        "user_id": user.id,
        "kind": "mail",
        "template": template,
        "facts": facts,
        "language": user.language,
        "to_sealed": context.keys.seal(address, outbox_place(notice_id, "to")),
        "body_sealed": context.keys.seal(link, outbox_place(notice_id, "body")) if link else None,
        "created_at": context.now,
        "expires_at": context.now + config.MAIL_LIFE,
    }


def spend_equal_work(context: RequestContext) -> None:
    """Do the work of an email that nobody gets: two seals (EN-2)."""
    for column in ("to", "body"):
        context.keys.seal("nobody@example.test", outbox_place("nobody", column))


def make_row_token(keys: Keyring, row_id: str, purpose: str) -> str:
    """A token for one row of the outbox, or for a recovery: its id and a keyed hash of it. It is not stored anywhere (RC-7)."""
    return row_id + keys.look_up_hash(outbox_place(row_id, purpose)).hex()


def make_links(keys: Keyring, row: Outbox, link: str) -> dict[str, str]:
    """The tokens of an email's links, by their names in its template. `link`: the sealed one, in the clear; "" if there is none."""
    found = {"link": link, NOT_ME: make_row_token(keys, row.id, NOT_ME)}
    return {**found, STOP: make_row_token(keys, row.facts[CASE], RECOVERY_STOP)} if CASE in row.facts else found


def find_row_by_token(keys: Keyring, token: str, purpose: str) -> str | None:
    """The row id in a token, if it was made with one of the configured keys; else None."""
    row_id, proof = token[:ID_LENGTH], token[ID_LENGTH:]
    expected = [each.hex() for each in keys.look_up_hashes(outbox_place(row_id, purpose))]
    return row_id if token.isascii() and any(hmac.compare_digest(proof, each) for each in expected) else None


def notice_addresses(context: RequestContext, user: User) -> list[str]:
    """Every confirmed address of the user, the account's own first (NO-1, NO-2)."""
    try:
        first = user.unseal(context.keys, "email")
        rows = () if user.second_addresses == 0 else read(CONFIRMED, {"owner": user.id})
        others = [context.keys.open(sealed, address_place(address_id)) for address_id, sealed in rows]
    except SealBroken:  # a notice never blocks the change it reports (NO-4)
        log.critical("an address of user %s cannot be decrypted with the configured keys", user.id)
        return []
    return [address for address in (first, *others) if address]


def address_place(address_id: str) -> str:
    """The place that a sealed second address is bound to."""
    return f"notice_addresses:{address_id}:email"


def describe_browser(user_agent: str) -> str:
    """A browser in words, such as "Chrome on Windows"; "" if the user agent is unknown."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if re.search(mark, user_agent)), "")
    return " on ".join(filter(None, (browser, system)))
