"""The sides of the product: policy, brand, and home page of each, and the texts that differ."""

from dataclasses import dataclass, replace
from typing import Any, cast

from flask import g, request, url_for

from portal.policy import PATIENT, PROVIDER, SUPPORT, Policy
from portal.web.rendering import EHR_BRAND, PORTAL_BRAND
from portal.web.rendering import translate as _
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
    choose_any_text: str  # the same where a method without codes is among them
    badge: str  # on the first method offered, while all have codes
    texts_off: bool = False  # the operator switched texts off, and the policy excludes them
    profile: str = "account"  # the page with the person's own data
    open_in_grace: tuple[str, ...] = ()  # open after set-up was postponed within the practice's grace

    def url(self, page: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{page}", **values)

    @property
    def confirm(self) -> str:
        return _(self.confirm_label)

    def is_before_set_up(self) -> bool:
        """Whether the requested page is part of set-up, and so open before it is complete (TO-11)."""
        own = ("settings", "security", "submit_put_off") if self.policy.must_use else ()
        pages = tuple(f"{self.blueprint}.{page}" for page in own)
        return request.endpoint in pages or request.blueprint in (f"{self.blueprint}.setup", f"{self.blueprint}.confirm")

    def under(self, texts: bool, provider_methods: tuple[str, ...] | None) -> "Side":
        """The same side under the operator's settings: whether texts go out, and which methods providers may use (None: all)."""
        side = self if texts else self.without_texts()
        return side if provider_methods is None else replace(side, policy=side.policy.limited_to(provider_methods))

    def without_texts(self) -> "Side":
        return replace(self, policy=self.policy.without_restricted(), texts_off=self.policy.accepts_restricted)


RECOMMENDED = N_("Recommended")
PATIENT_SIDE = Side(
    PATIENT,
    PORTAL_BRAND,
    "patient",
    "home",
    confirm_label=N_("Verify and Enable"),
    choose_text=N_("You'll enter a code each time you sign in on a new device or browser."),
    choose_any_text=N_("We'll ask for it each time you sign in on a new device or browser."),
    badge=RECOMMENDED,
)
PROVIDER_SIDE = Side(
    PROVIDER,
    EHR_BRAND,
    "provider",
    "charts",
    confirm_label=N_("Confirm and Activate"),
    choose_text=N_("An authenticator app is required for EHR access. You'll enter a code from it each time you sign in."),
    choose_any_text=N_("One of these is required for EHR access. We'll ask for it each time you sign in."),
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
    choose_any_text=N_("One of these is required for the support console. We'll ask for it each time you sign in."),
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
