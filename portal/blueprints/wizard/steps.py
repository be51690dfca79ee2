"""The wizard's pages up to the proof: choosing a method, and the steps of that method."""

from typing import Any

from flask import Response, abort, g, jsonify, request, url_for

from portal import send_limits
from portal.answers import CODE
from portal.blueprints.shared import kept_input
from portal.blueprints.shared.flash import redirect_and_say
from portal.blueprints.shared.guards import landing_url, require_fresh_proof
from portal.blueprints.shared.pauses import SEND, pause_context, refuse_answer
from portal.blueprints.shared.sides import RECOMMENDED, current_side
from portal.blueprints.wizard import blueprint
from portal.blueprints.wizard.next_step import (
    offered_here,
    progress,
    redirect_after_race,
    redirect_in_wizard,
    redirect_to_due_step,
)
from portal.crypto import SealBroken
from portal.flows.base import throttle
from portal.flows.base.audit import record_event_alone
from portal.flows.factors import setup as flow
from portal.flows.factors.prompt import prompt_set_up
from portal.flows.recovery import finish
from portal.flows.sessions import sessions
from portal.forms.base import MethodForm, ShapedForm
from portal.methods import Method, Script, Step, method
from portal.models import Binding
from portal.web.browser_session import request_context, safe_path
from portal.web.rendering import redirect_out_of_step, redirect_to_path, refusal_sentence, refuse_form, render_page
from portal.web.rendering import translate as _
from portal.words.refusals import Refused

# --- choose: the first method, a replacement for a live one (?change=), or an additional one (?add=1)


ENDED = {"expired": "set_up_expired", "withdrawn": "method_withdrawn"}  # why a set-up did: in the address -> what the page says


def set_up_goal() -> dict[str, Any]:
    """Whether the address asks for a replacement (`change`: an authenticator's id) or an additional method (`add`)."""
    return {"change": request.args.get("change", "").replace("\0", "\ufffd") or None, "add": request.args.get("add")}


def next_path() -> str | None:
    """The page that was requested before set-up was required."""
    return safe_path(request.args.get("next"))


def choose_context(form: MethodForm) -> dict[str, Any]:
    offers = offered_here()
    takes_codes = all(each.asks_for == CODE for each in offers)
    form.method.choices = [(each.name, each.label) for each in offers]
    cards = [
        {"method": each, "label": _(each.label), "recommended": each is offers[0], "facts": [_(fact) for fact in each.facts]}
        for each in offers
    ]
    kind = next((each.name for each in offers if each.name == request.args.get("kind")), None)
    form.method.data = form.method.data or kind
    return {
        "cards": cards,
        "progress": progress(1),
        "weaker": any(each.restricted for each in offers),
        "takes_codes": takes_codes,
        "words": _(current_side().choose_text if takes_codes else current_side().choose_any_text),
        "badge": _(current_side().badge if takes_codes else RECOMMENDED),
        "texts_off": refusal_sentence(Refused("texts_not_offered")) if current_side().texts_off else None,
        "is_change": any(set_up_goal().values()),
        "action": url_for(".choose", **set_up_goal(), kind=kind, next=next_path()),
        "security_url": current_side().url("security", next=next_path()),
    }


def redirect_unless_choice_due() -> Response | None:
    """None if the choice is due."""
    if request_context().user.is_on != any(set_up_goal().values()):
        return redirect_to_due_step()
    changed = set_up_goal()["change"]
    if changed and not flow.owns_authenticator(request_context().user.user_id, changed):
        # A page from before the change, by Back or in another tab.
        if request.method == "GET" and flow.is_authenticator_gone(changed):
            return redirect_to_due_step()
        abort(404)
    return require_fresh_proof()


@blueprint.get("")
def choose() -> Response:
    redirect = redirect_unless_choice_due()
    if redirect:
        return redirect
    form = MethodForm(data=kept_input.load_input())
    context = choose_context(form)
    reason = next((reason for mark, reason in ENDED.items() if mark in request.args), None)
    if reason:
        context["notice"] = refusal_sentence(Refused(reason))
    return render_page("wizard/choose.html", form=form, **context)


@blueprint.post("")
def submit_choose() -> Response:
    redirect = redirect_unless_choice_due()
    if redirect:
        return redirect
    form = MethodForm(request.form)
    context = choose_context(form)
    chosen = method(form.method.data) if form.validate() else None
    if chosen is None:
        return refuse_form("wizard/choose.html", form, refuse_withdrawn(form), "method", **context)
    sessions.remember_path(request_context(), next_path())
    try:
        flow.begin_setup(request_context(), chosen, set_up_goal()["change"], bool(set_up_goal()["add"]))
    except flow.StepNotDue:
        return redirect_to_due_step()
    except Refused as refused:
        return refuse_form("wizard/choose.html", form, refused, "method", **context)
    first = finish.text_known_number(request_context(), chosen) or chosen.steps[0]
    return redirect_in_wizard("step", method_name=chosen.name, step_name=first.name)


def refuse_withdrawn(form: MethodForm) -> Refused | None:
    """The refusal of a method that the side's people may use, and that their practice doesn't offer, which is recorded; otherwise None."""
    named = method(request.form.get("method", ""))
    if named is None or not current_side().policy.allows(named):
        return None
    record_event_alone(request_context(), "authz_fail", "method_withdrawn")
    form.method.data = None
    return Refused("method_withdrawn")


# --- one step of a method


def find_step(method_name: str, step_name: str) -> tuple[Method, Step] | None:
    """The method and step of an address, if this side offers them."""
    chosen = method(method_name)
    step = chosen.step(step_name) if chosen and chosen in offered_here() else None
    return (chosen, step) if chosen and step else None


def step_page(chosen: Method, step: Step, form: ShapedForm, refused: Refused | None = None) -> Response:
    """The page of a step; status 422 with `refused` or form errors."""
    binding = flow.open_binding(request_context())
    if binding is None or binding.method != chosen.name or not flow.is_binding_due(request_context(), binding):
        return redirect_to_due_step()
    if not flow.may_see_binding(request_context(), binding):
        return require_fresh_proof() or redirect_to_due_step()
    if not chosen.is_reached(step, binding.step):
        return redirect_to_due_step()
    try:
        shown = flow.show_step(request_context(), binding, step)
    except SealBroken:
        return redirect_in_wizard("choose", expired=1)
    context = {**shown, **step_context(chosen, step, binding)}
    template = f"methods/{chosen.name}/{step.name}.html"
    if refused and send_limits.is_wait(refused):  # of the number that was typed, which is not wrong
        context["wait"] = send_limits.Wait(int(refused.facts["wait"]), refused.reason, request_context().now)
        return refuse_form(template, form, refused, beside=context["send_id"], **context)
    if refused or form.errors:
        return refuse_answer(template, form, refused, step.field, **context)
    if not step.verifies:
        form[step.field].data = kept_input.load_input().get(step.field) or shown.get("prefill")
    return render_page(template, form=form, **context)


def step_context(chosen: Method, step: Step, binding: Binding) -> dict[str, Any]:
    def step_url(name: str) -> str:
        return url_for(".step", method_name=chosen.name, step_name=name)

    return {
        "button": _(step.button) if step.button else current_side().confirm,
        "progress": progress(2),
        "set_up": binding.id,
        "action": step_url(step.name),
        "back_url": step_url(chosen.step_before(step).name),
        "on_url": step_url(chosen.due(binding.step).name),
        "cancel_url": url_for(".cancel"),
        "send_url": url_for(".send_again", method_name=chosen.name),
        "send_id": SEND,
        **pause_context(throttle.pause_left(request_context()) if flow.is_charged(chosen, step) else 0, step_url(step.name)),
    }


@blueprint.get("/<method_name>/<step_name>")
def step(method_name: str, step_name: str) -> Response:
    found = find_step(method_name, step_name)
    return step_page(*found, found[1].form()) if found else redirect_to_due_step()


@blueprint.post("/<method_name>/<step_name>")
def submit_step(method_name: str, step_name: str) -> Response:
    found = find_step(method_name, step_name)
    if not found:
        return redirect_to_due_step()
    chosen, step = found
    form = step.form(request.form)
    if not form.validate():
        return step_page(chosen, step, form)
    was_on = request_context().user.is_on
    try:
        following = flow.submit_step(request_context(), chosen, step, form.answer, request.form.get("set_up"))
    except flow.ProofDue:
        return require_fresh_proof() or redirect_to_due_step()
    except flow.StepNotDue:
        record_event_alone(request_context(), "sequence_fail", "out_of_turn")
        return redirect_to_due_step() if was_on else redirect_after_race()
    except Refused as refused:
        if refused.reason == "set_up_expired":
            return redirect_in_wizard("choose", expired=1)
        typed = step.form() if refused.reason == "set_up_replaced" else form
        return step_page(chosen, step, typed, refused)
    if following:
        return redirect_in_wizard("step", method_name=chosen.name, step_name=following.name)
    if not was_on:
        return redirect_in_wizard("backup_codes")
    return redirect_out_of_step(landing_url()) if g.get("stopped") else redirect_and_say("security", "changed")


@blueprint.post("/<method_name>/send")
def send_again(method_name: str) -> Response:
    """ "Send again": another text to the number being set up. A script gets what it hands to the browser."""
    chosen = method(method_name)
    if chosen is None or not (chosen.sends or chosen.script) or chosen not in offered_here():
        return redirect_to_due_step()
    if chosen.script:
        return prompt_browser(chosen, chosen.script)
    binding = flow.open_binding(request_context())
    step = chosen.due(binding.step if binding else "")
    try:
        flow.send_setup_code_again(request_context(), chosen)
    except flow.StepNotDue:
        return redirect_to_due_step()
    except Refused as refused:
        return step_page(chosen, step, step.form(), refused)
    return redirect_in_wizard("step", method_name=chosen.name, step_name=step.name)


def prompt_browser(chosen: Method, script: Script) -> Response:
    """What the method's script hands to the browser; it follows a redirect, as the browser would."""
    try:
        return jsonify(prompt_set_up(request_context(), chosen, script))
    except flow.ProofDue:
        return require_fresh_proof() or redirect_to_due_step()
    except (flow.StepNotDue, Refused):
        return redirect_to_due_step()


@blueprint.post("/cancel")
def cancel() -> Response:
    flow.cancel_setup(request_context())
    return redirect_to_path(current_side().url("security"))
