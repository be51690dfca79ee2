"""What a user can be challenged for at sign-in and step-up: each authenticator, opened for one request."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVarTuple
from urllib.parse import urlsplit

from sqlalchemy import Select, select

from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.throttle import OWN, STRANGERS, Purse, purse_of
from portal.flows.factors import backup_codes, on_file
from portal.flows.messages import text_waits
from portal.forms.codes import AnswerForm
from portal.methods import Context, Method, Secret, method
from portal.models import Authenticator, Binding, User, secret_place
from portal.names import initials
from portal.policy import policy_of
from portal.send_limits import Wait
from portal.words.refusals import Refused

log = logging.getLogger(__name__)
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class ChallengeOption:
    """One authenticator as the challenge page shows it."""

    authenticator_id: str
    method: str
    name: str
    sends: bool
    shown: dict[str, Any]
    wait: Wait | None = None  # before the next text can be sent
    form: type[AnswerForm] | None = None  # None if it uses the field that all codes share
    resists_phishing: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether its code is expected now: always, unless it is a text that has not been sent."""
        return not self.sends or self.shown["sent"]

    @property
    def takes_code(self) -> bool:
        """Whether a code of it can be entered now: always, unless it is a text, and none that still works was sent."""
        return self.is_asked and not self.shown.get("over")

    @property
    def can_be_guessed(self) -> bool:
        """Whether its wrong answers count, so that a pause applies to it."""
        kind = method(self.method)
        return kind is None or kind.can_be_guessed


def attempt_key(context: RequestContext) -> str:
    """The key of this sign-in or step-up; a texted code is only valid for the attempt that sent it (SM-3)."""
    return f"{'session' if context.user.is_claimant else 'confirm'}:{context.user.session_id}"


def method_context(context: RequestContext, user: User) -> Context:
    """What a method may know when it generates a secret."""
    return Context(user.id, user.username, user.full_name, policy_of(user.role).issuer, context.origin, relying_party(context))


def relying_party(context: RequestContext) -> str:
    """The relying party id for passkeys of this origin."""
    return urlsplit(context.origin).hostname or ""


def open_secret(context: RequestContext, user: User, row: Authenticator | Binding, attempt: str) -> Secret:
    """The row's decrypted secret, with what its method may know about the user. Raises SealBroken."""
    # Once it is on, numbers are only shown masked.
    phone = on_file.unseal_contact(context, user, "phone") if user.two_factor != "on" else ""
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
        language=context.language_of(user.language),
        on_file=phone,
        mac=context.keys.mac,
    )


def oldest_first(rows: Select[*Columns], user_id: int, purse: Purse) -> Select[*Columns]:
    """SQL: restrict `rows` to the user's authenticators that work for whom the purse is, oldest first."""
    return rows.where(Authenticator.user_id == user_id, purse.working).order_by(Authenticator.created_at, Authenticator.id)


def live_authenticators(context: RequestContext) -> list[Authenticator]:
    """The visitor's authenticators that work here and that their role's policy allows, oldest first."""
    return find_live(context.user.user_id, context.user.role, purse_of(context, context.user.user_id))


def find_live(user_id: int, role: str, purse: Purse) -> list[Authenticator]:
    """The same for a user who is signing in."""
    return usable_authenticators(role, db.session.scalars(oldest_first(select(Authenticator), user_id, purse)))


def usable_authenticators(role: str, rows: Iterable[Authenticator]) -> list[Authenticator]:
    """The authenticators whose method the role's policy allows, or all of them if it allows none.

    So a patient who became a provider signs in with the old method once more, to set up an allowed one (TO-11).
    """
    rows, policy = list(rows), policy_of(role)
    if policy.accepts_restricted:
        return rows
    return [row for row in rows if (kind := method(row.method)) and policy.allows(kind)] or rows


def is_set_up(context: RequestContext) -> bool:
    """Whether two-factor authentication is on, with a method that the role's policy allows.

    A provider whose only method is text signs in with it once and can then only set up an app: a password alone must not be enough
    to add one. Once the app is proved, it replaces the number.
    """
    return context.user.is_on and (policy_of(context.user.role).accepts_restricted or context.user.has_unrestricted)


def challenge_options(context: RequestContext) -> list[ChallengeOption]:
    """The visitor's challenge options, the preferred one first."""
    purse = purse_of(context, context.user.user_id)
    both = select(User, Authenticator).join(Authenticator, Authenticator.user_id == User.id)  # one query
    pairs = [(user, row) for user, row in db.session.execute(oldest_first(both, context.user.user_id, purse))]
    rows = usable_authenticators(context.user.role, [row for _, row in pairs])
    options = [option for user, row in pairs if row in rows and (option := build_option(context, user, row))]
    options.sort(key=lambda option: (not (option.sends and option.is_asked), not option.resists_phishing, option.sends))
    return add_waits(context, options)


def add_waits(context: RequestContext, options: list[ChallengeOption]) -> list[ChallengeOption]:
    """The same options, with the wait before the next text."""
    if not any(option.sends for option in options):
        return options
    wait = text_waits.find_wait_at_sign_in(context, attempt_key(context))
    return [replace(option, wait=wait if option.sends else None) for option in options]


def build_option(context: RequestContext, user: User, row: Authenticator) -> ChallengeOption | None:
    """One option, or None if its secret cannot be decrypted or its method is switched off."""
    kind = method(row.method)
    if kind is None or is_switched_off(context, kind):
        return None
    try:
        secret = open_secret(context, user, row, attempt_key(context))
    except SealBroken:
        return None
    return ChallengeOption(
        row.id,
        row.method,
        row.name,
        kind.sends,
        kind.challenge.show(secret, context.now),
        form=kind.challenge.form,
        resists_phishing=kind.resists_phishing,
    )


def is_switched_off(context: RequestContext, kind: Method | None) -> bool:
    """Whether a method cannot send codes because the operator switched texts off (SM-6)."""
    return kind is not None and kind.sends_texts and not context.texts


def explain_texts_off(context: RequestContext) -> Refused | None:
    """If texts are switched off and the visitor depends on them: the refusal that names what remains. Otherwise None."""
    if context.texts:
        return None
    kinds = [kind for row in live_authenticators(context) if (kind := method(row.method))]
    if not any(is_switched_off(context, kind) for kind in kinds):
        return None
    if not all(is_switched_off(context, kind) for kind in kinds):
        return Refused("texts_off_other")
    codes = backup_codes.codes_overview(context)
    return Refused("texts_off_backup" if codes and codes.left else "texts_off_alone")


def explain_disabled(context: RequestContext) -> Refused:
    """Why no code is compared: the phone is lost, or a hundred were wrong. If strangers entered them, the owner's browsers are a way in."""
    own = select(Authenticator).where(Authenticator.user_id == context.user.user_id)
    rows = db.session.scalars(own, execution_options={"populate_existing": True}).all()
    is_stranger = purse_of(context, context.user.user_id) is STRANGERS
    if is_stranger and any(OWN.takes(row) for row in rows):
        return Refused("disabled_here")
    return Refused("on_hold" if any(row.suspended_at for row in rows) else "disabled")


def explain_blocked(context: RequestContext) -> Refused | None:
    """If no code works here, because the phone is lost or a hundred were wrong: the refusal that says so. Otherwise None."""
    return None if live_authenticators(context) else explain_disabled(context)


def needs_challenge_page(context: RequestContext) -> bool:
    """Whether the visitor cannot just type a code: every method sends one first, or has a form of its own."""
    kinds = [kind for row in live_authenticators(context) if (kind := method(row.method))]
    return bool(kinds) and all(kind.sends or kind.challenge.form for kind in kinds)


def find_default_sender(user_id: int, role: str, purse: Purse) -> tuple[Authenticator, Method] | None:
    """The authenticator that gets a code right after the password: only if every live one works by sending."""
    pairs = [(row, kind) for row in find_live(user_id, role, purse) if (kind := method(row.method))]
    return pairs[0] if pairs and all(kind.sends for _, kind in pairs) else None
