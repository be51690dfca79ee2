"""A sign-in in a new browser, confirmed or stopped in an open session; and the choice to be asked. Nested in each side's blueprint."""

from flask import Blueprint, Response, abort, request

from portal.blueprints.shared.flash import redirect_and_say
from portal.blueprints.shared.guards import require_code, require_fresh_proof
from portal.blueprints.shared.sides import current_side
from portal.flows.account import new_browsers as flow
from portal.forms.sign_in import PairForm
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refusal_sentence, refuse_form, render_page
from portal.words.refusals import Refused

PAGE, CHOICE = "account/new_browser.html", "account/new_browsers.html"


def refuse_if_off() -> Response | None:
    """404 where the operator asks nobody. A session that a trusted browser opened shows a code first (C-7)."""
    if request_context().confirms == config.CONFIRM_OFF:
        abort(404)
    return require_code()


def ask(session_id: int) -> Response:
    found = flow.find_waiting(request_context(), session_id) if session_id <= config.ROW_ID_MAX else None
    return show_over() if found is None else render_page(PAGE, found=found, form=PairForm(), host=request_context().host)


def show_over() -> Response:
    """It was answered already, or its time is up."""
    return render_page(PAGE, 404, found=None, why=refusal_sentence(Refused("confirmation_over")))


def submit(session_id: int) -> Response:
    """ "Yes, it's me", with the number that the other browser shows."""
    found = flow.find_waiting(request_context(), session_id) if session_id <= config.ROW_ID_MAX else None
    if found is None:
        return show_over()
    form = PairForm(request.form)
    if not form.validate():
        return refuse_form(PAGE, form, found=found, host=request_context().host)
    try:
        flow.confirm(request_context(), session_id, form.number.data)
    except Refused as refused:
        is_wrong = refused.reason == "confirmation_wrong"
        field, left = ("number", found) if is_wrong else ("", None)
        return refuse_form(PAGE, form, refused, field, found=left, host=request_context().host)
    return redirect_and_say("security", "new_browser_confirmed")


def stop(session_id: int) -> Response:
    """ "This wasn't me". A second press says the same."""
    if session_id > config.ROW_ID_MAX or not flow.stop(request_context(), session_id):
        return show_over()
    return redirect_and_say("security", "new_browser_stopped")


# --- the choice


def choose() -> Response:
    choice = flow.find_choice(request_context())
    if choice is None or choice.is_ours:
        return redirect_to_path(current_side().url("security"))
    return require_fresh_proof() or render_page(CHOICE, is_on=choice.is_on)


def submit_choice() -> Response:
    choice = flow.find_choice(request_context())
    if choice is None or choice.is_ours:
        return redirect_to_path(current_side().url("security"))
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    to_confirm = request.form.get("choice") == "on"
    try:
        flow.choose(request_context(), to_confirm)
    except Refused as refused:
        return refuse_form(CHOICE, (), refused, is_on=choice.is_on)
    return redirect_and_say("security", "new_browsers_on" if to_confirm else "new_browsers_off")


def make_blueprint(may_choose: bool) -> Blueprint:
    """The pages that every side has, and the choice where a side leaves it to its people."""
    made = Blueprint("new_browsers", __name__)
    made.before_request(refuse_if_off)
    made.get("/<int:session_id>")(ask)
    made.post("/<int:session_id>")(submit)
    made.post("/<int:session_id>/stop")(stop)
    if may_choose:
        made.get("")(choose)
        made.post("")(submit_choice)
    return made
