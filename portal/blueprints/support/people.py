"""Finding a person by two facts, and what support may do for them. Nested in the support console."""

from flask import Blueprint, Response, abort, request, url_for

from portal.blueprints.approvals import resets
from portal.blueprints.support.words import ROLES
from portal.flows.recovery import search as flow
from portal.flows.resets.ask import find_subject
from portal.forms.people import PersonForm
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.web.rendering import translate as _
from portal.words.refusals import Refused

blueprint = Blueprint("people", __name__)
blueprint.register_blueprint(resets.blueprint)


@blueprint.get("")
def search() -> Response:
    return render_page("support/search.html", form=PersonForm())


@blueprint.post("")
def submit_search() -> Response:
    """Search for one account; it is recorded, and its person can see it."""
    form = PersonForm(request.form)
    if not form.validate():
        return refuse_form("support/search.html", form)
    try:
        found = flow.find_person(request_context(), form.person.data, form.fact.data)
    except Refused as refused:
        return refuse_form("support/search.html", form, refused)
    return redirect_to_path(url_for(".show", user_id=found))


@blueprint.get("/<int:user_id>")
def show(user_id: int) -> Response:
    """A person whom this agent found within the hour; 404 for everybody else."""
    user = (find_subject(request_context(), user_id) if user_id <= config.ROW_ID_MAX else None) or abort(404)
    person = flow.describe_person(request_context(), user)
    return render_page("support/person.html", found=person, methods=[_(label) for label in person.methods], roles=ROLES)
