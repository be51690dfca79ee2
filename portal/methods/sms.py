"""Text message: six digits sent to a mobile number (NIST SP 800-63B 3.1.3: out of band, restricted by 3.2.9)."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update

from portal import phones
from portal.answers import Answer
from portal.db import change, db
from portal.forms.codes import CodeForm
from portal.forms.profile import PhoneForm
from portal.methods import CodeRejected, Method, Next, NotAsked, Proved, Secret
from portal.models import Authenticator, Outbox, SentCode
from portal.settings import config
from portal.words.refusals import N_

FINAL = ("delivered", "failed", "held")  # stages of a text that nothing follows


def newest(attempt: str) -> Select[SentCode]:
    """SQL: the codes of an attempt, newest first."""
    return select(SentCode).where(SentCode.attempt == attempt).order_by(SentCode.created_at.desc(), SentCode.id)


def spend(secret: Secret, code: str, now: datetime) -> None:
    """Accept the newest code of the attempt, once (SM-2, SM-3, SM-4).

    Raises NotAsked where it went to another number or nothing was sent,
    CodeRejected: "text_old", "text_used", "text_expired", "text_tries", "text_wrong".
    """
    codes = db.session.scalars(newest(secret.attempt)).all()
    if not codes or codes[0].authenticator_id != secret.authenticator_id:
        raise NotAsked
    live, *older = codes
    if live.used_at is not None:
        raise CodeRejected("text_used" if matches(secret, live, code) else "text_wrong")
    if now >= live.expires_at:
        raise CodeRejected("text_expired")
    right = matches(secret, live, code)
    own = update(SentCode).where(SentCode.id == live.id, SentCode.used_at.is_(None), SentCode.tries < config.TEXT_TRIES)
    if change(own.values(tries=SentCode.tries + 1, used_at=now if right else None)) != 1:
        raise CodeRejected("text_tries")
    if right:
        return
    if any(matches(secret, old, code) for old in older):
        raise CodeRejected("text_old")
    raise CodeRejected("text_tries" if live.tries + 1 >= config.TEXT_TRIES else "text_wrong")


def matches(secret: Secret, sent: SentCode, code: str) -> bool:
    """Whether this is the code of that row; compared by keyed hash in constant time."""
    return hmac.compare_digest(sent.code_hash, secret.hash_code(sent.id, code))


def words(secret: Secret, code: str) -> str:
    """The text: from whom, the code first, whose it is; the last line binds it to our address (SM-10)."""
    whose = N_("%(code)s is your %(issuer)s code, for %(initials)s It works for 10 minutes. Never share it.")
    return whose % {"code": code, "issuer": secret.issuer, "initials": secret.initials} + f"\n\n@{secret.host} #{code}"


def state(secret: Secret, now: datetime) -> dict[str, Any]:
    """What a page says of the newest text of the attempt; `sent` is False before the first to this number."""
    row = db.session.execute(
        select(
            SentCode.authenticator_id,
            SentCode.created_at,
            SentCode.expires_at,
            SentCode.used_at,
            SentCode.tries,
            Outbox,
        )
        .join(Outbox, Outbox.id == SentCode.outbox_id)
        .where(SentCode.attempt == secret.attempt)
        .order_by(SentCode.created_at.desc())
        .limit(1)
    ).first()
    shown = {"masked": phones.mask(secret.text), "is_international": phones.is_international(secret.text, secret.countries[0])}
    if row is None:
        return {**shown, "sent": False}
    asked, created_at, expires_at, used_at, tries, message = row
    stage, is_over = message.stage_at(now), used_at is not None or tries >= config.TEXT_TRIES or now >= expires_at
    return {
        **shown,
        "sent": asked == secret.authenticator_id,
        "stage": stage,  # "waiting", "trying", "sent", "delivered", "held" or "failed"
        "over": is_over,
        "seconds_left": max(0, int((expires_at - now).total_seconds())),
        "period": int(config.TEXT_LIFE.total_seconds()),
        "ask_again_in": None if is_over or stage in FINAL else 2 if now < created_at + config.SEND_GAP else 10,
    }


@dataclass(frozen=True)
class Number:
    """Set-up: which number; the answer is where the first text goes."""

    name = "number"
    form = PhoneForm
    field = "phone"
    button = N_("Send Code")
    verifies = False

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        return {"prefill": secret.text or secret.on_file, "text": state(secret, now) if secret.text else None}

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Next:
        return Next(phones.parse(answer.value, secret.country, secret.countries), sends=True)


@dataclass(frozen=True)
class Confirm:
    """Set-up: the digits of the text."""

    name = "code"
    form = CodeForm
    field = "code"
    button = None
    verifies = True

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        return {"text": state(secret, now)}

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Proved:
        spend(secret, answer.value, now)
        return Proved(METHOD.begins_with)


@dataclass(frozen=True)
class Ask:
    """Sign-in: the digits of the text that this sign-in asked for."""

    form = None

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        return state(secret, now)

    def simulate(self, secret: Secret, row: Authenticator, now: datetime) -> dict[str, Any]:
        return {}

    def take(self, secret: Secret, row: Authenticator, answer: Answer, now: datetime) -> None:
        spend(secret, answer.value, now)
        own = update(Authenticator).where(Authenticator.id == row.id)
        change(own.values(last_used_at=now, failures=0))


METHOD = Method(
    name="sms",
    label=N_("Text Message (SMS)"),
    facts=(N_("Needs cell service"), N_("Less secure: someone who takes over your number gets your codes")),
    begin=lambda context: "",
    begins_with={"name": "Text message", "remembered": {}},
    steps=(Number(), Confirm()),
    challenge=Ask(),
    sends=True,
    restricted=True,
    words=words,
    mask=phones.mask,
    drawing="message-square-text",
    change_label=N_("Update Phone"),
)
