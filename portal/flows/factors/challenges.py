"""The ways in that a person has: each authenticator opened for one request, with what its page says."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVarTuple
from urllib.parse import urlsplit

from sqlalchemy import Select, select

from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.factors import backup_codes
from portal.flows.messages import send_code
from portal.forms.codes import AnswerForm
from portal.methods import Context, Method, Secret, method
from portal.models import Authenticator, Binding, User, secret_place
from portal.policy import policy_of
from portal.send_limits import Wait
from portal.words.refusals import Refused

log = logging.getLogger(__name__)
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class ChallengeOption:
    """One authenticator as a page shows it."""

    authenticator_id: str
    method: str
    name: str
    sends: bool
    shown: dict[str, Any]
    target: bytes = field(default=b"", repr=False)  # by what its texts are counted
    wait: Wait | None = None  # until a text can go out
    form: type[AnswerForm] | None = None  # of its own question; None: the field that codes share
    resists_phishing: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether its code is expected now: always, but for a text that was not sent yet."""
        return not self.sends or self.shown["sent"]


def attempt_key(context: RequestContext) -> str:
    """The name of this sign-in or confirmation: a sent code is good for it alone (SM-3)."""
    return f"{'session' if context.who.is_claimant else 'confirm'}:{context.who.session_id}"


def method_context(context: RequestContext, user: User) -> Context:
    """What a method may know before it makes a secret."""
    return Context(user.id, user.username, user.full_name, policy_of(user.role).issuer, context.origin, relying_party(context))


def relying_party(context: RequestContext) -> str:
    """The name that a passkey of this origin is for."""
    return urlsplit(context.origin).hostname or ""


def open_secret(context: RequestContext, user: User, row: Authenticator | Binding, attempt: str) -> Secret:
    """The row's secret in the clear, with what its method may know. Raises SealBroken."""
    return Secret(
        authenticator_id=row.id,
        text=context.keys.open(row.secret_sealed, secret_place(user.id, row.id)),
        issuer=policy_of(user.role).issuer,
        account=user.username,
        attempt=attempt,
        initials=initials(user.full_name, user.username),
        country=user.country,
        countries=context.countries,
        host=context.host,
        origin=context.origin,
        relying_party=relying_party(context),
        on_file=load_authenticators(context, user)
        if user.two_factor != "on"
        else "",  # once it is on, numbers are shown masked alone
        mac=context.keys.mac,
    )


def load_authenticators(context: RequestContext, user: User) -> str:
    try:
        return user.unseal(context.keys, "phone") or ""
    except SealBroken:
        return ""


def initials(full_name: str, username: str) -> str:
    """ "M. R.": enough for a family that shares a phone; letters of the text alphabet only (SM-10), "you." where there are none."""
    letters = [word[0].upper() for word in full_name.split() if word[0].isascii() and word[0].isalpha()]
    shown = (
        letters[:: len(letters) - 1] if len(letters) > 1 else letters or [each.upper() for each in username if each.isascii()][:1]
    )
    return " ".join(f"{letter}." for letter in shown or ["you"])


def oldest_first(rows: Select[*Columns], user_id: int) -> Select[*Columns]:
    """SQL: of these rows, the person's authenticators that work, oldest first."""
    own = rows.where(Authenticator.user_id == user_id, Authenticator.disabled_at.is_(None))
    return own.order_by(Authenticator.created_at)


def is_live(user_id: int, role: str) -> list[Authenticator]:
    """The person's authenticators that work and may be used, oldest first."""
    return usable_authenticators(role, db.session.scalars(oldest_first(select(Authenticator), user_id)))


def usable_authenticators(role: str, rows: Iterable[Authenticator]) -> list[Authenticator]:
    """Those whose method the role's policy allows.

    All of them where none is allowed: a patient who was made a provider shows the old way once more, to set up a new one (TO-11).
    """
    rows, policy = list(rows), policy_of(role)
    if policy.accepts_restricted:
        return rows
    return [row for row in rows if (asked := method(row.method)) and policy.allows(asked)] or rows


def is_set_up(context: RequestContext) -> bool:
    """Whether two-factor authentication is on by a method that the person's policy allows."""
    return context.who.is_on and (policy_of(context.who.role).accepts_restricted or context.who.has_unrestricted)


def challenge_options(context: RequestContext) -> list[ChallengeOption]:
    """The visitor's ways in, the one that is asked first first."""
    both = select(User, Authenticator).join(Authenticator, Authenticator.user_id == User.id)  # a page asks four times at most
    pairs = [(user, row) for user, row in db.session.execute(oldest_first(both, context.who.user_id))]
    rows = usable_authenticators(context.who.role, [row for _, row in pairs])
    shown = [way for user, row in pairs if row in rows and (way := option_of(context, user, row))]
    ordered = sorted(shown, key=lambda way: (not (way.sends and way.is_asked), not way.resists_phishing, way.sends))
    return with_waits(context, ordered)


def with_waits(context: RequestContext, shown: list[ChallengeOption]) -> list[ChallengeOption]:
    """The same ways; those that send know how long they cannot."""
    numbers = [way.target for way in shown if way.sends]
    waits = send_code.find_waits(context, context.who.user_id, attempt_key(context), *numbers) if numbers else {}
    return [replace(way, wait=waits.get(way.target)) for way in shown]


def option_of(context: RequestContext, user: User, row: Authenticator) -> ChallengeOption | None:
    """One way, or None where its seal does not open or its method is switched off."""
    asked = method(row.method)
    if asked is None or is_switched_off(context, asked):
        return None
    try:
        secret = open_secret(context, user, row, attempt_key(context))
    except SealBroken:
        return None
    return ChallengeOption(
        row.id,
        row.method,
        row.name,
        asked.sends,
        asked.challenge.show(secret, context.now),
        context.keys.mac(secret.text, send_code.TARGET) if asked.sends else b"",
        form=asked.challenge.form,
        resists_phishing=asked.resists_phishing,
    )


def is_switched_off(context: RequestContext, asked: Method | None) -> bool:
    """Whether a method gets no codes to its owner, because the operator switched texts off (SM-6)."""
    return asked is not None and asked.sends_texts and not context.texts


def explain_texts_off(context: RequestContext) -> Refused | None:
    """While texts are switched off, for a person whose codes came by text: which ways remain. None where nothing is missing."""
    if context.texts:
        return None
    known = [asked for row in is_live(context.who.user_id, context.who.role) if (asked := method(row.method))]
    if not any(is_switched_off(context, asked) for asked in known):
        return None
    if not all(is_switched_off(context, asked) for asked in known):
        return Refused("texts_off_other")
    codes = backup_codes.codes_overview(context)
    return Refused("texts_off_backup" if codes and codes.left and codes.works else "texts_off_alone")


def needs_a_page(user_id: int, role: str) -> bool:
    """Whether none of the person's codes can be typed as it is: each is sent first, or answers a question of its method's own."""
    known = [asked for row in is_live(user_id, role) if (asked := method(row.method))]
    return bool(known) and all(asked.sends or asked.challenge.form for asked in known)


def first_sender(user_id: int, role: str) -> tuple[Authenticator, Method] | None:
    """The authenticator to which the password's POST sends a code: only where no other kind is live."""
    rows = [(row, asked) for row in is_live(user_id, role) if (asked := method(row.method))]
    return rows[0] if rows and all(asked.sends for _, asked in rows) else None
