"""The CSRF token of a page, signed once for all of its forms. Flask-WTF checks it, and would have signed the same."""

from typing import Any

from flask import current_app
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

from portal.web.application import kept
from portal.web.browser_session import current_session


class Serializer(URLSafeTimedSerializer):
    """itsdangerous', without a try to compress what is too short to become shorter."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(self.serializer.dumps(obj, **self.serializer_kwargs))


def csrf_token() -> str:
    """What each form of this page carries."""
    here = kept()
    if "csrf_token" not in here:
        serializer = Serializer(str(current_app.secret_key), salt="wtf-csrf-token")
        here.csrf_token = serializer.dumps(current_session()["csrf_token"])
    token: str = here.csrf_token
    return token
