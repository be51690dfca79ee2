"""The Security page and the home page's invitation; every query is limited to the owner's id."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.crypto import SealBroken
from portal.db import begin_write, change, db
from portal.flows.base import throttle
from portal.flows.base.context import RequestContext
from portal.flows.factors import backup_codes
from portal.flows.factors.challenges import is_switched_off, usable_authenticators
from portal.methods import Method, method
from portal.models import Authenticator, Outbox, Practice, User, secret_place
from portal.settings import config
from portal.words.refusals import N_, Refused

REPLACE_LABEL = N_("Use another way instead")  # the link beside an authenticator whose method is switched off


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
    is_off: bool  # whether texts are switched off
    on_hold: bool  # works nowhere, because its owner said that the phone is lost
    target: bytes | None = field(repr=False)  # the number's hash: two authenticators with one number are lost together
    goes_to: str = ""  # the masked number, so that people can check it (the guide's troubleshooting)

    @property
    def works(self) -> bool:
        """Whether its codes open the account in any browser, now."""
        return not (self.blocked or self.is_off or self.on_hold)


@dataclass(frozen=True)
class TwoFactor:
    """The state of the Security page's first section."""

    since: datetime | None
    authenticators: list[AuthenticatorView]
    lost_phone: Refused  # the sentence that says what would remain

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
        return any(each.is_off for each in self.authenticators)


def security_page(context: RequestContext) -> dict[str, Any]:
    """What the template takes: `two_factor` (None when off) and `backup` (None without codes)."""
    if not context.user.is_on:
        return {"two_factor": None, "backup": None}
    rows = own_authenticators(context)
    codes = backup_codes.codes_overview(context)
    state = TwoFactor(since=context.user.two_factor_since, authenticators=rows, lost_phone=explain_phone_loss(rows, codes))
    return {"two_factor": state, "backup": codes}


def own_authenticators(context: RequestContext) -> list[AuthenticatorView]:
    """The visitor's authenticators, oldest first."""
    own = (
        select(Authenticator)
        .where(Authenticator.user_id == context.user.user_id)
        .order_by(Authenticator.created_at, Authenticator.id)
    )
    return [view_authenticator(context, row) for row in usable_authenticators(context.user.role, db.session.scalars(own))]


def view_authenticator(context: RequestContext, row: Authenticator) -> AuthenticatorView:
    its_method = method(row.method)
    is_off = is_switched_off(context, its_method)
    return AuthenticatorView(
        id=row.id,
        method=row.method,
        label=its_method.label if its_method else row.name,
        name=row.name,
        change_label=REPLACE_LABEL if is_off else its_method.change_label if its_method else "",
        added_at=row.created_at,
        last_used_at=row.last_used_at,
        disabled=throttle.OWN.blocks(row),
        blocked=throttle.STRANGERS.blocks(row),
        is_off=is_off,
        on_hold=row.suspended_at is not None,
        target=row.target_hash,
        goes_to=masked_target(context, row, its_method),
    )


def told_old_number(context: RequestContext) -> bool:
    """Whether a number that the visitor replaced within the last minute was texted about it."""
    told = (Outbox.user_id == context.user.user_id, Outbox.kind == "text", Outbox.template == "number_replaced")
    recent = Outbox.created_at > context.now - config.FLASH_LIFE
    return db.session.scalar(select(Outbox.id).where(*told, recent).limit(1)) is not None


def is_last(rows: list[AuthenticatorView], authenticator: AuthenticatorView) -> bool:
    """Whether no other authenticator works."""
    return not any(each.id != authenticator.id and each.works for each in rows)


def masked_target(context: RequestContext, row: Authenticator, its_method: Method | None) -> str:
    """The masked number, "" if the method sends nothing or the number cannot be decrypted."""
    if its_method is None or its_method.mask is None:
        return ""
    try:
        return its_method.mask(context.keys.open(row.secret_sealed, secret_place(row.user_id, row.id)))
    except SealBroken:
        return ""


def explain_phone_loss(rows: list[AuthenticatorView], codes: backup_codes.Overview | None) -> Refused:
    """What would remain without the phone: backup codes, a second authenticator on another device, or nothing (rule 14).

    Once it is lost: what remains.
    """
    if not any(row.works for row in rows) and any(row.on_hold for row in rows):
        left = codes.left if codes else 0
        return Refused("is_lost", codes=left) if left else Refused("is_lost_nothing")
    has_second = len({row.target or row.id for row in rows if row.works}) > 1
    if codes is None or not codes.left:
        return Refused("lost_second" if has_second else "lost_nothing")
    if has_second:
        return Refused("lost_saved_second" if codes.kept else "lost_unsaved_second", codes=codes.left)
    return Refused("lost_saved" if codes.kept else "lost_unsaved", codes=codes.left)


def is_invited(context: RequestContext) -> bool:
    """Whether the home page invites the person to turn on two-factor authentication: it is off, and not dismissed lately."""
    return not context.user.is_on and not clock.is_ahead(context.user.invited_until, context.now, config.INVITATION_RESTS)


def dismiss_invitation(context: RequestContext) -> None:
    """Hide the invitation for a while."""
    begin_write()
    change(update(User).where(User.id == context.user.user_id).values(invited_until=context.now + config.INVITATION_RESTS))
    db.session.commit()


def administrator_names(context: RequestContext) -> list[str]:
    """The names of the practice's administrators, without the visitor."""
    if context.user.practice_id is None:
        return []
    own = select(User.full_name).where(
        User.practice_id == context.user.practice_id,
        User.role == "administrator",
        User.disabled_at.is_(None),
        User.id != context.user.user_id,
    )
    return list(db.session.scalars(own.order_by(User.name_key, User.id)))


def list_practices() -> list[Practice]:
    """Every practice, by name, for the public list."""
    return list(db.session.scalars(select(Practice).order_by(Practice.name)))
