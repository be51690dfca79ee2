"""Security headers on every response, and the checks before every page: host, HTTPS, NUL, same site (HD-1 to HD-4, CF-2)."""

import logging
import re

from flask import Response, abort, current_app, request
from werkzeug.exceptions import SecurityError

from portal.settings.addresses import is_loopback_host
from portal.settings.environment import Settings

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; report-to csp"
)
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'"
FIXED = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Reporting-Endpoints": 'csp="/reports/content-policy"',
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
CROSS_SITE = "cross_site"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OTHER_HOST = "a request was refused: it asked for a host that PORTAL_BASE_URL does not name"
NOT_HTTPS = (
    "a request was refused: it came over http, and PORTAL_BASE_URL is https. Behind a proxy, PORTAL_TRUSTED_PROXIES has to count it, "
    "and the proxy has to send X-Forwarded-Proto"
)

log = logging.getLogger(__name__)


def warn_once(words: str) -> None:
    """Write to the log why everybody may be refused: once from each process, since strangers can cause it without end."""
    told: set[str] = current_app.extensions.setdefault("refusals_told", set())
    if words not in told:
        told.add(words)
        log.warning(words)


def refuse_other_hosts() -> None:
    """400 for a Host that is not the portal's own. Flask's TRUSTED_HOSTS cannot hold an IPv6 address."""
    name = re.sub(r":\d+$", "", request.host)
    if name not in current_app.extensions["settings"].hosts:
        warn_once(OTHER_HOST)
        raise SecurityError(f"Host {name!r} is not trusted.")


def require_https() -> None:
    """Allow plain HTTP on loopback only."""
    settings: Settings = current_app.extensions["settings"]
    if settings.is_https and not request.is_secure:
        warn_once(NOT_HTTPS)
        abort(403, "https")
    if not settings.is_https and not is_loopback_host(request.remote_addr or ""):
        abort(403, "https")


def refuse_nul() -> None:
    """404 for a NUL in the path: no address has one, and PostgreSQL rejects it in text."""
    if "\0" in request.path:
        abort(404)


def refuse_cross_site() -> None:
    """Refuse an unsafe cross-site request before its CSRF token is read. Origin is compared as text: it may hold anything."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403, CROSS_SITE)
    origin = request.headers.get("Origin", "null").lower()
    own = (f"{request.scheme}://{request.host}", *current_app.extensions["settings"].origins)  # a proxy may drop the port of Host
    if origin not in ("", "null", *own):
        abort(403, CROSS_SITE)


def add_headers(response: Response) -> Response:
    """Add the headers of HD-1 to HD-4, and Vary so that caches keep a page and its fragment apart (HX-4)."""
    own = set(response.headers.keys(lower=True))
    response.headers.extend({name: value for name, value in FIXED.items() if name.lower() not in own})
    response.headers["Cache-Control"] = "no-store"
    response.headers.add("Vary", "HX-Request")
    if current_app.extensions["settings"].is_https:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    return response


def hide_token(response: Response) -> Response:
    """For blueprints that emailed links lead to: an address with a token must not leak by Referer, not even to the portal (RC-7, HD-3).

    Their other addresses are told to the portal, as everywhere: the choice of a language leads back to the page before, by its Referer.
    """
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


def plain_headers(settings: Settings) -> list[tuple[str, str]]:
    """The same headers for what no view answers: files, which may load nothing when opened on their own, and the server's own refusals."""
    own = FIXED | {"Content-Security-Policy": FILE_POLICY}
    del own["Reporting-Endpoints"]
    if settings.is_https:
        own["Strict-Transport-Security"] = STRICT_TRANSPORT
    return [*own.items()]
