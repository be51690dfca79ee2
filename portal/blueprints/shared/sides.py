"""The sides of the product: policy, brand, and home page of each, and the texts that differ."""

from dataclasses import dataclass, replace
from typing import Any, cast

from flask import g, request, url_for
from flask_babel import gettext as _

from portal.policy import PATIENT, PROVIDER, SUPPORT, Policy
from portal.web.rendering import EHR_BRAND, PORTAL_BRAND
from portal.words.refusals import N_


@dataclass(frozen=True)
class Side:
    """One side. The pages that all sides share take from it what differs."""

    policy: Policy
    brand: dict[str, str]
    blueprint: str
    home: str  # endpoint within the blueprint
    confirm_label: str
    choose_text: str  # why to choose a verification method on this side
    badge: str  # on the first method offered
    texts_off: bool = False  # the operator switched texts off, and the policy excludes them
    profile: str = "account"  # the page with the person's own data
    open_in_grace: tuple[str, ...] = ()  # open after set-up was postponed within the practice's grace

    def url(self, page: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{page}", **values)

    @property
    def confirm(self) -> str:
        return str(_(self.confirm_label))

    def is_before_set_up(self) -> bool:
        """Whether the requested page is part of set-up, and so open before it is complete (TO-11)."""
        own = ("settings", "security", "submit_put_off") if self.policy.must_use else ()
        pages = tuple(f"{self.blueprint}.{page}" for page in own)
        return request.endpoint in pages or request.blueprint in (f"{self.blueprint}.setup", f"{self.blueprint}.confirm")

    def without_texts(self) -> "Side":
        return replace(self, policy=self.policy.without_restricted(), texts_off=self.policy.accepts_restricted)


PATIENT_SIDE = Side(
    PATIENT,
    PORTAL_BRAND,
    "patient",
    "home",
    confirm_label=N_("Verify and Enable"),
    choose_text=N_("You'll enter a code each time you sign in on a new device or browser."),
    badge=N_("Recommended"),
)
PROVIDER_SIDE = Side(
    PROVIDER,
    EHR_BRAND,
    "provider",
    "charts",
    confirm_label=N_("Confirm and Activate"),
    choose_text=N_("An authenticator app is required for EHR access. You'll enter a code from it each time you sign in."),
    badge=N_("Required"),
    open_in_grace=("provider.charts", "provider.chart", "provider.submit_note"),
)
SUPPORT_SIDE = Side(
    SUPPORT,
    PORTAL_BRAND,
    "support",
    "cases.queue",
    confirm_label=N_("Confirm and Activate"),
    choose_text=N_(
        "An authenticator app is required for the support console. You'll enter a code from it each time you sign in."
    ),
    badge=N_("Required"),
    profile="security",
)
SIDES = (PATIENT_SIDE, PROVIDER_SIDE, SUPPORT_SIDE)


def side_of(role: str) -> Side | None:
    """The side of a role; None if the role has no pages."""
    return next((side for side in SIDES if role in side.policy.roles), None)


def current_side() -> Side:
    """The side of this request, as set by its guard."""
    return cast(Side, g.side)
