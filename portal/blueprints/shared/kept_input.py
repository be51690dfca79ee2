"""Form input kept during a step-up, sealed in a cookie, so that nothing has to be typed twice (RA-3)."""

import base64
import json

from flask import current_app, request, session

from portal import clock
from portal.crypto import SealBroken
from portal.settings import config
from portal.web.browser_session import cookie_name, request_context

FIELDS = ("email", "phone", "method", "first_day", "last_day")  # never a password or a code
MAX_LENGTH = 254  # characters of each field; enough for an email address
COOKIE = "draft"


def seal_place() -> str:
    """The seal binds the input to this session."""
    return f"draft:{request_context().user.session_id}"


def keep_input() -> None:
    """Keep this request's form input for its page."""
    typed = {field: request.form[field][:MAX_LENGTH] for field in FIELDS if request.form.get(field)}
    if typed:
        text = json.dumps([request.path, request_context().now.timestamp(), typed])
        session["new_draft"] = base64.urlsafe_b64encode(request_context().keys.seal(text, seal_place())).decode()


def drop_input() -> None:
    """Drop the cookie once the form was accepted."""
    if cookie_name(current_app, COOKIE) in request.cookies:
        session["new_draft"] = ""


def load_input() -> dict[str, str]:
    """This page's kept input by field, or {}."""
    cookie = request.cookies.get(cookie_name(current_app, COOKIE), "")
    try:
        path, at, fields = json.loads(request_context().keys.open(base64.urlsafe_b64decode(cookie), seal_place()))
    except (SealBroken, ValueError):
        return {}
    is_valid = path == request.path and clock.is_recent(clock.moment(at), request_context().now, config.REAUTHENTICATION_LIFE)
    return fields if is_valid else {}
