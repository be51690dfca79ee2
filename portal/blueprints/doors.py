"""What a door gives the pages behind it: policy, chrome, words, and where its people belong."""

from dataclasses import dataclass, replace
from typing import NoReturn

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from portal.blueprints import drafts
from portal.blueprints.done import mark
from portal.flows.base.audit import record_event_alone
from portal.flows.base.context import LEVEL_WAITING
from portal.flows.factors.challenges import is_set_up
from portal.flows.practice import deadline
from portal.methods import method
from portal.policy import PATIENT, PROVIDER, SUPPORT, Policy, policy_of
from portal.web.browser_session import own_path, request_context, session_user
from portal.web.headers import SAFE_METHODS
from portal.web.rendering import (
    EHR_BRAND,
    PORTAL_BRAND,
    home_endpoint,
    place_to_return,
    redirect_browser,
    redirect_to,
    redirect_to_path,
    send_to_sign_in,
)
from portal.words.refusals import N_


@dataclass(frozen=True)
class Door:
    """A side of the product: the same wizard, its parent's words."""

    policy: Policy
    brand: dict
    blueprint: str
    home: str  # the page that its people begin at
    confirm_label: str
    choose_words: str  # why one chooses a verification method here
    badge: str  # on the method that is offered first
    texts_off: bool = False  # the operator switched them off: the policy is without them
    profile: str = "account"  # the page with a person's own data
    open_in_grace: tuple[str, ...] = ()  # pages for who put set-up off at this sign-in, within the practice's grace

    def url(self, page: str, **values) -> str:
        return url_for(f"{self.blueprint}.{page}", **values)

    @property
    def confirm(self) -> str:
        return _(self.confirm_label)

    def is_before_set_up(self) -> bool:
        """Whether the page asked for is a part of setting up: all that is open before it is done (TO-11)."""
        own = ("settings", "security", "submit_put_off") if self.policy.must_use else ()
        pages = tuple(f"{self.blueprint}.{page}" for page in own)
        return request.endpoint in pages or request.blueprint in (f"{self.blueprint}.setup", f"{self.blueprint}.confirm")

    def without_texts(self) -> "Door":
        return replace(self, policy=self.policy.without_restricted(), texts_off=self.policy.accepts_restricted)


PATIENT_DOOR = Door(
    PATIENT,
    PORTAL_BRAND,
    "patient",
    "home",
    confirm_label=N_("Verify and Enable"),
    choose_words=N_("You'll enter a code each time you sign in on a new device or browser."),
    badge=N_("Recommended"),
)
PROVIDER_DOOR = Door(
    PROVIDER,
    EHR_BRAND,
    "provider",
    "charts",
    confirm_label=N_("Confirm and Activate"),
    choose_words=N_("An authenticator app is required for EHR access. You'll enter a code from it each time you sign in."),
    badge=N_("Required"),
    open_in_grace=("provider.charts", "provider.chart", "provider.submit_note"),
)
SUPPORT_DOOR = Door(
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
DOORS = (PATIENT_DOOR, PROVIDER_DOOR, SUPPORT_DOOR)


def door_of(role: str) -> Door | None:
    """The door that people of a role go through; None where they have no pages yet."""
    return next((door for door in DOORS if role in door.policy.roles), None)


def guard(door: Door):
    """A before_request for the door's blueprint: signed in, with a code where one is due, of its people, and set up where they must."""

    def check() -> Response | None:
        who = session_user()
        if who is None:
            return send_to_sign_in()
        if who.is_claimant:
            return redirect_to(
                "emergency.show" if who.level == LEVEL_WAITING and policy_of(who.role).hands_over_copy else "sign_in.ask_code"
            )
        if who.role not in door.policy.roles:
            return turn_away()
        g.door, g.brand = door if request_context().texts else door.without_texts(), door.brand
        if who.is_emergency:  # the wall in reading.py has let the page through
            g.stopped = False
            return None if g.get("grant") else forbid("read_only")
        return stop(door) if door.policy.must_use or who.is_reset else None

    return check


def turn_away() -> Response:
    """Somebody of another door: to their own home; what they send here is refused, and recorded."""
    if request.method not in SAFE_METHODS:
        forbid("other_door")
    return redirect_to(home_endpoint(request_context().who.role))


def forbid(reason: str, status: int = 403) -> NoReturn:
    """Say no, and record it."""
    record_event_alone(request_context(), "authz_fail", reason)
    abort(status)


def refuse_method(name: str | None) -> None:
    """A method that there is, and that people of this door may not use: no page of ours asks for it (TO-11)."""
    asked = method(name or "")
    if asked and not policy_of(request_context().who.role).allows(asked):
        forbid("method_not_allowed")


def stop(door: Door) -> Response | None:
    """Nothing but set-up before set-up is done, whatever the address, the method or the HTMX header (TO-11, after a reset rule 1).

    The page asked for travels along in the address, and is where the person lands afterwards.
    """
    refuse_method((request.view_args or {}).get("method_name") or request.form.get("method"))
    g.stopped = not is_set_up(request_context())
    if not g.stopped:
        shows_code = request_context().who.second_factor_at is None and request.blueprint != f"{door.blueprint}.confirm"
        return ask_again() if shows_code else None  # no browser is trusted here, whoever trusted it before
    if door.is_before_set_up():
        g.next_path = own_path(request.args.get("next"))
        return None
    if request.endpoint in door.open_in_grace and deadline.may_pass_without_setup(request_context()):
        return None
    asked = place_to_return()
    page = "security" if door.policy.must_use else "setup.choose"
    return redirect_browser(door.url(page, next=None if asked == door.url(door.home) else asked))


def landing() -> str:
    """Where a person goes who has done what they were stopped for: to the page that they asked for, or home."""
    return request_context().who.next_path or g.door.url(g.door.home, done=mark("on"))


def ask_code() -> Response | None:
    """To the same page, where a trusted browser stood in for the code: the Security pages open to a code alone (TB-3)."""
    return ask_again() if request_context().who.is_trusted else None


def ask_again() -> Response | None:
    """To the page that asks for password and second factor, where they are older than five minutes (RA-1); None where fresh."""
    who = request_context().who
    if who.is_fresh(request_context().now):
        if request.method not in SAFE_METHODS:
            drafts.drop()
        return None
    drafts.keep()
    return redirect_to_path(g.door.url("confirm.ask", next=place_to_return()))
