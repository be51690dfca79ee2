"""The person that flask-login knows: the visitor of a complete sign-in."""

from flask import Request

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


def load_signed_in(request: Request) -> SignedIn | None:
    """flask-login's request loader: the session row decides, nothing in the cookie does."""
    user = session_user()
    return SignedIn(user) if user and not user.is_claimant else None
