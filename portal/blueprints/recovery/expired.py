"""Forms of account recovery whose session is gone: the page says so, and what was typed for a request is still there."""

from flask import Response, request, url_for
from flask_wtf.csrf import CSRFError

from portal.blueprints.recovery.ask import FORM
from portal.blueprints.recovery.frame import blueprint
from portal.forms.recovery import RecoveryForm
from portal.web.errors import form_expired, record_expired, show_expired
from portal.web.rendering import refuse_form
from portal.words.refusals import Refused

FORBIDDEN = 403  # of every expired form


@blueprint.errorhandler(CSRFError)
def expired(error: CSRFError) -> Response:
    """Nobody here is signed in, so sign-in is no answer. Who asks for help types the story once."""
    reference = (request.view_args or {}).get("reference")
    if request.endpoint == "recovery.submit_ask":
        record_expired()
        response = refuse_form(FORM, RecoveryForm(request.form), Refused("recovery_expired"))
        response.status_code = FORBIDDEN
        return response
    if reference:
        record_expired()
        return show_expired(url_for("recovery.show", reference=reference))
    return form_expired(error)
