"""What was typed on a page whose password and code had grown old: this browser keeps it, sealed, while they are asked again (RA-3)."""

import base64
import json

from flask import current_app, request, session

from portal.crypto import SealBroken
from portal.settings import config
from portal.web.browser_session import cookie_name, request_context

FIELDS = ("email", "phone", "method")  # never a password or a code
LONGEST = 254  # signs of each, and enough for an address
COOKIE = "draft"


def cookie_place() -> str:
    """What the draft is sealed for: it is of no use in another session."""
    return f"draft:{request_context().who.session_id}"


def keep_input() -> None:
    """Keep what the form at hand says, for its page."""
    typed = {field: request.form[field][:LONGEST] for field in FIELDS if request.form.get(field)}
    if typed:
        text = json.dumps([request.path, request_context().now.timestamp(), typed])
        session["new_draft"] = base64.urlsafe_b64encode(request_context().keys.seal(text, cookie_place())).decode()


def drop_input() -> None:
    """It has been sent."""
    if cookie_name(current_app, COOKIE) in request.cookies:
        session["new_draft"] = ""


def kept_input() -> dict[str, str]:
    """What was typed into this page's form by field, or nothing."""
    cookie = request.cookies.get(cookie_name(current_app, COOKIE), "")
    try:
        path, at, fields = json.loads(request_context().keys.open(base64.urlsafe_b64decode(cookie), cookie_place()))
    except (SealBroken, ValueError):
        return {}
    is_due = path == request.path and request_context().now.timestamp() - at <= config.REAUTHENTICATION_LIFE.total_seconds()
    return fields if is_due else {}
