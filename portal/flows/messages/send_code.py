"""Texting a code: generated, hashed, rate-limited, and queued, in the caller's transaction (SM-1 to SM-5)."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from portal import clock
from portal.db import db, read, write
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.places import place_language
from portal.flows.messages import outbox, text_waits
from portal.flows.messages.notices import outbox_place
from portal.flows.messages.outbox import CODE, TEXT
from portal.languages import SOURCE, load_catalogue
from portal.limit_address import limit_address
from portal.methods import Method, Secret
from portal.models import Outbox, SentCode, User, new_id
from portal.names import initials
from portal.settings import config
from portal.words.refusals import N_, Refused

# Translators: In a text message, in place of initials such as "M. R.", for a name without a Latin letter. It ends with a period.
NO_INITIALS = N_("you.")
# The codes that can still be used.
ARE_LIVE = (
    SentCode.used_at.is_(None),
    SentCode.replaced_at.is_(None),
    SentCode.expires_at > bindparam("now"),
    SentCode.expires_at <= bindparam("latest"),
    SentCode.tries < config.TEXT_TRIES,
)
FIND_LIVE = select(SentCode.id).where(SentCode.attempt == bindparam("asked"), *ARE_LIVE).limit(1)


def voiding(whose: ColumnElement[bool]) -> ReturningUpdate[*tuple[Any, ...]]:
    """SQL: voids the unused codes of what `:whose` names."""
    unused = update(SentCode).where(whose, SentCode.used_at.is_(None), SentCode.replaced_at.is_(None))
    return unused.values(replaced_at=bindparam("now")).returning(SentCode.outbox_id)


OF_ATTEMPT = voiding(SentCode.attempt == bindparam("whose"))
OF_AUTHENTICATOR = voiding(SentCode.authenticator_id == bindparam("whose"))
OF_PERSON = voiding(SentCode.user_id == bindparam("whose"))


def send_code(context: RequestContext, user: User, secret: Secret, chosen: Method, is_known: bool | None = None) -> None:
    """Queue one code for the attempt and void the attempt's older ones. The caller holds the lock on the user's row.

    `is_known`: whether the person has signed in from this browser before; None: as the visitor's session says.
    Raises Refused: "texts_off", "number_shared"; "send_gap", "send_limit", "send_stopped", each with the seconds to wait.
    """
    if not context.texts:
        raise Refused("texts_off")
    text_waits.lock_sends()
    target = text_waits.find_target(context, user, secret, context.is_known if is_known is None else is_known)
    wait = text_waits.find_wait(context, user.id, secret.attempt, target)
    if wait:
        text_waits.warn_of_waste(context, target)
        raise wait.refusal
    if not target.is_proved:  # a number proved earlier is never refused later
        text_waits.check_number_sharing(user.id, target.to_hash)
    code = f"{secrets.randbelow(10**config.CODE_DIGITS):0{config.CODE_DIGITS}d}"
    void_codes(context, OF_ATTEMPT, secret.attempt)
    row_id = new_id()
    body = chosen.words(secret, code)
    message = text_row(context, user, CODE, secret.text, body, context.now + config.TEXT_LIFE)
    db.session.add(message)
    db.session.flush()
    db.session.add(
        SentCode(
            id=row_id,
            user_id=user.id,
            attempt=secret.attempt,
            authenticator_id=secret.authenticator_id,
            to_hash=target.to_hash,
            prefix=target.prefix,
            ip=limit_address(context.ip),
            is_proved=target.is_proved,
            is_known=target.is_known,
            code_hash=secret.hash_code(row_id, code)[0],
            outbox_id=message.id,
            created_at=context.now,
            expires_at=context.now + config.TEXT_LIFE,
        )
    )
    record_event(context, "code_sent", about=user, factor=chosen.name)
    text_waits.warn_of_waste(context, target)


def has_live_code(context: RequestContext, attempt: str) -> bool:
    """Whether an attempt has a code that can still be used."""
    return read(FIND_LIVE, {"asked": attempt, **live_now(context)}).first() is not None


def live_now(context: RequestContext) -> dict[str, Any]:
    """The parameters of ARE_LIVE."""
    return {"now": context.now, "latest": clock.latest_end(context.now, config.TEXT_LIFE)}


def void_codes(context: RequestContext, which: ReturningUpdate[*tuple[Any, ...]], whose: int | str | None) -> None:
    """Void codes by a statement of `voiding`, and withdraw their texts if still queued (product rule 7, SM-2)."""
    outbox_ids = write(which, {"whose": whose, "now": context.now}).scalars().all()
    if outbox_ids:
        outbox.withdraw_rows(context.now, *outbox_ids)


def void_binding_codes(context: RequestContext, binding_id: str) -> None:
    """Void the codes of a set-up that is over."""
    void_codes(context, OF_ATTEMPT, f"{text_waits.BINDING_PREFIX}{binding_id}")


def language_of_owner(context: RequestContext, user: User) -> str:
    """The language to text an account's owner in, whoever causes the text: their own, else their practice's, else English."""
    if user.language in context.languages or len(context.languages) == 1:
        return user.language if user.language in context.languages and user.language else SOURCE
    found = place_language(user.id)
    return found if found and found in context.languages else SOURCE


def call_owner(user: User, language: str) -> str:
    """What a text calls the owner of an account: by initials, as families share phones, or in words of its language if there are none."""
    return initials(user.full_name, user.username) or load_catalogue(language).gettext(NO_INITIALS)


def text_row(context: RequestContext, user: User, template: str, to: str, body: str, expires_at: datetime) -> Outbox:
    """An outbox row for one text; its body is sealed, and wiped once it is delivered or expired."""
    row_id = new_id()
    return Outbox(
        id=row_id,
        user_id=user.id,
        kind=TEXT,
        template=template,
        facts={},
        to_sealed=context.keys.seal(to, outbox_place(row_id, "to")),
        body_sealed=context.keys.seal(body, outbox_place(row_id, "body")),
        created_at=context.now,
        expires_at=expires_at,
    )
