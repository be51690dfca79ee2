"""One of a person's authenticators: its name, and its end while another stays. Nested in each side's blueprint."""

from flask import Blueprint, Response, abort, request

from portal.blueprints.shared.flash import redirect_and_say
from portal.blueprints.shared.guards import require_code, require_fresh_proof
from portal.flows.account import security_page
from portal.flows.factors import authenticators
from portal.forms.profile import LabelForm
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("authenticators", __name__)


def own(authenticator_id: str) -> security_page.AuthenticatorView:
    """The visitor's authenticator; 404 where it is nobody's or another's."""
    return next(
        (each for each in security_page.own_authenticators(request_context()) if each.id == authenticator_id), None
    ) or abort(404)


@blueprint.get("/<authenticator_id>/name")
def rename(authenticator_id: str) -> Response:
    again = require_code()
    if again:
        return again
    held = own(authenticator_id)
    return render_page("account/rename.html", form=LabelForm(name=held.name), held=held)


@blueprint.post("/<authenticator_id>/name")
def submit_rename(authenticator_id: str) -> Response:
    again = require_code()
    if again:
        return again
    held = own(authenticator_id)
    form = LabelForm(request.form)
    if not form.validate():
        return refuse_form("account/rename.html", form, held=held)
    try:
        authenticators.rename_authenticator(request_context(), held.id, form.name.data)
    except Refused as refused:
        return refuse_form("account/rename.html", form, refused, "name", held=held)
    return redirect_and_say("security", "changed")


@blueprint.get("/<authenticator_id>/remove")
def remove(authenticator_id: str) -> Response:
    again = require_fresh_proof()
    if again:
        return again
    held = own(authenticator_id)
    is_last = security_page.is_last(security_page.own_authenticators(request_context()), held)
    return render_page("account/last_way.html" if is_last else "account/remove.html", held=held)


@blueprint.post("/<authenticator_id>/remove")
def submit_remove(authenticator_id: str) -> Response:
    held = own(authenticator_id)
    again = require_fresh_proof()
    if again:
        return again
    removed = authenticators.remove_authenticator(request_context(), held.id)
    return redirect_and_say("security", "changed") if removed else redirect_to_path(request.path)  # the page says why it stays
