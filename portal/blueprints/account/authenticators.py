"""Renaming an authenticator, removing it if another remains, unblocking it, and using a lost one again. Nested in each side's blueprint."""

from flask import Blueprint, Response, abort, request

from portal.blueprints.shared.flash import redirect_and_say
from portal.blueprints.shared.guards import ask_for_proof, require_code, require_fresh_proof, require_proof
from portal.blueprints.shared.sides import current_side
from portal.flows.account import security_page
from portal.flows.base.act_proofs import ProofDue
from portal.flows.factors import authenticators, holdings, lost_phone
from portal.flows.factors import unblock as unblock_flow
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.forms.profile import LabelForm
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.web.template_context import given_name
from portal.words.refusals import Refused

blueprint = Blueprint("authenticators", __name__)


def own_authenticator(authenticator_id: str) -> security_page.AuthenticatorView:
    """The visitor's own authenticator with this id; 404 if there is none."""
    return next(
        (each for each in security_page.own_authenticators(request_context()) if each.id == authenticator_id), None
    ) or abort(404)


def shown_name(authenticator: security_page.AuthenticatorView) -> str:
    """Its name as its owner reads it: one of ours, which nobody typed, in their language. Left as it is, it stays ours."""
    return given_name(authenticator.name).striptags()


@blueprint.get("/<authenticator_id>/name")
def rename(authenticator_id: str) -> Response:
    step_up = require_code()
    if step_up:
        return step_up
    authenticator = own_authenticator(authenticator_id)
    return render_page("account/rename.html", form=LabelForm(name=shown_name(authenticator)), authenticator=authenticator)


@blueprint.post("/<authenticator_id>/name")
def submit_rename(authenticator_id: str) -> Response:
    step_up = require_code()
    if step_up:
        return step_up
    authenticator = own_authenticator(authenticator_id)
    form = LabelForm(request.form)
    if not form.validate():
        return refuse_form("account/rename.html", form, authenticator=authenticator)
    try:
        refuse_secrets(request_context(), {"name": form.name.data})
        name = authenticator.name if form.name.data == shown_name(authenticator) else form.name.data
        renamed = authenticators.rename_authenticator(request_context(), authenticator.id, name)
    except Refused as refused:
        return refuse_form("account/rename.html", form, refused, "name", authenticator=authenticator)
    if not renamed:  # another tab removed it meanwhile
        return redirect_to_path(current_side().url("security"))
    return redirect_and_say("security", "changed")


@blueprint.get("/<authenticator_id>/remove")
def remove(authenticator_id: str) -> Response:
    authenticator = own_authenticator(authenticator_id)
    if security_page.is_last(security_page.own_authenticators(request_context()), authenticator):
        return require_fresh_proof() or render_page("account/last_way.html", authenticator=authenticator)
    return require_proof(authenticators.removal(authenticator.id)) or render_page(
        "account/remove.html", authenticator=authenticator
    )


@blueprint.post("/<authenticator_id>/remove")
def submit_remove(authenticator_id: str) -> Response:
    authenticator = own_authenticator(authenticator_id)
    act = authenticators.removal(authenticator.id)
    step_up = require_proof(act)
    if step_up:
        return step_up
    try:
        removed = authenticators.remove_authenticator(request_context(), authenticator.id)
    except ProofDue:
        return ask_for_proof(act)
    if removed:
        return redirect_and_say("security", "changed")
    return redirect_to_path(request.path)  # the page explains why it can't be removed


@blueprint.get("/<authenticator_id>/unblock")
def unblock(authenticator_id: str) -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    authenticator = own_authenticator(authenticator_id)
    if not authenticator.blocked:
        return redirect_to_path(current_side().url("security"))
    return render_page("account/unblock.html", authenticator=authenticator)


@blueprint.post("/<authenticator_id>/unblock")
def submit_unblock(authenticator_id: str) -> Response:
    authenticator = own_authenticator(authenticator_id)
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    try:
        is_sent = unblock_flow.ask_unblock(request_context(), authenticator.id)
    except Refused as refused:
        return refuse_form("account/unblock.html", (), refused, authenticator=authenticator)
    return redirect_and_say("security", "unblock") if is_sent else redirect_to_path(current_side().url("security"))


@blueprint.get("/found")
def found() -> Response:
    """Codes that are on hold because the phone was lost."""
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    held = [each for each in security_page.own_authenticators(request_context()) if each.on_hold]
    return render_page("account/found.html", held=held) if held else redirect_to_path(current_side().url("security"))


@blueprint.post("/found")
def submit_found() -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    lost_phone.take_back(request_context())
    return redirect_and_say("security", "found_all" if holdings.has_keys(request_context().user.user_id) else "found")
