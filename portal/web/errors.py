"""Error pages: never a stack trace, never blank."""

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, SecurityError

from portal.crypto import token_hash
from portal.db import BUSY, db
from portal.flows.base.audit import record_event_alone
from portal.passwords import HashingBusy, TurnTaken
from portal.settings import lines
from portal.turned_away import is_turned_away
from portal.web.browser_session import current_session, request_context, session_user
from portal.web.headers import CROSS_SITE
from portal.web.late_sign_outs import late_sign_outs
from portal.web.rendering import page_to_return, render_page, send_to_sign_in, signed_out, this_page

log = logging.getLogger(__name__)
PAGES = {400: 403, 403: 403, 404: 404, 405: 405, 413: 413}
BUSY_SECONDS = 5  # when to try again, about: nobody knows when the database or a core is free
# Blueprints and views whose forms serve people who are not signed in.
PUBLIC = {"sign_in", "email_links", "not_me", "help", "language", "appearance", "test_bench", "recovery", "stop_recovery.submit"}


def register_error_pages(app: Flask) -> None:
    app.register_error_handler(CSRFError, form_expired)
    for error in BUSY:
        app.register_error_handler(error, database_busy)
    app.register_error_handler(HashingBusy, hashing_busy)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(InternalServerError, server_error)


def form_expired(error: CSRFError) -> Response:
    """A form with another session's CSRF token. Signed out meanwhile: redirect to sign-in, as the guard would (HX-6)."""
    if session_user() is None and request.blueprints and PUBLIC.isdisjoint((request.blueprints[-1], request.endpoint)):
        return send_to_sign_in()
    record_expired()
    return show_expired(page_to_return() or "/")


def record_expired() -> None:
    record_event_alone(request_context(), "malicious_csrf", "form_expired")


def show_expired(again_url: str) -> Response:
    """The page that says so, with the way to a new form."""
    return render_page("errors/expired.html", 403, again_url=again_url)


def database_busy(error: OperationalError | PoolTimeoutError) -> Response:
    """The database was locked too long, hung, or had no free connection: nothing was changed, and the page says so."""
    log.error("request %s: the database did not respond: %s", g.get("request_id"), getattr(error, "orig", error))
    if is_sign_out():
        return sign_out_late()
    current_session().forget()
    response = render_page("errors/503.html", 503, reference=g.get("request_id"))
    response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response


def hashing_busy(error: HashingBusy) -> Response:
    """Too many passwords are being checked at once: nothing was charged or changed, and the page says so.

    Not if the same form was sent twice: this page replaces the answer to the first one, which may have changed something.
    """
    db.session.rollback()
    log.warning("request %s: too many passwords are being checked", g.get("request_id"))
    again_url = (page_to_return() or "/") if isinstance(error, TurnTaken) else None
    response = render_page("errors/503.html", 503, again_url=again_url, reference=g.get("request_id"))
    response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response


def sign_out_late() -> Response:
    """Sign out though the database doesn't respond: the cookie goes, and the session ends when the database is back (SE-9)."""
    db.session.rollback()
    current = current_session()
    current.forget()
    user = session_user()
    late_sign_outs().add(token_hash(current.token), request_context())
    return signed_out(user)


def is_sign_out() -> bool:
    """Whether this request signs out, with the CSRF token of its session."""
    return request.endpoint == "sign_in.sign_out" and request.method == "POST" and bool(g.get("csrf_valid"))


def turn_away() -> Response | None:
    """For whoever was told to wait and posts the same form on and on: a page for which nothing is read, as for a stranger."""
    if not is_turned_away():
        return None
    current_session().forget()
    response = render_page("errors/429.html", 429, again_url=this_page())
    response.headers["Retry-After"] = str(lines.IMPATIENT_SECONDS)
    return response


def http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):  # a forged Host: build links for the portal's own
        request_ctx.url_adapter = current_app.url_map.bind(urlsplit(current_app.extensions["settings"].base_url).netloc)
    if error.description == CROSS_SITE:
        record_event_alone(request_context(), "malicious_csrf", CROSS_SITE)
    shown = PAGES.get(error.code, 404)
    response = render_page(f"errors/{shown}.html", error.code)
    if isinstance(error, MethodNotAllowed):
        response.allow.update(error.valid_methods or ())
    return response


def server_error(error: InternalServerError) -> Response:
    """A bug: the page shows a reference number that is also in the log."""
    if isinstance(error.original_exception, BUSY):  # raised while another error page was rendered
        return database_busy(error.original_exception)
    if is_sign_out():
        log.error("request %s failed", g.get("request_id"), exc_info=error.original_exception or error)
        return sign_out_late()
    current_session().forget()
    reference = g.get("request_id", "")
    log.error("request %s failed", reference, exc_info=error.original_exception or error)
    return render_page("errors/500.html", 500, reference=reference)
