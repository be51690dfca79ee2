"""Text message: six digits sent to a mobile number (NIST SP 800-63B 3.1.3, out-of-band; restricted by 3.2.9)."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from portal import clock, phones
from portal.answers import Answer
from portal.db import change, db
from portal.forms.codes import CodeForm
from portal.forms.profile import PhoneForm
from portal.languages import load_catalogue
from portal.methods import CodeLate, CodeRejected, Method, Next, NotAsked, Proved, Secret
from portal.models import Authenticator, Outbox, SentCode
from portal.settings import config
from portal.words.refusals import N_

# A code that a newer one replaced is older, even if the clock was ahead when it was sent.
NEWEST_FIRST = (SentCode.replaced_at.is_not(None), SentCode.created_at.desc())
OF_ATTEMPT = select(SentCode).where(SentCode.attempt == bindparam("asked")).order_by(*NEWEST_FIRST, SentCode.id)
NEWEST = (
    select(SentCode.authenticator_id, SentCode.created_at, SentCode.expires_at, SentCode.used_at, SentCode.tries, Outbox)
    .join(Outbox, Outbox.id == SentCode.outbox_id)
    .where(SentCode.attempt == bindparam("asked"))
    .order_by(*NEWEST_FIRST)
    .limit(1)
)
COUNT_TRY = (
    update(SentCode)
    .where(SentCode.id == bindparam("sent"), SentCode.used_at.is_(None), SentCode.tries < config.TEXT_TRIES)
    .values(tries=SentCode.tries + 1, used_at=bindparam("used"))
)
USE = update(Authenticator).where(Authenticator.id == bindparam("own"))
FINAL_STAGES = ("delivered", "failed", "held")  # of a text


def consume_code(secret: Secret, code: str, now: datetime) -> None:
    """Verify the newest code of the attempt and consume it (SM-2, SM-3, SM-4).

    Raises NotAsked if it was sent to another authenticator or none was sent;
    CodeRejected: "text_old", "text_used", "text_expired", "text_tries", "text_wrong"; CodeLate: "text_late".
    """
    codes = db.session.scalars(OF_ATTEMPT, {"asked": secret.attempt}).all()
    if not codes or codes[0].authenticator_id != secret.authenticator_id:
        raise NotAsked
    newest, *older = codes
    if newest.used_at is not None:
        raise CodeRejected("text_used" if matches(secret, newest, code) else "text_wrong")
    is_right = matches(secret, newest, code)
    if not clock.is_ahead(newest.expires_at, now, config.TEXT_LIFE):
        raise CodeLate("text_late") if is_right and newest.tries < config.TEXT_TRIES else CodeRejected("text_expired")
    if change(COUNT_TRY, {"sent": newest.id, "used": now if is_right else None}) != 1:
        raise CodeRejected("text_tries")
    if is_right:
        return
    if any(matches(secret, old, code) for old in older):
        raise CodeRejected("text_old")
    raise CodeRejected("text_tries" if newest.tries + 1 >= config.TEXT_TRIES else "text_wrong")


def matches(secret: Secret, sent: SentCode, code: str) -> bool:
    """Whether `code` is the one that was sent, by its keyed hash, in constant time."""
    return any(hmac.compare_digest(sent.code_hash, each) for each in secret.hash_code(sent.id, code))


def words(secret: Secret, code: str) -> str:
    """The text: the code first, its issuer, the owner's initials. The last line binds it to the portal's domain (SM-10)."""
    # Translators: A text message. Keep it within 160 characters of the GSM alphabet where you can. initials end with a period: "M. R."
    sentence = N_("%(code)s is your %(issuer)s code, for %(initials)s It works for 10 minutes. Never share it.")
    translated = load_catalogue(secret.language).gettext(sentence)
    return translated % {"code": code, "issuer": secret.issuer, "initials": secret.initials} + f"\n\n@{secret.host} #{code}"


def describe_newest(secret: Secret, now: datetime) -> dict[str, Any]:
    """Template variables for the newest text of the attempt. `sent` is False before the first one to this number."""
    row = db.session.execute(NEWEST, {"asked": secret.attempt}).first()
    shown = {"masked": phones.mask(secret.text), "is_international": phones.is_international(secret.text, secret.countries[0])}
    if row is None:
        return {**shown, "sent": False}
    asked, created_at, expires_at, used_at, tries, message = row
    stage, is_over = message.stage_at(now), used_at is not None or tries >= config.TEXT_TRIES
    is_over = is_over or not clock.is_ahead(expires_at, now, config.TEXT_LIFE)
    return {
        **shown,
        "sent": asked == secret.authenticator_id,
        "stage": stage,  # "waiting", "trying", "sent", "delivered", "held" or "failed"
        "over": is_over,
        "seconds_left": max(0, int((expires_at - now).total_seconds())),
        "period": int(config.TEXT_LIFE.total_seconds()),
        # The worker sends the text after the page was served, so the page polls: every two seconds for a minute, then every ten. The
        # header X-Background keeps that from counting as activity (SE-1). Without JavaScript, a link does the same.
        "ask_again_in": None
        if is_over or stage in FINAL_STAGES
        else 2
        if clock.is_recent(created_at, now, config.SEND_GAP)
        else 10,
    }


@dataclass(frozen=True)
class Number:
    """Setup: the phone number, which gets the first text."""

    name = "number"
    form = PhoneForm
    field = "phone"
    button = N_("Send Code")
    verifies = False

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        number = secret.text or secret.on_file
        return {"prefill": phones.show(number) if number else "", "text": describe_newest(secret, now) if secret.text else None}

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Next:
        return Next(phones.parse(answer.value, secret.country, secret.countries), sends=True)


@dataclass(frozen=True)
class Confirm:
    """Setup: the code from the text."""

    name = "code"
    form = CodeForm
    field = "code"
    button = None
    verifies = True

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        text = describe_newest(secret, now)
        return {"text": text, "has_field": text["sent"] and not text["over"]}

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Proved:
        consume_code(secret, answer.value, now)
        return Proved(METHOD.begins_with)


@dataclass(frozen=True)
class Ask:
    """Sign-in: the code from the text that this sign-in requested."""

    form = None

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        return describe_newest(secret, now)

    def simulate(self, secret: Secret, row: Authenticator, now: datetime) -> dict[str, Any]:
        return {}

    def take(self, secret: Secret, row: Authenticator, answer: Answer, now: datetime) -> None:
        consume_code(secret, answer.value, now)
        change(USE, {"own": row.id, "last_used_at": now, row.charged: 0})


METHOD = Method(
    name="sms",
    label=N_("Text Message (SMS)"),
    facts=(N_("Needs cell service"), N_("Less secure: someone who takes over your number gets your codes")),
    begin=lambda context: "",
    begins_with={"name": N_("Text message"), "remembered": {}},
    steps=(Number(), Confirm()),
    challenge=Ask(),
    sends=True,
    restricted=True,
    words=words,
    mask=phones.mask,
    drawing="message-square-text",
    change_label=N_("Update Phone"),
)
