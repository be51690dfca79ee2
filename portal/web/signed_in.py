"""The person that flask-login knows: the visitor of a complete sign-in."""

from flask import Request

from portal.flows.base.context import SessionUser
from portal.web.browser_session import session_user


class SignedIn:
    """flask-login's user: the visitor of a complete sign-in."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, who: SessionUser) -> None:
        self.who = who
        self.display_name = who.full_name
        self.username = who.username

    def get_id(self) -> str:
        return str(self.who.user_id)

    @property
    def initials(self) -> str:
        words = [word for word in self.who.full_name.replace("Dr. ", "").split() if word]
        return "".join(word[0] for word in (words[0], words[-1])).upper() if len(words) > 1 else self.who.full_name[:1].upper()


def load_signed_in(request: Request) -> SignedIn | None:
    """flask-login's request loader: the session row decides, nothing in the cookie does."""
    who = session_user()
    return SignedIn(who) if who and not who.is_claimant else None
