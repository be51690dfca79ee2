"""Resetting someone's two-factor authentication: a team member's, or for support that of a practice's administrator. Nested in each side's
list of people."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.datastructures import MultiDict

from portal.blueprints.shared.guards import ask_for_proof, forbid, require_fresh_proof, require_proof
from portal.blueprints.shared.sides import SUPPORT_SIDE, current_side
from portal.flows.base.act_proofs import ProofDue
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.flows.resets import ask as flow
from portal.flows.resets.decide import IDENTITY_CHECKS, SECOND_PERSON_REASONS
from portal.forms.practice import ResetForm
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refusal_sentence, refuse_form, render_page
from portal.web.rendering import translate as _
from portal.words.refusals import Refused

blueprint = Blueprint("resets", __name__)


def reset_subject(user_id: int) -> flow.ResetSubject:
    """The person to reset. 404 for somebody outside this practice, or not found by support; 403 for oneself and for higher roles (AD-2)."""
    user = (flow.find_subject(request_context(), user_id) if user_id <= config.ROW_ID_MAX else None) or abort(404)
    reason = flow.why_not_reset(request_context(), user)
    return forbid(reason) if reason else flow.describe_subject(request_context(), user)


def make_form(subject: flow.ResetSubject, typed: MultiDict[str, str] | None = None) -> ResetForm:
    form = ResetForm(typed, data={"reason": subject.reason, "checks": subject.checks})
    form.checks.choices = [(name, _(label)) for name, label in IDENTITY_CHECKS.items()]
    return form


def page_context(subject: flow.ResetSubject) -> dict[str, Any]:
    second = _(SECOND_PERSON_REASONS[subject.second]) if subject.second else None
    methods = [_(label) for label in subject.methods]
    return {
        "subject": subject,
        "second": second,
        "refusal": refusal_sentence(Refused("reset_no_address")),
        "methods": methods,
        "action": url_for(".submit_reset", user_id=subject.id),
        **back_link(subject.id),
    }


def back_link(user_id: int) -> dict[str, Any]:
    """Where the page leads back to: Team Members, or the person that support has found."""
    if current_side().blueprint == SUPPORT_SIDE.blueprint:
        return {"back_url": url_for("support.people.show", user_id=user_id), "back": _("Back to the person")}
    return {"back_url": current_side().url("practice.team"), "back": _("Back to Team Members")}


@blueprint.get("/<int:user_id>/reset")
def reset(user_id: int) -> Response:
    subject = reset_subject(user_id)
    can_reset = subject.state != "off" and subject.has_address and subject.waiting is None  # otherwise the page only says why not
    step_up = require_proof(flow.resetting(subject.id, subject.generation)) if can_reset else require_fresh_proof()
    return step_up or render_page("approvals/reset.html", form=make_form(subject), **page_context(subject))


def shown_generation() -> int:
    """The account generation that the page showed; -1, which matches no account, if it is missing or invalid."""
    shown = request.form.get("generation", -1, type=int)
    return shown if 0 <= shown <= config.ROW_ID_MAX else -1


@blueprint.post("/<int:user_id>/reset")
def submit_reset(user_id: int) -> Response:
    subject = reset_subject(user_id)
    form = make_form(subject, request.form)
    if not form.validate():
        return refuse_form("approvals/reset.html", form, **page_context(subject))
    reason, checks = form.reason.data, form.checks.data
    try:
        refuse_secrets(request_context(), {"reason": reason}, subject.id)
        return reset_or_ask(subject, reason, checks)
    except Refused as refused:
        return refuse_form("approvals/reset.html", form, refused, **page_context(reset_subject(user_id)))


def reset_or_ask(subject: flow.ResetSubject, reason: str, checks: list[str]) -> Response:
    """Reset, or keep what was typed until the person has confirmed this reset. Raises Refused."""
    try:
        flow.ask_reset(request_context(), subject.id, reason, checks, shown_generation())
    except ProofDue:
        flow.keep_draft(request_context(), subject.id, reason, checks)
        return ask_for_proof(flow.resetting(subject.id, subject.generation))
    return redirect_to_path(url_for(".reset_done", user_id=subject.id))


@blueprint.get("/<int:user_id>/reset/done")
def reset_done(user_id: int) -> Response:
    """The outcome: done, or pending a second person's approval."""
    return render_page("approvals/reset_done.html", subject=reset_subject(user_id), **back_link(user_id))
