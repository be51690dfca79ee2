"""What a user can be challenged for at sign-in and step-up: each authenticator, opened for one request."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVarTuple
from urllib.parse import urlsplit

from sqlalchemy import Select, bindparam, select

from portal.answers import CODE
from portal.crypto import SealBroken
from portal.db import db, load, read
from portal.flows.base.context import RequestContext
from portal.flows.base.throttle import OWN, STRANGERS, Purse, purse_of
from portal.flows.factors import backup_codes, on_file
from portal.flows.messages import send_code, text_waits
from portal.forms.codes import AnswerForm
from portal.methods import NO_LABELS, Context, Labels, Method, Secret, method
from portal.models import Authenticator, Binding, User, secret_place
from portal.policy import Policy, policy_of
from portal.send_limits import Wait
from portal.words.refusals import Refused

log = logging.getLogger(__name__)
Columns = TypeVarTuple("Columns")


def oldest_first(rows: Select[*Columns], purse: Purse) -> Select[*Columns]:
    """SQL: restrict `rows` to a user's authenticators that work for whom the purse is, oldest first."""
    own = rows.where(Authenticator.user_id == bindparam("owner"), purse.working)
    return own.order_by(Authenticator.created_at, Authenticator.id)


EVERY = select(Authenticator).where(Authenticator.user_id == bindparam("owner"))
WITH_USER = select(*User.__table__.c, *Authenticator.__table__.c).join_from(User, Authenticator, Authenticator.user_id == User.id)
LIVE = {purse.name: oldest_first(select(*Authenticator.__table__.c), purse) for purse in (STRANGERS, OWN)}
LIVE_WITH_USER = {purse.name: oldest_first(WITH_USER, purse) for purse in (STRANGERS, OWN)}


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
    labels: Labels = NO_LABELS
    script: str = ""  # the file that its question needs

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
    """The key of this sign-in or step-up; a texted code is only valid for the attempt that sent it (SM-3).

    An act that needs a proof of its own is an attempt of its own, so that a text or a challenge for it is for nothing else.
    """
    if context.act:
        return context.act.attempt(context.user.session_id)
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
    language = context.language_of(user.language)
    return Secret(
        authenticator_id=row.id,
        text=context.keys.open(row.secret_sealed, secret_place(user.id, row.id)),
        issuer=policy_of(user.role).issuer,
        account=user.username,
        attempt=attempt,
        initials=send_code.call_owner(user, language),
        country=user.country,
        countries=context.countries,
        host=context.host,
        origin=context.origin,
        relying_party=relying_party(context),
        language=language,
        on_file=phone,
        macs=context.keys.macs,
    )


def live_authenticators(context: RequestContext) -> list[Authenticator]:
    """The visitor's authenticators that work here and that their role's policy allows, oldest first."""
    purse, user = purse_of(context, context.user.user_id), context.user
    rows = read(LIVE[purse.name], {"owner": user.user_id})
    return usable_authenticators(context.policy, (load(Authenticator, row) for row in rows))


def usable_authenticators(policy: Policy, rows: Iterable[Authenticator]) -> list[Authenticator]:
    """The authenticators whose method the policy allows, or all of them if it allows none.

    So a patient who became a provider signs in with the old method once more, to set up an allowed one (TO-11).
    """
    rows = list(rows)
    if policy.accepts_restricted:
        return rows
    return [row for row in rows if (kind := method(row.method)) and policy.allows(kind)] or rows


def is_set_up(context: RequestContext) -> bool:
    """Whether two-factor authentication is on, with a method that the role's policy allows.

    A provider whose only method is text signs in with it once and can then only set up an app: a password alone must not be enough
    to add one. Once the app is proved, it replaces the number.
    """
    policy = context.policy
    if not context.user.is_on or policy.accepts_restricted:
        return context.user.is_on
    return any(kind is not None and policy.allows(kind) for kind in map(method, context.user.own_methods))


def challenge_options(context: RequestContext) -> list[ChallengeOption]:
    """The visitor's challenge options, the preferred one first; one for all of a method that asks once."""
    purse = purse_of(context, context.user.user_id)
    found = read(LIVE_WITH_USER[purse.name], {"owner": context.user.user_id}).all()
    ends = len(User.__table__.c)
    users = [load(User, found[0][:ends])] if found else []
    rows = usable_authenticators(context.policy, [load(Authenticator, row[ends:]) for row in found])
    options = one_of_each([option for user in users for row in rows if (option := build_option(context, user, row))])
    options.sort(key=lambda option: (not (option.sends and option.is_asked), not option.resists_phishing, option.sends))
    return add_waits(context, options)


def one_of_each(options: list[ChallengeOption]) -> list[ChallengeOption]:
    """The options, of which those of a method that asks once are one: it goes by the method's name, which no removal changes."""
    kept: dict[str, ChallengeOption] = {}
    for option in options:
        kind = method(option.method)
        asks_once = kind is not None and kind.asks_once
        kept.setdefault(option.method if asks_once else option.authenticator_id, option)
    return [replace(option, authenticator_id=key) for key, option in kept.items()]


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
        labels=kind.labels,
        script=kind.script.file if kind.script else "",
    )


def is_switched_off(context: RequestContext, kind: Method | None) -> bool:
    """Whether a method cannot send codes because the operator switched texts off (SM-6)."""
    return kind is not None and kind.sends_texts and not context.texts


def explain_switched_off(context: RequestContext, has_options: bool = False) -> Refused | None:
    """If the operator switched off what the visitor depends on: the refusal that names what remains. Otherwise None.

    `has_options`: whether any challenge option was found, so that only texts can be missing.
    """
    if has_options and context.texts:
        return None
    kinds = [method(row.method) for row in live_authenticators(context)]
    left = [kind for kind in kinds if kind and not is_switched_off(context, kind)]
    is_texts = any(is_switched_off(context, kind) for kind in kinds)
    if left:
        takes_code = any(kind.challenge.form is None for kind in left)
        return Refused("texts_off_other" if takes_code else "texts_off_own") if is_texts else None
    if not kinds:
        return None
    codes = backup_codes.codes_overview(context)
    if codes and codes.left:
        return Refused("texts_off_backup" if is_texts else "method_off_backup")
    return Refused("texts_off_alone" if is_texts else "method_off_alone")


def explain_disabled(context: RequestContext) -> Refused:
    """Why no code is compared: the phone is lost, or a hundred were wrong. If strangers entered them, the owner's browsers are a way in."""
    own = {"owner": context.user.user_id}
    rows = db.session.scalars(EVERY, own, execution_options={"populate_existing": True}).all()
    is_stranger = purse_of(context, context.user.user_id) is STRANGERS
    if is_stranger and any(OWN.takes(row) for row in rows):
        return Refused("disabled_here")
    if not any(row.suspended_at for row in rows):
        return Refused("disabled")
    has_keys = any((kind := method(row.method)) and kind.asks_for != CODE for row in rows)
    return Refused("on_hold_all" if has_keys else "on_hold")


def explain_blocked(context: RequestContext) -> Refused | None:
    """If no code works here, because the phone is lost or a hundred were wrong: the refusal that says so. Otherwise None."""
    return None if live_authenticators(context) else explain_disabled(context)


def needs_challenge_page(context: RequestContext) -> bool:
    """Whether the visitor cannot just type a code: every method sends one first, has a form of its own, or is switched off."""
    kinds = [method(row.method) for row in live_authenticators(context)]
    return bool(kinds) and all(kind is None or kind.sends or kind.challenge.form for kind in kinds)


def default_sender(policy: Policy, purse: Purse, rows: list[Authenticator]) -> tuple[Authenticator, Method] | None:
    """Which of a user's authenticators gets a code right after the password: only if every live one works by sending."""
    live = usable_authenticators(policy, filter(purse.takes, rows))
    pairs = [(row, kind) for row in live if (kind := method(row.method))]
    return pairs[0] if pairs and all(kind.sends for _, kind in pairs) else None
