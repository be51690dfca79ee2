"""Handing a case to support: until when it answers, and the words by which both sides know each other on the phone."""

import json
import secrets
from typing import Any

from portal.crypto import SealBroken
from portal.flows.base.context import RequestContext
from portal.flows.recovery.promise import promised_by
from portal.models import RecoveryCase, recovery_place
from portal.words.call_back import WORDS

WORDS_EACH = 2


def promise(context: RequestContext, case: RecoveryCase) -> dict[str, Any]:
    """The columns of a case that support has been asked about: since when, until when it answers, and the call-back words."""
    return {"asked_support_at": context.now, "due_at": promised_by(context), "words_sealed": seal_words(context, case)}


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
