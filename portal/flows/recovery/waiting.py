"""The day that passes before a recovery completes (RC-6), and the link at its end.

It begins when the last notice about it has gone out: a mail server that is down delays a recovery, and never hides one.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.db import db
from portal.flows.base import links
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import (
    ANSWERING,
    CHECKING,
    DECIDING,
    PROVING,
    READY,
    SETTING_UP,
    WAITING,
    move,
)
from portal.flows.factors.on_file import unseal_contact
from portal.flows.messages import notices
from portal.flows.messages.outbox import MAIL
from portal.flows.recovery import texts
from portal.flows.recovery.own_case import lock_own_case
from portal.flows.recovery.requests import was_confirmed_here
from portal.flows.recovery.stop import stop_link
from portal.models import Event, Outbox, RecoveryCase, RecoveryTicket, User
from portal.settings import config
from portal.words.refusals import Refused

WENT_OUT, LOST = ("sent", "delivered"), ("failed", "held")  # stages of a notice; in all others it is on its way


# --- the wait


def begin_waiting(context: RequestContext, case: RecoveryCase, user: User, **shown: Any) -> None:
    """Begin the waiting time and tell every address and every proved number, in the open transaction. Raises Refused.

    `shown`: the columns of what was shown. The account's row is locked.
    """
    hours = int(config.RECOVERY_WAIT.total_seconds()) // 3600
    ids = notices.queue_notice(context, user, "recovery_waiting", case=case.id, hours=hours)
    ids += texts.queue_news(context, user, "recovery_waiting", texts.WAITING_TEXT, stop_link(context, user, case))
    if not move(context, case.id, (PROVING,), WAITING, notice_ids=ids, **shown):
        db.session.rollback()
        raise Refused("recovery_moved")
    record_event(context, "recovery_waiting", about=user, case_id=case.id)


def list_notices(case: RecoveryCase) -> list[Outbox]:
    """The notices about the case's waiting time, as they are now."""
    rows = select(Outbox).where(Outbox.id.in_(case.notice_ids))
    return list(db.session.scalars(rows, execution_options={"populate_existing": True}))


def waits_until(context: RequestContext, case: RecoveryCase) -> datetime | None:
    """When the waiting time is over; None while a notice is on its way, or if no email about it went out.

    An address that cannot be reached holds nothing up once its email is given up, as long as another one was reached.
    """
    stages = [(row, row.stage_at(context.now)) for row in list_notices(case)]
    if any(stage not in (*WENT_OUT, *LOST) for _, stage in stages):
        return None
    went_out = [row for row, stage in stages if stage in WENT_OUT]
    if not any(row.kind == MAIL for row in went_out):
        return None
    return max(row.sent_at or row.delivered_at or case.state_since for row in went_out) + config.RECOVERY_WAIT


def are_lost(context: RequestContext, case: RecoveryCase) -> bool:
    """Whether every email about the waiting time was given up, so that nobody knows of it."""
    mails = [row.stage_at(context.now) for row in list_notices(case) if row.kind == MAIL]
    return all(stage in LOST for stage in mails)


# --- the link at its end


def make_ready(context: RequestContext, case: RecoveryCase, user: User, **columns: Any) -> None:
    """Mail the link that leads to set-up, in the open transaction. Nothing has changed until it is used (RC-7). Raises Refused.

    After the waiting time, a backup code, or support's approval. The account's row is locked. `columns`: written by the same UPDATE.
    """
    origins = (PROVING, WAITING, CHECKING, ANSWERING, DECIDING)
    address = unseal_contact(context, user, "email")
    if not address or not move(context, case.id, origins, READY, **columns):
        db.session.rollback()
        raise Refused("recovery_moved" if address else "recovery_no_address")
    mail_link(context, user, case, address)
    if case.identity_at is None:  # else support's own notice tells the others
        for other in set(notices.notice_addresses(context, user)) - {address}:
            notices.queue_notice(context, user, "recovery_ready", to=other, case=case.id, **origin_of(context, case))
    record_event(context, "recovery_ready", about=user, case_id=case.id)


def mail_link(context: RequestContext, user: User, case: RecoveryCase, address: str) -> None:
    """Queue the email with the case's link: the live one again, or a new one."""
    link, token = links.find_mailable_link(context, user.id, links.RECOVERY) or (None, "")
    if link is not None and link.facts.get("case") == case.id:
        link.facts = {**link.facts, links.MAILED_AT: context.now.isoformat()}
        until = link.expires_at
    else:
        links.void_links(context, user.id, links.RECOVERY)
        token = links.make_mailable_link(context, user, links.RECOVERY, config.RESET_LINK_LIFE, case=case.id)
        until = context.now + config.RESET_LINK_LIFE
    facts = {"case": case.id, "until": until.isoformat(), **origin_of(context, case)}
    notices.queue_notice(context, user, "recovery_ready", link=token, to=address, **facts)


def origin_of(context: RequestContext, case: RecoveryCase) -> dict[str, str]:
    """Where the recovery was asked for, for a notice that scheduled work sends."""
    confirmed = (
        Event.subject_id == case.user_id,
        Event.case_id == case.id,
        Event.event == "recovery_confirmed",
        Event.result == "ok",
    )
    row = db.session.execute(select(Event.ip, Event.user_agent).where(*confirmed).order_by(Event.id.desc()).limit(1)).first()
    ip, agent = row or (context.ip, context.user_agent)
    return {"ip": ip, "browser": notices.describe_browser(agent)}


def mail_link_again(context: RequestContext, ticket: RecoveryTicket) -> None:
    """Mail the link once more; a fresh one if the last has expired. Raises Refused("recovery_link_mailed") within five minutes.

    The browser may have entered the code more than a day ago, as before a waiting time: the link goes to the account's address alone.
    """
    case, user = lock_own_case(context, ticket, READY, SETTING_UP, is_ours=was_confirmed_here)
    found = links.find_mailable_link(context, user.id, links.RECOVERY)
    address = unseal_contact(context, user, "email")
    if not address or (found and links.was_mailed_lately(context, found[0])):
        db.session.rollback()
        raise Refused("recovery_link_mailed" if address else "recovery_no_address")
    mail_link(context, user, case, address)
    db.session.commit()
