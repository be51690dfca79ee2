"""Waiting for your approval, for administrators and support. Nested in Team Members and the support console."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from portal.blueprints.shared.flash import make_mark, read_flash
from portal.blueprints.shared.guards import ask_for_proof, require_proof
from portal.blueprints.shared.sides import SUPPORT_SIDE, current_side
from portal.flows.approvals import kinds as flow
from portal.flows.base.act_proofs import ProofDue
from portal.flows.base.second_person import NumberRefused, approving
from portal.forms.practice import NumberForm
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refusal_sentence, refuse_form, render_page
from portal.words.refusals import Refused

ANSWERS = ("approve", "refuse")


def make_blueprint(listed_at: str = "") -> Blueprint:
    """The pages for one side, with the list at that address."""
    blueprint = Blueprint("approvals", __name__)
    blueprint.add_url_rule(listed_at, view_func=listed)
    blueprint.add_url_rule("/waiting/<kind>/<row_id>", view_func=show)
    blueprint.add_url_rule("/waiting/<kind>/<row_id>", view_func=decide, methods=["POST"])
    return blueprint


def listed() -> Response:
    back_url = None if current_side().blueprint == SUPPORT_SIDE.blueprint else current_side().url("settings")
    return render_page(
        "approvals/list.html",
        waiting=flow.list_requests(request_context()),
        notice=read_flash(on=request_context().user.is_on),
        back_url=back_url,
    )


def show(kind: str, row_id: str) -> Response:
    """A request to decide; one that is closed says so without asking for a code first."""
    try:
        context = decision_context(kind, row_id)
    except Refused as refused:
        return refuse_form("approvals/gone.html", (), refused)
    return require_proof(approving(kind, row_id)) or render_page("approvals/decide.html", form=NumberForm(), **context)


def decide(kind: str, row_id: str) -> Response:
    """Approve or refuse: both buttons post here, and the field `answer` says which was pressed."""
    try:
        decision_context(kind, row_id)
        step_up = require_proof(approving(kind, row_id))
        return step_up or take_answer(kind, row_id, NumberForm(request.form))
    except ProofDue:
        return ask_for_proof(approving(kind, row_id))
    except Refused as refused:
        return refuse_form("approvals/gone.html", (), refused)


def take_answer(kind: str, row_id: str, form: NumberForm) -> Response:
    """Decide as the form says, or show it again with what is wrong. Raises Refused if the request is no longer pending."""
    answer, context = request.form.get("answer"), decision_context(kind, row_id)
    if answer not in ANSWERS:
        return refuse_form("approvals/decide.html", form, Refused("answer_empty"), **context)
    approved = answer == "approve"
    if approved and context["asked"].asks_number and not form.validate():
        return refuse_form("approvals/decide.html", form, **context)
    try:
        flow.decide_request(request_context(), kind, row_id, approved, form.number.data or "")
    except NumberRefused as refused:
        context = decision_context(kind, row_id)
        field = "" if context["asked"].why_not else "number"
        return refuse_form("approvals/decide.html", form, refused, field, **context)
    return redirect_to_path(url_for(".listed", done=make_mark("approved" if approved else "refused")))


def decision_context(kind: str, row_id: str) -> dict[str, Any]:
    """The template's variables. 404 if the request isn't pending or isn't this person's to decide.

    Raises Refused if it was already decided, with who decided it.
    """
    found = flow.find_request(request_context(), kind, row_id)
    if found is None:
        flow.refuse_missed_request(request_context(), kind, row_id)
        abort(404)
    why_not = refusal_sentence(Refused(found.why_not)) if found.why_not else None
    return {"asked": found, "why_not": why_not, "action": url_for(".decide", kind=kind, row_id=row_id)}
