"""The session cookie: a random token, stored as a hash in the session's row. The CSRF token is derived from it."""

import base64
import hmac
from datetime import datetime
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SessionInterface, SessionMixin

from portal import clock
from portal.db import BUSY, db
from portal.flows.base.audit import one_line
from portal.flows.base.context import RequestContext, SessionUser
from portal.flows.sessions import sessions, trusted_browsers
from portal.forms.appearance import AUTOMATIC, SCHEMES
from portal.settings import config
from portal.web.application import kept
from portal.web.language import current_language
from portal.web.late_sign_outs import is_signed_out

DAY = 24 * 3600  # seconds
CSRF_BYTES = 16  # 128 bits, as session tokens have at least; each form of a page carries it, and pages are not compressed
BROWSER_COOKIE_LIFE = 365 * DAY  # only says "seen before": opens nothing, but strangers' wrong codes do not count there
GUEST = "guest."  # begins the token of a browser that nobody has signed in with: no session has it, so none is looked for
TRUSTED_COOKIE_MAX = 512  # characters: five tokens, and a margin


class BrowserSession(dict[str, Any], SessionMixin):
    """Flask's session object. It stores nothing itself: `csrf_token` is derived, and the row is read once."""

    def __init__(self, token: str | None, csrf_key: bytes) -> None:
        super().__init__()
        self.has_cookie = token is not None
        self.token = token or GUEST + sessions.new_token()
        self.csrf_key = csrf_key
        self.browser: str | None = None
        self.trusted: tuple[str, ...] = ()
        self.languages: tuple[str | None, ...] = (None, None)  # chosen in this browser: outside of the EHR, and in it
        self.scheme = AUTOMATIC  # likewise
        self.must_send = False
        self.must_clear = False
        self._found: SessionUser | sessions.Ended | Literal[False] | None = False

    def __contains__(self, key: object) -> bool:
        return key == "csrf_token" or super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        if key != "csrf_token":
            return super().__getitem__(key)
        self.must_send = self.must_send or not self.has_cookie
        digest = hmac.digest(self.csrf_key, self.token.encode(), "sha256")[:CSRF_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def find(self) -> SessionUser | sessions.Ended | None:
        """The cookie's session, live or ended; one SELECT per request."""
        if self._found is False:
            is_known = self.has_cookie and not self.token.startswith(GUEST) and not is_signed_out(self.token)
            self._found = sessions.find_session(self.token, request_time()) if is_known else None
        return self._found

    def forget(self) -> None:
        """Render this page as for a stranger, because the database doesn't respond."""
        if self._found is False:
            self._found = None

    def end(self) -> None:
        """Take the cookie away with this response; the rest of it is for a stranger."""
        self.must_clear, self._found = True, None

    def renew(self, token: str) -> None:
        """Send a new token with this response, against session fixation."""
        self.token, self.must_send, self._found = token, True, False


class CookieSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        token = request.cookies.get(cookie_name(app, "session"))
        found = BrowserSession(token if token and len(token) <= 128 else None, csrf_key(app))
        found.browser = request.cookies.get(cookie_name(app, "browser"))
        found.trusted = read_tokens(request.cookies.get(cookie_name(app, "trusted")))
        cookies = request.cookies
        found.languages = cookies.get(cookie_name(app, "language")), cookies.get(cookie_name(app, "language_ehr"))
        found.scheme = read_scheme(request.cookies.get(cookie_name(app, "scheme")))
        return found

    def save_session(  # type: ignore[override]  # it only meets sessions that open_session made
        self, app: Flask, session: BrowserSession, response: Response
    ) -> None:
        secure = app.extensions["settings"].is_https
        flags = {"secure": secure, "httponly": True, "samesite": "Lax", "path": "/"}
        if session.must_clear:
            response.delete_cookie(cookie_name(app, "session"), **flags)
        elif session.must_send:
            response.set_cookie(cookie_name(app, "session"), session.token, **flags)
        if session.get("new_browser"):
            response.set_cookie(cookie_name(app, "browser"), session["new_browser"], max_age=BROWSER_COOKIE_LIFE, **flags)
        if session.get("new_trusted"):
            life = app.extensions["settings"].trusted_browser_days * DAY
            response.set_cookie(cookie_name(app, "trusted"), session["new_trusted"], max_age=life, **flags)
        if session.get("new_language"):
            name, chosen = session["new_language"]
            response.set_cookie(cookie_name(app, name), chosen, max_age=BROWSER_COOKIE_LIFE, **flags)
        if session.get("new_scheme") == AUTOMATIC:
            response.delete_cookie(cookie_name(app, "scheme"), **flags)
        elif session.get("new_scheme"):
            response.set_cookie(cookie_name(app, "scheme"), session["new_scheme"], max_age=BROWSER_COOKIE_LIFE, **flags)
        if session.get("new_draft"):
            life = int(config.REAUTHENTICATION_LIFE.total_seconds())
            response.set_cookie(cookie_name(app, "draft"), session["new_draft"], max_age=life, **flags)
        elif "new_draft" in session:
            response.delete_cookie(cookie_name(app, "draft"), **flags)


def read_tokens(cookie: str | None) -> tuple[str, ...]:
    """The cookie's trust tokens, one for each person who trusts this browser."""
    if not cookie or len(cookie) > TRUSTED_COOKIE_MAX:
        return ()
    return tuple(token for token in cookie.split(trusted_browsers.BETWEEN) if token)[: config.TRUSTED_TOKENS]


def read_scheme(cookie: str | None) -> str:
    """The chosen color scheme; automatic if none is, or if the cookie holds something else."""
    return cookie if cookie and cookie in SCHEMES else AUTOMATIC


def cookie_name(app: Flask, name: str) -> str:
    """With the __Host- prefix if the portal is served over HTTPS (SE-5)."""
    return f"__Host-{name}" if app.extensions["settings"].is_https else name


def csrf_key(app: Flask) -> bytes:
    return str(app.secret_key).encode()


def request_time() -> datetime:
    """The time of this request: read once, the same throughout."""
    here = kept()
    if "now" not in here:
        here.now = clock.now()
    return cast(datetime, here.now)


def current_session() -> BrowserSession:
    """Flask's session of this request, with its actual type."""
    return cast(BrowserSession, session._get_current_object())  # type: ignore[attr-defined]  # Flask types the proxy as a session


def session_user() -> SessionUser | None:
    """The visitor, claimant or signed in; None for a stranger."""
    found = current_session().find()
    return found if isinstance(found, SessionUser) else None


def ended_session() -> sessions.Ended | None:
    """The session of this request's cookie, if it has ended."""
    found = current_session().find()
    return found if isinstance(found, sessions.Ended) else None


def origin() -> str:
    """The origin that this page was opened under if it is one of the portal's, else the one used in links."""
    known: tuple[str, ...] = current_app.extensions["settings"].origins
    requested = f"{request.scheme}://{request.environ.get('HTTP_HOST', '')}"  # request.host would raise here if it is forged
    return requested if requested in known else known[0]


def request_context() -> RequestContext:
    """This request, as flows see it: built once for the same visitor, browser, and language."""
    current, here = current_session(), kept()
    visitor = session_user()
    built: RequestContext | None = here.get("context")
    if built is None or built.visitor is not visitor or (built.browser, built.language) != (current.browser, current_language()):
        built = here.context = build_context(current, visitor)
    return built


def build_context(current: BrowserSession, visitor: SessionUser | None) -> RequestContext:
    settings = current_app.extensions["settings"]
    return RequestContext(
        now=request_time(),
        keys=current_app.extensions["keys"],
        ip=request.remote_addr or "",  # clean: see ClientAddress
        user_agent=one_line(request.user_agent.string),
        request_id=g.request_id,
        visitor=visitor,
        host=urlsplit(settings.base_url).hostname or "",
        origin=origin(),
        texts=settings.texts,
        provider_methods=settings.provider_methods,
        confirms=settings.confirm_new_browsers,
        countries=settings.text_countries,
        browser=current.browser,
        trusted=current.trusted,
        trust_days=settings.trusted_browser_days,
        language=current_language(),
        time_zone=settings.time_zone,
        languages=settings.languages,
        promise_days=settings.recovery_promise_days,
    )


def give_browser_token() -> None:
    """Send this browser a token with the response if it has none."""
    current = current_session()
    if not current.browser:
        current.browser = current["new_browser"] = sessions.new_token()


def keep_trust(cookie: str | None) -> None:
    """Send a newly trusted browser its cookie with the response."""
    if cookie:
        current_session()["new_trusted"] = cookie


def touch_session() -> None:
    """Store that the person was active, at most once a minute (SE-1)."""
    user = session_user()
    if user is None or user.is_claimant:
        return
    if user.last_seen_at > request_time() or request_time() - user.last_seen_at >= config.SESSION_TOUCH:
        try:
            sessions.touch_session(request_context())
        except BUSY:  # the page is more important than this timestamp
            db.session.rollback()
            return
        g.touched = True


def seconds_left() -> int | None:
    """Seconds until this session times out; None for strangers."""
    user = session_user()
    if user is None:
        return None
    if g.get("touched"):
        return int((min(request_time() + config.SESSION_IDLE, user.ends_at) - request_time()).total_seconds())
    return int((user.idle_end(request_time()) - request_time()).total_seconds())


def safe_path(text: str | None) -> str | None:
    """A path within the portal, or None, against open redirects: no host, scheme, backslash, or control character."""
    if not text or len(text) > 512 or not text.startswith("/") or text.startswith(("//", "/\\")):
        return None
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or any(ord(character) < 33 or character == "\\" for character in text):
        return None
    return text
