"""The choice of a language in the footer of every page, for whoever reads it."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.flows.account import profile as flow
from portal.web.browser_session import request_context, safe_path, session_user
from portal.web.language import keep_choice, offered_languages
from portal.web.rendering import home_url, redirect_to_path

blueprint = Blueprint("language", __name__)


@blueprint.post("/language")
def submit() -> Response:
    """Keep the language in this browser, and in the account once its owner has shown every factor that is due."""
    if len(offered_languages()) == 1:
        abort(404)
    chosen = request.form.get("language")
    if chosen in offered_languages():  # else it vanished after the page was opened: the next page shows what there is
        keep_choice(chosen)
        user = session_user()
        if user and not user.owes_code:
            flow.change_language(request_context(), chosen)
    return redirect_to_path(page_before())


def page_before() -> str:
    """The page that the choice was made on, if it can be opened; else home. A link's token stays out of the form that way."""
    try:
        before = urlsplit(request.referrer or "")
    except ValueError:  # half a bracket
        return home_url()
    path = safe_path(f"{before.path}?{before.query}".rstrip("?"))
    if path is None or before.netloc != request.host:
        return home_url()
    try:
        current_app.create_url_adapter(request).match(before.path, "GET")  # type: ignore[union-attr]  # a request is bound
    except (HTTPException, RequestRedirect):
        return home_url()
    return path
