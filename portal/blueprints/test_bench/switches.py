"""Faults by switch, the portal's own clock, and starting over."""

from datetime import timedelta
from typing import Any, cast

from flask import Response, abort, current_app, request

from portal.blueprints.test_bench.frame import blueprint
from portal.blueprints.test_bench.people import keys
from portal.blueprints.test_bench.phones import bench_folder
from portal.blueprints.test_bench.twins import answer_json
from portal.flows.messages import outbox
from portal.flows.operator.bench import faults, portal_clock
from portal.flows.operator.bench import start_over as flow
from portal.forms.bench_faults import FaultsForm, TextFaultsForm
from portal.web.browser_session import request_time
from portal.web.language import current_locale
from portal.web.rendering import redirect_to, refuse_form, render_page
from portal.words import times
from portal.words.refusals import Refused

PAGE, AGAIN = "test_bench/switches.html", "test_bench/start_over.html"
FORMS = {outbox.TEXT: TextFaultsForm, outbox.MAIL: FaultsForm}  # by kind of message


def as_typed(switches: faults.Switches) -> dict[str, Any]:
    """The switches as their form shows them."""
    return {**switches, "delay": str(switches["delay"]), "minutes": str(switches["minutes"])}


def page_context(**forms: FaultsForm) -> dict[str, Any]:
    """What the page shows; `forms` that were refused, by kind, stand as they were sent."""
    switches, settings = faults.read_switches(keys(), bench_folder()), current_app.extensions["settings"]
    ahead = int(portal_clock.seconds_ahead(keys(), bench_folder()))
    return {
        "forms": {
            kind: forms.get(kind) or form(prefix=f"{kind}-", data=as_typed(switches[kind])) for kind, form in FORMS.items()
        },
        "real": {outbox.TEXT: bool(settings.text_urls), outbox.MAIL: bool(settings.smtp_url)},
        "now": request_time(),
        "ahead": times.length(timedelta(seconds=ahead), current_locale()) if ahead else "",
    }


@blueprint.get("/faults", endpoint="faults")
def show_switches() -> Response:
    return render_page(PAGE, **page_context())


@blueprint.get("/faults.json")
def faults_as_json() -> Response:
    """How both gateways answer, for scripts."""
    return answer_json(faults.read_switches(keys(), bench_folder()))


@blueprint.post("/faults/<kind>")
def set_fault(kind: str) -> Response:
    """Let the gateway of a kind answer as the form says."""
    if kind not in FORMS:
        abort(404)
    form = FORMS[kind](request.form, prefix=f"{kind}-")
    if not form.validate():
        return refuse_form(PAGE, form, **page_context(**{kind: form}))
    faults.set_switches(keys(), bench_folder(), kind, cast(faults.Switches, form.switches))
    return redirect_to("test_bench.faults")


@blueprint.post("/faults/none")
def end_faults() -> Response:
    """Let both gateways work."""
    faults.all_well(keys(), bench_folder())
    return redirect_to("test_bench.faults")


@blueprint.get("/clock.json")
def clock_as_json() -> Response:
    """The portal's time, for scripts."""
    return answer_json({"now": request_time(), "seconds_ahead": portal_clock.seconds_ahead(keys(), bench_folder())})


@blueprint.post("/clock/<step>")
def move_clock(step: str) -> Response:
    """Move the portal's clock by a step, or set it right; then what is due by then happens at once."""
    if step != "real" and step not in portal_clock.STEPS:
        abort(404)
    try:
        if step == "real":
            portal_clock.set_right(keys(), bench_folder())
        else:
            portal_clock.move_ahead(keys(), bench_folder(), portal_clock.STEPS[step])
    except Refused as refused:
        return refuse_form(PAGE, (), refused, **page_context())
    current_app.extensions["queue"].order_due()
    return redirect_to("test_bench.faults")


@blueprint.get("/start-over", endpoint="start_over")
def ask_start_over() -> Response:
    return render_page(AGAIN, form=())


@blueprint.post("/start-over")
def submit_start_over() -> Response:
    if "sure" not in request.form:
        return refuse_form(AGAIN, (), Refused("start_over_unsure"))
    flow.start_over(keys(), bench_folder())
    return redirect_to("test_bench.started_over")


@blueprint.get("/started-over")
def started_over() -> Response:
    return render_page("test_bench/started_over.html")
