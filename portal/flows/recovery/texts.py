"""Texts of an account recovery: the code that shows a number (RC-1), and the news for every number that the account has proved (RC-4)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base import recent_changes
from portal.flows.base.context import RequestContext
from portal.flows.factors.on_file import unseal_contact
from portal.flows.messages import send_code
from portal.languages import load_catalogue
from portal.methods import Method, Secret, switched_on
from portal.models import Authenticator, RecoveryCase, User, secret_place
from portal.policy import policy_of
from portal.settings import config
from portal.words.refusals import N_

ATTEMPT_PREFIX = "recovery:"  # of the attempt key, with the id of the case
ON_FILE = "on_file"  # in place of an authenticator's id
STOP_PATH = "/recovery/stop/"  # of the page that stops a case, before its token
NEWS_LIFE = timedelta(hours=24)  # of a text with news: later, the email has been read
# Translators: A text message. Keep it within 160 characters of the GSM alphabet where you can. initials end with a period: "M. R."
CODE_TEXT = N_(
    "%(code)s is the code to get back into your %(issuer)s account, for %(initials)s Not you? Don't tell anyone this code."
)
# Translators: A text message; a link follows it. initials end with a period: "M. R."
WAITING_TEXT = N_(
    "%(issuer)s, for %(initials)s Someone asked to get back into your account with a new phone. Not you? Stop it within 24 hours:"
)
# Translators: A text message; a link follows it. initials end with a period: "M. R."
SET_UP_TEXT = N_(
    "%(issuer)s, for %(initials)s Your old codes no longer work: your account is being set up again. Not you? Stop it:"
)


@dataclass(frozen=True)
class Number:
    """A mobile number that the account has proved."""

    text: str = field(repr=False)
    source: str  # an authenticator's id, or ON_FILE
    counts: bool  # whether a code to it shows who is there: it is not new, and its phone was not reported lost


def list_numbers(context: RequestContext, user: User) -> list[Number]:
    """Every number that the account has proved, those that codes go to first."""
    method = text_method()
    rows = db.session.scalars(
        select(Authenticator).where(Authenticator.user_id == user.id).order_by(Authenticator.created_at, Authenticator.id)
    ).all()
    is_lost = any(row.suspended_at is not None for row in rows)
    numbers = [
        *of_authenticators(context, [row for row in rows if method and row.method == method.name]),
        *on_file(context, user),
    ]
    return [replace(each, counts=each.counts and not is_lost) for each in numbers]


def of_authenticators(context: RequestContext, rows: list[Authenticator]) -> Iterator[Number]:
    for row in rows:
        try:
            number = context.keys.open(row.secret_sealed, secret_place(row.user_id, row.id))
        except SealBroken:
            continue
        is_stopped = row.disabled_at is not None or row.strangers_disabled_at is not None
        yield Number(number, row.id, counts=not is_stopped and is_old(context, row.created_at))


def on_file(context: RequestContext, user: User) -> Iterator[Number]:
    number = unseal_contact(context, user, "phone")
    if number and user.phone_confirmed_at is not None:
        is_new = recent_changes.has_changed(context, user.id, recent_changes.NUMBER)
        yield Number(number, ON_FILE, counts=not is_new and is_old(context, user.phone_confirmed_at))


def is_old(context: RequestContext, since: datetime) -> bool:
    """Whether a number has been the account's for 72 hours: until then, a thief may have put it there."""
    return since <= context.now - config.CONTACT_RESTS


def text_method() -> Method | None:
    """The method that texts codes; None if the portal has none."""
    return next((each for each in switched_on() if each.sends_texts), None)


def find_number(context: RequestContext, user: User) -> Number | None:
    """The number that a code may be texted to, or None."""
    if not context.texts or text_method() is None:
        return None
    return next((each for each in list_numbers(context, user) if each.counts), None)


# --- the code


def code_method() -> Method:
    """The method that texts codes, with the words of a recovery."""
    return replace(next(each for each in switched_on() if each.sends_texts), words=write_code)


def write_code(secret: Secret, code: str) -> str:
    """The text with a code: what it opens, and its last line binds it to the portal's domain (SM-10)."""
    sentence = load_catalogue(secret.language).gettext(CODE_TEXT)
    facts = {"code": code, "issuer": secret.issuer, "initials": secret.initials}
    return sentence % facts + f"\n\n@{secret.host} #{code}"


def open_attempt(context: RequestContext, user: User, case: RecoveryCase, number: Number) -> Secret:
    """The number as the method reads it; its codes work for this case alone (SM-3)."""
    language = send_code.language_of_owner(context, user)
    return Secret(
        authenticator_id=number.source,
        text=number.text,
        issuer=policy_of(user.role).issuer,
        account=user.username,
        attempt=f"{ATTEMPT_PREFIX}{case.id}",
        initials=send_code.call_owner(user, language),
        country=user.country,
        countries=context.countries,
        host=context.host,
        language=language,
        macs=context.keys.macs,
    )


# --- news


def queue_news(context: RequestContext, user: User, template: str, sentence: str, stop: str) -> list[str]:
    """Text every number that the account has proved, with the link that stops the case; returns the rows' ids.

    `stop`: the link's token. None goes out while the operator has switched texts off.
    """
    if not context.texts:
        return []
    language = send_code.language_of_owner(context, user)
    facts = {"issuer": policy_of(user.role).issuer, "initials": send_code.call_owner(user, language)}
    words = load_catalogue(language).gettext(sentence) % facts
    body, until = f"{words} {context.origin}{STOP_PATH}{stop}", context.now + NEWS_LIFE
    numbers = dict.fromkeys(each.text for each in list_numbers(context, user))
    rows = [send_code.text_row(context, user, template, number, body, until) for number in numbers]
    db.session.add_all(rows)
    return [row.id for row in rows]
