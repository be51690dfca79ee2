"""What a door gives the pages behind it: policy, chrome, words, and where its people belong."""

from dataclasses import dataclass, replace

from flask import Response, g, url_for
from flask_babel import gettext as _

from portal.browser_session import visit, visitor
from portal.messages import N_
from portal.policy import PATIENT, Policy
from portal.rendering import go, go_to, home_endpoint, place_to_return, send_to_sign_in


@dataclass(frozen=True)
class Door:
    """A side of the product: the same wizard, its parent's words."""

    policy: Policy
    brand: dict
    blueprint: str
    confirm_label: str
    texts_off: bool = False  # the operator switched them off: the policy is without them

    def url(self, page: str, **values) -> str:
        return url_for(f"{self.blueprint}.{page}", **values)

    @property
    def confirm(self) -> str:
        return _(self.confirm_label)

    def without_texts(self) -> "Door":
        return replace(self, policy=self.policy.without_restricted(), texts_off=self.policy.accepts_restricted)


PATIENT_DOOR = Door(PATIENT, {"name": "Medximity", "key": "portal"}, "patient", N_("Verify and Enable"))


def guard(door: Door):
    """A before_request for the door's blueprint: signed in, with a code where one is due, and of its people."""

    def check() -> Response | None:
        who = visitor()
        if who is None:
            return send_to_sign_in()
        if who.is_claimant:
            return go("sign_in.ask_code")
        if who.role not in door.policy.roles:
            return go(home_endpoint(who.role))
        g.door, g.brand = door if visit().texts else door.without_texts(), door.brand
        return None

    return check


def ask_code() -> Response | None:
    """To the same page, where a trusted browser stood in for the code: the Security pages open to a code alone (TB-3)."""
    return ask_again() if visit().who.is_trusted else None


def ask_again() -> Response | None:
    """To the page that asks for password and second factor, where they are older than five minutes (RA-1); None where fresh."""
    who = visit().who
    if who.is_fresh(visit().now):
        return None
    return go_to(g.door.url("reauthenticate", next=place_to_return()))
