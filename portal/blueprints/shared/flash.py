"""What the page before has done, said by the next one: a mark in the address, for this session and a minute.

A page claims nothing that is not so: the mark is signed, so that no link makes it, and it is old soon, so that a late reload says
nothing; what its own rows contradict, a page does not say at all. Nothing is stored for it, for a GET writes nothing.
"""

import hashlib

from flask import Response, current_app, request
from flask_babel import gettext as _
from itsdangerous import BadData, TimestampSigner

from portal.blueprints.shared.sides import current_side
from portal.flows.account import activity
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path
from portal.words.refusals import N_

BETWEEN = "~"  # a mark's key and its numbers; an address carries it as it is
FLASHES = {
    "on": N_("Two-factor authentication is on."),
    "off": N_("Two-factor authentication is off."),
    "saved": N_("Your new backup codes are saved."),
    "changed": N_("Your change is saved."),
    activity.SESSIONS: N_("Ended. You're no longer signed in there."),
    activity.TRUSTED: N_("Ended. We'll ask for a code at the next sign-in there."),
    "copy": N_("Got it. Your practice administrator has the sealed copy."),
    "noted": N_("Your note was added to the chart."),
    "approved": N_("Approved. It's done, and we've notified everyone involved."),
    "refused": N_("Refused. Nothing was changed, and we've notified everyone involved."),
    "reviewed": N_("Marked as reviewed."),
    "deadline_set": N_("The deadline has been set."),
    "deadline_removed": N_("The deadline has been removed. From the next sign-in on, setup comes first."),
    "name": N_("Your name has been changed."),
    "phone": N_("Your mobile phone number has been changed."),
    "email": N_(
        "We sent an email to the new address. Open the link in it within 24 hours. Until you do, your old address stays the same."
    ),
    "address": N_("We sent an email to that address. Open the link in it within 24 hours."),
    "address_confirmed": N_("The address is confirmed."),
    "address_removed": N_("The address has been removed."),
    "password": N_("Your password has been changed. All other browsers are signed out."),
}


def redirect_and_say(endpoint: str, what: str) -> Response:
    """On to a page of this side, which says what was done."""
    return redirect_to_path(current_side().url(endpoint, done=make_mark(what)))


class MarkSigner(TimestampSigner):
    """Signs what this session's last page has done, with the time that the request goes by."""

    default_digest_method = staticmethod(hashlib.sha256)
    default_key_derivation = "hmac"

    def __init__(self) -> None:
        super().__init__(str(current_app.secret_key), salt=f"done {request_context().who.session_id}")

    def get_timestamp(self) -> int:
        return int(request_context().now.timestamp())


def make_mark(what: str, *numbers: int) -> str:
    """A key of SAID as an address carries it; where a page has words of its own for it, with its numbers."""
    return MarkSigner().sign(BETWEEN.join((what, *map(str, numbers)))).decode()


def read_flash(**so: bool) -> str | None:
    """The sentence of this address's mark, or None. `so`: what the page knows of a key: where it is not so, nothing is said."""
    what = read_mark()[0]
    return _(FLASHES[what]) if what in FLASHES and so.get(what, True) else None


def read_mark() -> tuple[str, list[int]]:
    """What this address's mark says, and its numbers; ("", []) where there is no mark, or none of this session and minute."""
    try:
        whole = MarkSigner().unsign(request.args.get("done", ""), max_age=int(config.SAID_FOR.total_seconds())).decode()
    except BadData:
        return "", []
    what, *numbers = whole.split(BETWEEN)
    return what, [int(number) for number in numbers]
