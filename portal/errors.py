"""What a person sees when a page cannot be had: never a stack trace, never blank."""

import logging

from flask import Flask, Response, g, request, session
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError

from portal.browser_session import visit, visitor
from portal.flows import events
from portal.rendering import page, place_to_return, send_to_sign_in

log = logging.getLogger(__name__)
PAGES = {400: 403, 403: 403, 404: 404, 405: 405, 413: 413}
PUBLIC_BLUEPRINTS = ("sign_in", "mailed", "help", "test_bench")


def register(app: Flask) -> None:
    app.register_error_handler(CSRFError, form_expired)
    app.register_error_handler(OperationalError, database_busy)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(InternalServerError, broken)


def form_expired(error: CSRFError) -> Response:
    """A form whose token is not this session's. Signed out in mid-task: to the sign-in page, as the guard would (HX-6)."""
    if visitor() is None and request.blueprints and request.blueprints[-1] not in PUBLIC_BLUEPRINTS:
        return send_to_sign_in()
    events.record_alone(visit(), "malicious_csrf", "form_expired")
    return page("errors/expired.html", 403, again_url=place_to_return() or "/")


def database_busy(error: OperationalError) -> Response:
    """Another process held the database for too long: nothing was changed, and the page says so."""
    log.error("request %s: the database did not answer in time", g.get("request_id"))
    session.forget()  # type: ignore[attr-defined]
    response = page("errors/503.html", 503)
    response.headers["Retry-After"] = "5"
    return response


def http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    shown = PAGES.get(error.code, 404)
    return page(f"errors/{shown}.html", error.code)


def broken(error: InternalServerError) -> Response:
    """Ours: the page has a reference number that the log has too."""
    reference = g.get("request_id", "")
    log.error("request %s broke", reference, exc_info=error.original_exception or error)
    return page("errors/500.html", 500, reference=reference)
