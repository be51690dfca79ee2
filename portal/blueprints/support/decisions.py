"""Approve, Refuse, Ask for more: a page for each, with one question, and fresh proof of who the agent is. Nested in the support console."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from portal.blueprints.shared.guards import ask_for_proof, require_fresh_proof, require_proof
from portal.blueprints.support.cases import back_to, open_case, page_context
from portal.flows.base.act_proofs import ProofDue
from portal.flows.base.context import RequestContext
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.flows.recovery import decide, notes
from portal.forms.base import ShapedForm
from portal.forms.practice import ReasonForm
from portal.forms.support import QuestionForm
from portal.models import RecoveryCase
from portal.web.browser_session import request_context
from portal.web.rendering import refuse_form, render_page
from portal.web.rendering import translate as _
from portal.words.refusals import N_, Refused

blueprint = Blueprint("decisions", __name__)


@dataclass(frozen=True)
class Deed:
    """One decision: its form has one field."""

    title: str
    form: type[ShapedForm]
    field: str
    do: Callable[[RequestContext, str, str], None]
    done: str  # a key of FLASHES


DEEDS = {
    "approve": Deed(N_("Approve this recovery request"), ReasonForm, "reason", decide.approve, "case_approved"),
    "refuse": Deed(N_("Refuse this recovery request"), ReasonForm, "reason", decide.refuse, "case_refused"),
    "ask": Deed(N_("Ask for more"), QuestionForm, "question", notes.ask_more, "case_asked"),
}


@blueprint.get("/recovery/<case_id>/decide/<deed>")
def ask(case_id: str, deed: str) -> Response:
    """The question, with what was typed before step-up."""
    case, its = open_case(case_id), DEEDS.get(deed) or abort(404)
    step_up = require_proof(decide.approving_case(case_id)) if is_approval(case, deed) else require_fresh_proof()
    if step_up:
        return step_up
    form = its.form(data={its.field: notes.read_draft(request_context(), case, deed)})
    return render_page("support/decide.html", form=form, **decision_context(case, deed))


@blueprint.post("/recovery/<case_id>/decide/<deed>")
def submit(case_id: str, deed: str) -> Response:
    """Decide, or keep what was typed until the agent has confirmed who they are."""
    case, its = open_case(case_id), DEEDS.get(deed) or abort(404)
    form = its.form(request.form)
    if not form.validate():
        return refuse_form("support/decide.html", form, **decision_context(case, deed))
    text = form[its.field].data
    try:
        refuse_secrets(request_context(), {its.field: text}, case.user_id)
        step_up = do_or_ask(case, deed, text)
    except Refused as refused:
        return refuse_form("support/decide.html", form, refused, **decision_context(open_case(case_id), deed))
    needs_second = deed == "approve" and open_case(case_id).state == "deciding"
    return step_up or back_to(case_id, "case_second" if needs_second else its.done)


def is_approval(case: RecoveryCase, deed: str) -> bool:
    """Whether this is an approval that the agent can give now, which needs a proof of its own."""
    return deed == "approve" and decide.name_to_approve(request_context(), case.id) is not None


def do_or_ask(case: RecoveryCase, deed: str, text: str) -> Response | None:
    """Decide; or keep what was typed, and redirect to step-up. Raises Refused."""
    is_proved = deed == "approve" or request_context().user.is_fresh(request_context().now)
    try:
        if is_proved:
            DEEDS[deed].do(request_context(), case.id, text)
            return None
    except ProofDue:
        pass
    notes.keep_draft(request_context(), case.id, deed, text)
    return ask_for_proof(decide.approving_case(case.id)) if deed == "approve" else require_fresh_proof() or abort(404)


def decision_context(case: RecoveryCase, deed: str) -> dict[str, Any]:
    its = DEEDS[deed]
    return {
        **page_context(case),
        "deed": deed,
        "title": _(its.title),
        "field": its.field,
        "action": url_for(".submit", case_id=case.id, deed=deed),
    }
