"""The Security page and the home page's invitation; every query is limited to the owner's id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import bindparam, select, update

from portal import clock
from portal.answers import CODE
from portal.crypto import SealBroken
from portal.db import begin_write, change, db, read
from portal.flows.account import activity, browsers
from portal.flows.base import throttle
from portal.flows.base.context import RequestContext
from portal.flows.base.parts import read_parts, together
from portal.flows.factors import backup_codes
from portal.flows.factors.challenges import is_switched_off
from portal.flows.sessions import trusted_browsers
from portal.methods import method, offered, takers_of_another
from portal.models import Authenticator, Outbox, Practice, User, secret_place
from portal.settings import config
from portal.words.refusals import N_, Refused

Told = TypeVar("Told")
A = Authenticator
OWN_AUTHENTICATORS = select(
    A.id.label("authenticator_id"), A.method, A.name, A.secret_sealed, A.target_hash, A.created_at, A.last_used_at,
    A.strangers_disabled_at, A.disabled_at, A.suspended_at,
).where(A.user_id == bindparam("owner"))  # fmt: skip
OLDEST_FIRST = OWN_AUTHENTICATORS.order_by(A.created_at, A.id)
ALL_SHOWN = together(
    sessions=browsers.LIVE_SESSIONS,
    trusted=browsers.LIVE_TRUST,
    events=activity.NEWEST,
    authenticators=OWN_AUTHENTICATORS,
    codes=backup_codes.OVERVIEW,
)
TOLD = (
    select(Outbox.id)
    .where(
        Outbox.user_id == bindparam("owner"),
        Outbox.kind == "text",
        Outbox.template == "number_replaced",
        Outbox.created_at > bindparam("since"),
    )
    .limit(1)
)
REST_INVITATION = update(User).where(User.id == bindparam("owner")).values(invited_until=bindparam("until"))
OTHER_ADMINISTRATORS = (
    select(User.full_name)
    .where(
        User.practice_id == bindparam("practice"),
        User.role == "administrator",
        User.disabled_at.is_(None),
        User.id != bindparam("owner"),
    )
    .order_by(User.name_key, User.id)
)
PRACTICES = select(Practice).order_by(Practice.name)
REPLACE_LABEL = N_("Use another way instead")  # the link beside an authenticator whose method can't be chosen


@dataclass(frozen=True)
class AuthenticatorView:
    """One authenticator on the Security page."""

    id: str
    method: str
    label: str
    name: str
    change_label: str
    added_at: datetime
    last_used_at: datetime | None
    disabled: bool  # works nowhere
    blocked: bool  # works nowhere, or not in new browsers
    is_off: bool  # whether its method, or texts, are switched off, or the policy doesn't accept it
    is_kept: bool  # whether it works, though the practice doesn't offer its method
    has_code: bool  # whether people type a code of it
    survives: bool  # whether it outlives the loss of its device
    on_hold: bool  # works nowhere, because its owner said that the phone is lost
    target: bytes | None = field(repr=False)  # the number's hash: two authenticators with one number are lost together
    goes_to: str = ""  # the masked number, so that people can check it (the guide's troubleshooting)
    about: str = ""  # what its method says of it
    next_time: str = ""  # what the next sign-in asks for, if not a code

    @property
    def works(self) -> bool:
        """Whether its codes open the account in any browser, now."""
        return not (self.blocked or self.is_off or self.on_hold)


@dataclass(frozen=True)
class PlacesOverview:
    """Where the person is signed in, what they trust, and what happened lately."""

    sessions: list[browsers.SignedInPlace]
    trusted: list[browsers.SignedInPlace]
    recent: list[activity.ActivityEntry]
    may_trust: bool


@dataclass(frozen=True)
class TwoFactor:
    """The state of the Security page's first section."""

    since: datetime | None
    authenticators: list[AuthenticatorView]
    lost_phone: Refused  # the sentence that says what would remain
    may_add_keys: bool = False  # whether a method without codes could be added

    @property
    def has_keys(self) -> bool:
        """Whether there is more than codes among them, so that words about phones and codes are not enough."""
        return any(not each.has_code for each in self.authenticators)

    @property
    def has_codes(self) -> bool:
        """Whether any of them has codes, which a page that only looks like ours could pass on."""
        return any(each.has_code for each in self.authenticators)

    @property
    def disabled(self) -> bool:
        """Whether every authenticator is disabled."""
        return all(each.disabled for each in self.authenticators)

    @property
    def on_hold(self) -> bool:
        """Whether the phone was reported as lost, and nothing else works."""
        return any(each.on_hold for each in self.authenticators) and not any(each.works for each in self.authenticators)

    @property
    def is_off(self) -> bool:
        """Whether one of them works only when texts are switched on again."""
        return any(each.is_off and method(each.method) for each in self.authenticators)


def security_page(context: RequestContext) -> dict[str, Any]:
    """What the template takes: `two_factor` (None when off), `backup` (None without codes), and `places`; one query."""
    rows = read_parts(ALL_SHOWN, {**browsers.live_now(context), **activity.own_events(context)})
    places = PlacesOverview(
        sessions=browsers.list_places(rows["sessions"], [context.user.token_hash]),
        trusted=browsers.list_places(rows["trusted"], trusted_browsers.trust_hashes(context)),
        recent=activity.newest_acts(rows["events"]),
        may_trust=browsers.may_trust(context),
    )
    if not context.user.is_on:
        return {"two_factor": None, "backup": None, "places": places}
    held = view_all(context, sorted(rows["authenticators"], key=lambda row: (row.created_at, row.authenticator_id)))
    codes = backup_codes.as_overview(context, rows["codes"][0]) if rows["codes"] else None
    may_add_keys = any(each.asks_for != CODE for each in offered(context.policy, context.user.added))
    state = TwoFactor(context.user.two_factor_since, held, explain_phone_loss(held, codes), may_add_keys)
    return {"two_factor": state, "backup": codes, "places": places}


def own_authenticators(context: RequestContext) -> list[AuthenticatorView]:
    """The visitor's authenticators, oldest first."""
    return view_all(context, read(OLDEST_FIRST, {"owner": context.user.user_id}).all())


def own_keys(context: RequestContext) -> list[AuthenticatorView]:
    """Those of them without codes. Asks nothing while no such method is switched on."""
    return [each for each in own_authenticators(context) if not each.has_code] if takers_of_another(CODE) else []


def view_all(context: RequestContext, rows: Sequence[Any]) -> list[AuthenticatorView]:
    return [view_authenticator(context, row) for row in rows]


def view_authenticator(context: RequestContext, row: Any) -> AuthenticatorView:
    its_method = method(row.method)
    is_off = its_method is None or is_switched_off(context, its_method) or not context.policy.allows(its_method)
    is_kept = not is_off and its_method is not None and not context.policy.offers(its_method, context.user.added)
    return AuthenticatorView(
        id=row.authenticator_id,
        method=row.method,
        label=its_method.label if its_method else row.name,
        name=row.name,
        change_label=REPLACE_LABEL if is_off or is_kept else its_method.change_label if its_method else "",
        added_at=row.created_at,
        last_used_at=row.last_used_at,
        disabled=throttle.OWN.blocks(row),
        blocked=throttle.STRANGERS.blocks(row),
        is_off=is_off,
        is_kept=is_kept,
        has_code=its_method is None or its_method.asks_for == CODE,
        survives=bool(tell_secret(context, row, its_method.survives if its_method else None)),
        on_hold=row.suspended_at is not None,
        target=row.target_hash,
        goes_to=tell_secret(context, row, its_method.mask if its_method else None),
        about=tell_secret(context, row, its_method.about if its_method else None),
        next_time=its_method.labels.next_time if its_method else "",
    )


def told_old_number(context: RequestContext) -> bool:
    """Whether a number that the visitor replaced within the last minute was texted about it."""
    told = read(TOLD, {"owner": context.user.user_id, "since": context.now - config.FLASH_LIFE})
    return told.first() is not None


def is_last(rows: list[AuthenticatorView], authenticator: AuthenticatorView) -> bool:
    """Whether no other authenticator works."""
    return not any(each.id != authenticator.id and each.works for each in rows)


def tell_secret(context: RequestContext, row: Any, tell: Callable[[str], Told] | None) -> Told | Literal[""]:
    """What may be told of a secret, such as a masked number; "" if its method tells nothing, or it cannot be decrypted."""
    if tell is None:
        return ""
    try:
        return tell(context.keys.open(row.secret_sealed, secret_place(context.user.user_id, row.authenticator_id)))
    except SealBroken:
        return ""


def explain_phone_loss(rows: list[AuthenticatorView], codes: backup_codes.Overview | None) -> Refused:
    """What would remain without the phone: backup codes, a second authenticator on another device, or nothing (rule 14).

    Once it is lost: what remains. With something without codes, that phone may as well be a computer or a key.
    """
    if any(not row.has_code for row in rows):
        return explain_device_loss(rows, codes)
    if not any(row.works for row in rows) and any(row.on_hold for row in rows):
        left = codes.left if codes else 0
        return Refused("is_lost", codes=left) if left else Refused("is_lost_nothing")
    has_second = len({row.target or row.id for row in rows if row.works}) > 1
    if codes is None or not codes.left:
        return Refused("lost_second" if has_second else "lost_nothing")
    if has_second:
        return Refused("lost_saved_second" if codes.kept else "lost_unsaved_second", codes=codes.left)
    return Refused("lost_saved" if codes.kept else "lost_unsaved", codes=codes.left)


def explain_device_loss(rows: list[AuthenticatorView], codes: backup_codes.Overview | None) -> Refused:
    """The same for somebody who has more than codes: what is synced to other devices outlives each of them."""
    left, working = codes.left if codes else 0, [row for row in rows if row.works]
    if not working and any(row.on_hold for row in rows):
        return Refused("is_on_hold", codes=left) if left else Refused("is_on_hold_nothing")
    has_second = len(working) > 1 or any(row.survives for row in working)
    if codes is None or not left:
        return Refused("device_second" if has_second else "device_nothing")
    if has_second:
        return Refused("device_saved_second" if codes.kept else "device_unsaved_second", codes=left)
    return Refused("device_saved" if codes.kept else "device_unsaved", codes=left)


def is_invited(context: RequestContext) -> bool:
    """Whether the home page invites the person to turn on two-factor authentication: it is off, and not dismissed lately."""
    return not context.user.is_on and not clock.is_ahead(context.user.invited_until, context.now, config.INVITATION_RESTS)


def dismiss_invitation(context: RequestContext) -> None:
    """Hide the invitation for a while."""
    begin_write()
    change(REST_INVITATION, {"owner": context.user.user_id, "until": context.now + config.INVITATION_RESTS})
    db.session.commit()


def administrator_names(context: RequestContext) -> list[str]:
    """The names of the practice's administrators, without the visitor."""
    if context.user.practice_id is None:
        return []
    return list(read(OTHER_ADMINISTRATORS, {"practice": context.user.practice_id, "owner": context.user.user_id}).scalars())


def list_practices() -> list[Practice]:
    """Every practice, by name, for the public list."""
    return list(db.session.scalars(PRACTICES))
