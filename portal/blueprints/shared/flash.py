"""Flash messages: the next page says what was done, by a signed mark in its address, valid for this session and one minute.

The signature keeps a crafted link from showing a message, the minute keeps a late reload from repeating it, and a page drops a
message that its own data contradicts. Nothing is stored: GET never writes.
"""

import hashlib
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadData, TimestampSigner

from portal.blueprints.shared.sides import current_side
from portal.flows.account import browsers, security_page
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path
from portal.web.rendering import translate as _
from portal.words.refusals import N_

SEPARATOR = "~"  # between a mark's key and its numbers; needs no escaping in a URL
FLASHES = {
    "on": N_("Two-factor authentication is on."),
    "off": N_("Two-factor authentication is off."),
    "saved": N_("Your new backup codes are saved."),
    "changed": N_("Your change is saved."),
    browsers.SESSIONS: N_("Ended. You're no longer signed in there."),
    browsers.TRUSTED: N_("Ended. We'll ask for more than your password at the next sign-in there."),
    "new_browser_confirmed": N_("Confirmed. You can go on in the other browser."),
    "new_browser_stopped": N_(
        "Stopped. Whoever that was knows your password and had one of your codes. Change your password now, in Profile."
    ),
    "new_browsers_on": N_("From now on, you confirm each sign-in in a new browser."),
    "new_browsers_off": N_("From now on, a code is enough in new browsers."),
    "unblock": N_("We sent you an email. Open the link in it within 24 hours to unblock your codes."),
    "unblocked": N_("Unblocked. Your codes work everywhere again."),
    "found": N_("Codes from your phone work again."),
    "found_all": N_("Everything you confirm it's you with works again."),
    "copy": N_("Got it. Your practice administrator has the sealed copy."),
    "noted": N_("Your note was added to the chart."),
    "approved": N_("Approved. It's done, and we've notified everyone involved."),
    "refused": N_("Refused. Nothing was changed, and we've notified everyone involved."),
    "case_taken": N_("You have this case now."),
    "case_checks": N_("Your checks are saved."),
    "case_noted": N_("Your note was added."),
    "case_asked": N_("Asked. We emailed them that support needs more, without your question."),
    "case_approved": N_("Approved. We emailed them a link to set up again."),
    "case_second": N_("You approved it. A second person decides now, and we've notified those who can."),
    "case_refused": N_("Refused. Nothing was changed, and we've notified the account's owner."),
    "ticket_sent": N_("Sent. We'll email you when support has answered."),
    "ticket_replied": N_("Your message was sent."),
    "ticket_closed": N_("The ticket is closed."),
    "ticket_taken": N_("You have this ticket now."),
    "ticket_answered": N_("Your answer was sent, and we emailed them that it's here."),
    "ticket_over": N_("The ticket is closed, and we emailed them so."),
    "reviewed": N_("Marked as reviewed."),
    "deadline_set": N_("The deadline has been set."),
    "deadline_removed": N_("The deadline has been removed. From the next sign-in on, setup comes first."),
    "method_added": N_("Saved. Your people can choose it from now on."),
    "method_withdrawn": N_("Saved. Nobody new can choose it, and it works as before for those who have it."),
    "name": N_("Your name has been saved."),
    "language": N_("Your language has been saved."),
    "time_zone": N_("Your time zone has been saved."),
    "phone": N_("Your mobile phone number has been saved."),
    "email": N_(
        "We sent an email to the new address. Open the link in it within 24 hours. Until you do, your old address stays the same."
    ),
    "address": N_("We sent an email to that address. Open the link in it within 24 hours."),
    "address_confirmed": N_("The address is confirmed."),
    "address_removed": N_("The address has been removed."),
    "password": N_("Your password has been changed. All other browsers are signed out."),
}


def redirect_and_say(endpoint: str, key: str) -> Response:
    """Redirect to a page of this side that shows the message."""
    return redirect_to_path(current_side().url(endpoint, done=make_mark(key)))


class MarkSigner(TimestampSigner):
    """Signs marks for this session, with the time of the request."""

    default_digest_method = staticmethod(hashlib.sha256)
    default_key_derivation = "hmac"

    def __init__(self) -> None:
        super().__init__(str(current_app.secret_key), salt=f"done {request_context().user.session_id}")

    def get_timestamp(self) -> int:
        return int(request_context().now.timestamp())


def make_mark(key: str, *numbers: int) -> str:
    """A signed mark for the address: a key of FLASHES, or a page's own key with the numbers for its message."""
    return MarkSigner().sign(SEPARATOR.join((key, *map(str, numbers)))).decode()


def read_flash(**is_true: bool) -> str | None:
    """The message for this address's mark, or None. `is_true`: False for a key whose message doesn't hold anymore."""
    key = read_mark()[0]
    return _(FLASHES[key]) if key in FLASHES and is_true.get(key, True) else None


def finished_context() -> dict[str, Any]:
    """For the Security page: whether set-up or a change of it just ended ("on", "changed", or ""), and whether the old number was told."""
    done = read_mark()[0]
    is_end = done in ("on", "changed")
    return {"done": done if is_end else "", "told": done == "changed" and security_page.told_old_number(request_context())}


def read_mark() -> tuple[str, list[int]]:
    """Key and numbers of this address's mark; ("", []) if there is none, or it is expired or another session's."""
    mark = request.args.get("done")
    if not mark:
        return "", []
    try:
        whole = MarkSigner().unsign(mark, max_age=int(config.FLASH_LIFE.total_seconds())).decode()
    except BadData:
        return "", []
    key, *numbers = whole.split(SEPARATOR)
    return key, [int(number) for number in numbers]
