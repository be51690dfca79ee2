"""A person hands a case to support, and answers what it asks for.

Support says until when it answers, and both sides get words by which they know each other on the phone.
"""

import json
import secrets
from contextlib import suppress
from typing import Any

from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import charge, make_limit
from portal.flows.base.recovery_cases import ANSWERING, CHECKING, PROVING, move
from portal.flows.emergency.grants import list_support_agents
from portal.flows.messages import notices
from portal.flows.recovery.notes import ANSWER, add_note
from portal.flows.recovery.own_case import lock_own_case, read_own_case
from portal.flows.recovery.promise import promised_by
from portal.flows.recovery.requests import only_browser
from portal.models import RecoveryCase, RecoveryTicket, recovery_place
from portal.settings import config
from portal.words.call_back import WORDS
from portal.words.refusals import Refused

WORDS_EACH = 2


def ask_support(context: RequestContext, ticket: RecoveryTicket) -> None:
    """Hand the case to support, with a promise until when it answers and words for the call back. Raises Refused.

    Idempotent while support has not answered.
    """
    if read_own_case(context, ticket)[0].state == CHECKING:
        return
    case, user = lock_own_case(context, ticket, PROVING)
    promised = promise(context, case)
    move_on(context, case, PROVING, browser_hash=only_browser(case), **promised)
    notices.queue_notice(context, user, "recovery_checking", until=promised["due_at"].isoformat(), **{notices.CASE: case.id})
    record_event(context, "recovery_support_asked", about=user, case_id=case.id)
    tell_agents(context, case)
    db.session.commit()


def answer(context: RequestContext, ticket: RecoveryTicket, text: str) -> None:
    """Give support the answer that it asked for, which renews its promise. Raises Refused."""
    case, user = lock_own_case(context, ticket, ANSWERING)
    move_on(context, case, ANSWERING, due_at=promised_by(context))
    add_note(context, case, ANSWER, text, None)
    record_event(context, "recovery_answered", about=user, case_id=case.id)
    tell_agents(context, case)
    db.session.commit()


def move_on(context: RequestContext, case: RecoveryCase, origin: str, **columns: Any) -> None:
    """Make it support's turn, in the open transaction. Raises Refused if another request was first."""
    if not move(context, case.id, (origin,), CHECKING, **columns):
        db.session.rollback()
        raise Refused("recovery_moved")


def tell_agents(context: RequestContext, case: RecoveryCase) -> None:
    """Email every agent that support's answer is due; part of the open transaction."""
    email_agents(context, case.user_id, "recovery_due")


def email_agents(context: RequestContext, owner_id: int, template: str) -> None:
    """Email every agent but the owner of what waits, without a word about whom; once an hour each, in the open transaction."""
    for agent in list_support_agents(owner_id):
        hourly = make_limit(context.keys, 1, config.AGENT_EMAIL_GAP, template, str(agent.id))
        with suppress(Refused):  # had one within the hour
            charge(context, [hourly])
            notices.queue_notice(context, agent, template)


# --- the promise, and the words


def promise(context: RequestContext, case: RecoveryCase) -> dict[str, Any]:
    """The columns of a case that support has been asked about: since when, until when it answers, and the call-back words."""
    due_at = promised_by(context)
    promised = {"asked_support_at": context.now, "due_at": due_at, "first_due_at": due_at}
    return {**promised, "words_sealed": seal_words(context, case)}


def seal_words(context: RequestContext, case: RecoveryCase) -> bytes:
    """New words for both sides, sealed; those that the person may have read already stay."""
    ours, theirs = open_words(context, case) or (pick_words(), pick_words())
    return context.keys.seal(json.dumps([ours, theirs]), words_place(case))


def pick_words() -> str:
    """Some words at random: too many for a caller to guess."""
    return " ".join(secrets.choice(WORDS) for _ in range(WORDS_EACH))


def open_words(context: RequestContext, case: RecoveryCase) -> tuple[str, str] | None:
    """The call-back words: support's, then the person's. None if there are none yet, or if the keys at hand do not open them."""
    try:
        ours, theirs = json.loads(context.keys.open(case.words_sealed, words_place(case))) if case.words_sealed else ("", "")
    except SealBroken:
        return None
    return (ours, theirs) if ours else None


def words_place(case: RecoveryCase) -> str:
    return recovery_place("case", case.id, "words")
