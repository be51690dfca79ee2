"""The person that flask-login knows: the visitor of a complete sign-in."""

from flask import Response
from flask_login import LoginManager

from portal.flows.base.context import SessionUser
from portal.web.browser_session import session_user


class SignedIn:
    """flask-login's user: the visitor of a complete sign-in."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: SessionUser) -> None:
        self.user = user
        self.display_name = user.full_name
        self.username = user.username

    def get_id(self) -> str:
        return str(self.user.user_id)

    @property
    def initials(self) -> str:
        words = [word for word in self.user.full_name.replace("Dr. ", "").split() if word]
        return "".join(word[0] for word in (words[0], words[-1])).upper() if len(words) > 1 else self.user.full_name[:1].upper()


class Visitors(LoginManager):  # type: ignore[misc]  # flask-login has no types
    """flask-login, for which the session's row alone decides: it keeps nothing in the session or in a cookie, so it has nothing to read."""

    def _load_user(self) -> None:
        user = session_user()
        self._update_request_context_with_user(SignedIn(user) if user and not user.is_claimant else None)

    def _update_remember_cookie(self, response: Response) -> Response:
        return response
