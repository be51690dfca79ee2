"""Reminding colleagues by email to set up two-factor authentication, at most once a day for each person."""

from sqlalchemy import func, select, update

from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.messages import notices
from portal.flows.practice import team
from portal.models import Practice, User
from portal.settings import config
from portal.words.refusals import Refused

TEMPLATE = "set_up_reminder"


def remind_member(context: RequestContext, user_id: int) -> bool:
    """Remind one person. False if not of this practice, which is recorded. Raises Refused: "reminded_today", "reminded_on"."""
    member = team.find_member(context, user_id)
    if member is None:
        return False
    begin_write()
    user = db.session.scalar(select(User).where(User.id == user_id, *team.awaiting_reminder(context)).with_for_update())
    if user is None:
        db.session.rollback()
        if member.two_factor == "on":
            raise Refused("reminded_on")
        raise Refused("reminded_today")
    send_reminders(context, [user])
    db.session.commit()
    return True


def remind_all(context: RequestContext) -> tuple[int, int]:
    """Remind everyone who is not set up, a batch at a time, by name; returns how many were reminded, and how many are left.

    Raises Refused("reminded_all") if nobody is left.
    """
    begin_write()
    rows = select(User).where(*team.awaiting_reminder(context)).order_by(User.name_key, User.id).limit(config.REMINDERS_AT_ONCE)
    users = list(db.session.scalars(rows.with_for_update(of=User)))
    if not users:
        db.session.rollback()
        raise Refused("reminded_all")
    send_reminders(context, users)
    left = db.session.scalar(select(func.count()).select_from(User).where(*team.awaiting_reminder(context))) or 0
    db.session.commit()
    return len(users), left


def send_reminders(context: RequestContext, users: list[User]) -> None:
    """Queue the emails, and note when each person was reminded; part of the open transaction."""
    practice = db.session.get_one(Practice, context.user.practice_id)
    ends_at = practice.deadline_at
    last_day = ends_at.astimezone(context.place).date().isoformat() if ends_at and ends_at > context.now else ""
    facts = {"asked_by": context.user.full_name, "practice": practice.name, "last_day": last_day}
    emails = []
    for user in users:
        own_facts = {**facts, "name": user.full_name, "is_reset": user.two_factor == "reset"}
        addresses = notices.notice_addresses(context, user)
        # No "This wasn't me" link: nothing about the person's account has changed.
        emails += [notices.email_row(context, user, TEMPLATE, address, own_facts, None) for address in addresses]
        record_event(context, "set_up_reminder", about=user)
    notices.queue_emails(emails)
    change(update(User).where(User.id.in_([user.id for user in users])).values(reminded_at=context.now))
