"""What a side gives the pages behind it: policy, chrome, words, and where its people belong."""

from dataclasses import dataclass, replace
from typing import Any, cast

from flask import g, request, url_for
from flask_babel import gettext as _

from portal.policy import PATIENT, PROVIDER, SUPPORT, Policy
from portal.web.rendering import EHR_BRAND, PORTAL_BRAND
from portal.words.refusals import N_


@dataclass(frozen=True)
class Side:
    """A side of the product: the same wizard, its parent's words."""

    policy: Policy
    brand: dict[str, str]
    blueprint: str
    home: str  # the page that its people begin at
    confirm_label: str
    choose_words: str  # why one chooses a verification method here
    badge: str  # on the method that is offered first
    texts_off: bool = False  # the operator switched them off: the policy is without them
    profile: str = "account"  # the page with a person's own data
    open_in_grace: tuple[str, ...] = ()  # pages for who put set-up off at this sign-in, within the practice's grace

    def url(self, page: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{page}", **values)

    @property
    def confirm(self) -> str:
        return str(_(self.confirm_label))

    def is_before_set_up(self) -> bool:
        """Whether the page asked for is a part of setting up: all that is open before it is done (TO-11)."""
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
    choose_words=N_("You'll enter a code each time you sign in on a new device or browser."),
    badge=N_("Recommended"),
)
PROVIDER_SIDE = Side(
    PROVIDER,
    EHR_BRAND,
    "provider",
    "charts",
    confirm_label=N_("Confirm and Activate"),
    choose_words=N_("An authenticator app is required for EHR access. You'll enter a code from it each time you sign in."),
    badge=N_("Required"),
    open_in_grace=("provider.charts", "provider.chart", "provider.submit_note"),
)
SUPPORT_SIDE = Side(
    SUPPORT,
    PORTAL_BRAND,
    "support",
    "approvals.listed",
    confirm_label=N_("Confirm and Activate"),
    choose_words=N_(
        "An authenticator app is required for the support console. You'll enter a code from it each time you sign in."
    ),
    badge=N_("Required"),
    profile="security",
)
SIDES = (PATIENT_SIDE, PROVIDER_SIDE, SUPPORT_SIDE)


def side_of(role: str) -> Side | None:
    """The side that people of a role go through; None where they have no pages yet."""
    return next((side for side in SIDES if role in side.policy.roles), None)


def current_side() -> Side:
    """The side that this page is of, as its guard has set it."""
    return cast(Side, g.side)
