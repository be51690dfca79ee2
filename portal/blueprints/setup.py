"""The guided wizard, without an address of its own: its parent supplies guard, chrome, words and policy."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.done import go_and_say
from portal.blueprints.doors import ask_again
from portal.browser_session import visit
from portal.crypto import SealBroken
from portal.flows import backup_codes as codes_flow
from portal.flows import events
from portal.flows import setup as flow
from portal.forms import MethodForm, SavedCodeForm, ShapedForm
from portal.messages import Refused, naming_send_code
from portal.methods import Method, Step, method, offered
from portal.models import Binding
from portal.rendering import go_to, page, refuse, say

blueprint = Blueprint("setup", __name__)


def progress(now: int) -> dict:
    """Where the person is. A change ends with its proof: the backup codes stay as they are."""
    names = [_("Choose"), _("Connect"), _("Save codes")]
    return {"now": now, "names": names[:2] if now < 3 and visit().who.is_on else names}


def go_here(endpoint: str, **values) -> Response:
    """Another page of the wizard, behind the same door."""
    return go_to(url_for(f".{endpoint}", **values))


def due() -> Response:
    """Out of turn: to the step that is due."""
    binding = flow.open_binding(visit())
    chosen = method(binding.method) if binding and flow.is_due(visit(), binding) else None
    if chosen and binding and g.door.policy.allows(chosen):
        return go_here("step", method_name=chosen.name, step_name=reached(chosen, binding))
    if not visit().who.is_on:
        return go_here("choose")
    codes = codes_flow.overview(visit())
    waiting = codes is not None and codes.readable and not codes.saved
    return go_here("backup_codes") if waiting else go_to(g.door.url("security"))


def reached(chosen: Method, binding: Binding) -> str:
    """The step of a binding that is due: the first, or the next where it is answered already."""
    answered = len(chosen.steps) > 1 and flow.is_answered(visit(), binding)
    return chosen.steps[1 if answered else 0].name


# --- choose: the first method, another in place of a live one (?change=), or one more (?add=1)


def aim() -> dict:
    """What the choice is for, from the address."""
    return {"change": request.args.get("change"), "add": request.args.get("add")}


def choose_context(form: MethodForm) -> dict:
    offers = offered(g.door.policy)
    form.method.choices = [(each.name, each.label) for each in offers]
    cards = [
        {"method": each, "label": _(each.label), "recommended": not each.restricted, "facts": [_(fact) for fact in each.facts]}
        for each in offers
    ]
    kinds = {each.name: each.name for each in offers}
    form.method.data = form.method.data or kinds.get(request.args.get("kind", ""))
    weaker = any(each.restricted for each in offers)
    names = {"cards": cards, "progress": progress(1), "security_url": g.door.url("security"), "weaker": weaker}
    names["texts_off"] = say(Refused("texts_not_offered")) if g.door.texts_off else None
    return {**names, "action": url_for(".choose", **aim()), "is_change": any(aim().values())}


def not_to_choose() -> Response | None:
    """None where the choice is due; else the way on."""
    if visit().who.is_on != any(aim().values()):
        return due()
    if aim()["change"] and not flow.owns(visit().who.user_id, aim()["change"]):
        abort(404)
    return ask_again()


@blueprint.get("")
def choose() -> Response:
    elsewhere = not_to_choose()
    if elsewhere:
        return elsewhere
    form = MethodForm()
    context = choose_context(form)
    if "expired" in request.args:
        context["notice"] = say(Refused("set_up_expired"))
    return page("setup/choose.html", form=form, **context)


@blueprint.post("")
def submit_choose() -> Response:
    elsewhere = not_to_choose()
    if elsewhere:
        return elsewhere
    form = MethodForm(request.form)
    context = choose_context(form)
    chosen = method(form.method.data) if form.validate() else None
    if chosen is None:
        return refuse("setup/choose.html", form, **context)
    try:
        flow.begin(visit(), chosen, aim()["change"], bool(aim()["add"]))
    except flow.OutOfTurn:
        return due()
    except Refused as refused:
        return refuse("setup/choose.html", form, refused, "method", **context)
    return go_here("step", method_name=chosen.name, step_name=chosen.steps[0].name)


# --- one step of a method


def find_step(method_name: str, step_name: str) -> tuple[Method, Step] | None:
    """The method and step of an address, where this door offers them."""
    chosen = method(method_name)
    step = chosen.step(step_name) if chosen and g.door.policy.allows(chosen) else None
    return (chosen, step) if chosen and step else None


def step_page(chosen: Method, step: Step, form: ShapedForm, refused: Refused | None = None) -> Response:
    """The page of a step; with `refused` or the form's errors, status 422."""
    binding = flow.open_binding(visit())
    if binding is None or binding.method != chosen.name or not flow.is_due(visit(), binding):
        return due()
    if not flow.may_see(visit(), binding):
        return ask_again() or due()
    if not flow.is_reached(visit(), binding, chosen, step):
        return due()
    try:
        shown = flow.show(visit(), binding, step)
    except SealBroken:
        return go_here("choose", expired=1)
    context = {**shown, "button": _(step.button) if step.button else g.door.confirm, "progress": progress(2)}
    context |= {"cancel_url": url_for(".cancel"), "send_url": url_for(".send_again", method_name=chosen.name)}
    context["action"] = url_for(".step", method_name=chosen.name, step_name=step.name)
    context["back_url"] = url_for(".step", method_name=chosen.name, step_name=chosen.steps[0].name)
    template = f"methods/{chosen.name}/{step.name}.html"
    if refused or form.errors:
        return refuse(template, form, refused, step.field if refused else "", **context)
    if shown.get("prefill"):
        form[step.field].data = shown["prefill"]
    return page(template, form=form, **context)


@blueprint.get("/<method_name>/<step_name>")
def step(method_name: str, step_name: str) -> Response:
    found = find_step(method_name, step_name)
    return step_page(*found, found[1].form()) if found else due()


@blueprint.post("/<method_name>/<step_name>")
def submit_step(method_name: str, step_name: str) -> Response:
    found = find_step(method_name, step_name)
    if not found:
        return due()
    chosen, step = found
    binding = flow.open_binding(visit())
    if binding and not flow.may_see(visit(), binding):
        return ask_again() or due()
    form = step.form(request.form)
    if not form.validate():
        return step_page(chosen, step, form)
    was_on = visit().who.is_on
    try:
        following = flow.submit(visit(), chosen, step, form[step.field].data)
    except flow.OutOfTurn:
        events.record_alone(visit(), "sequence_fail", "out_of_turn")
        return due() if was_on else due_afresh()
    except Refused as refused:
        if refused.reason == "set_up_expired":
            return go_here("choose", expired=1)
        return step_page(chosen, step, form, naming_send_code(refused) if step.button else refused)
    if following:
        return go_here("step", method_name=chosen.name, step_name=following.name)
    return go_and_say("security", "changed") if was_on else go_here("backup_codes")


def due_afresh() -> Response:
    """As `due`, for the second of two presses: the first may have turned it on since this request was let in."""
    codes = codes_flow.overview(visit())
    return go_here("backup_codes") if codes and codes.readable else due()


@blueprint.post("/<method_name>/send")
def send_again(method_name: str) -> Response:
    """ "Send again": one more text to the number of this set-up."""
    chosen = method(method_name)
    if chosen is None or chosen.words is None or not g.door.policy.allows(chosen):
        return due()
    last = chosen.steps[-1]
    try:
        flow.send_again(visit(), chosen)
    except flow.OutOfTurn:
        return due()
    except Refused as refused:
        return step_page(chosen, last, last.form(), refused)
    return go_here("step", method_name=chosen.name, step_name=last.name)


@blueprint.post("/cancel")
def cancel() -> Response:
    flow.cancel(visit())
    return go_to(g.door.url("security"))


# --- backup codes


def readable_codes() -> dict | None:
    """What the codes' pages show, or None where they cannot be read any more (or not yet)."""
    who = visit().who
    if not who.is_on or who.second_factor_at is None:
        return None
    found = codes_flow.readable(visit())
    if found is None:
        return None
    hint = who.username[:1] + "•••"
    return {
        "codes": found.codes,
        "set_number": found.number,
        "made_at": found.made_at,
        "account_hint": hint,
        "progress": progress(3),
    }


@blueprint.get("/backup-codes")
def backup_codes() -> Response:
    shown = readable_codes()
    return page("setup/backup_codes.html", **shown) if shown else not_readable()


@blueprint.get("/backup-codes/sheet")
def sheet() -> Response:
    """The printed sheet on a page of its own, for browsers without JavaScript."""
    shown = readable_codes()
    return page("setup/sheet.html", **shown) if shown else not_readable()


@blueprint.get("/backup-codes/download")
def download() -> Response:
    """The codes as a text file."""
    shown = readable_codes()
    if not shown:
        return not_readable()
    response = make_response(render_template("setup/codes.txt", brand=g.door.brand, **shown))
    name = f"{g.door.brand['name'].lower()}-backup-codes-set-{shown['set_number']}-{shown['made_at']:%Y-%m-%d}.txt"
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def not_readable() -> Response:
    return go_to(g.door.url("security")) if visit().who.is_on else due()


def prove_context(form: SavedCodeForm) -> dict | None:
    """The page that asks for one code by number; None where there is nothing to prove."""
    codes = codes_flow.overview(visit()) if visit().who.is_on else None
    if codes is None or codes.saved:
        return None
    form.code.label.text = _("Code %(number)s", number=codes.asked_number)
    return {"number": codes.asked_number, "set_number": codes.set_number, "readable": codes.readable, "progress": progress(3)}


@blueprint.get("/backup-codes/check")
def prove() -> Response:
    form = SavedCodeForm()
    context = prove_context(form)
    return page("setup/prove.html", form=form, **context) if context else not_readable()


@blueprint.post("/backup-codes/check")
def submit_prove() -> Response:
    form = SavedCodeForm(request.form)
    context = prove_context(form)
    if context is None:
        return not_readable()
    if not form.validate():
        return refuse("setup/prove.html", form, **context)
    try:
        codes_flow.confirm_saved(visit(), form.code.data)
    except Refused as refused:
        return refuse("setup/prove.html", form, refused, "code", **context)
    return go_and_say("security", "on" if context["set_number"] == 1 else "saved")


@blueprint.post("/backup-codes/later")
def later() -> Response:
    """ "Do this later": the home page reminds, and until their time is over the codes can be read again."""
    codes_flow.postpone(visit())
    return go_to(g.door.url("security"))
