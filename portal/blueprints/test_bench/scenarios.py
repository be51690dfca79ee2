"""Scenarios: the list, one by one with its controls, and the results as text."""

from collections.abc import Iterator
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext as _
from markupsafe import Markup

from portal.blueprints.test_bench.frame import blueprint
from portal.blueprints.test_bench.people import enter_as, keys
from portal.blueprints.test_bench.phones import ENTRY_STATES, bench_folder
from portal.blueprints.test_bench.twins import answer_json
from portal.flows.operator.bench import people, phone
from portal.flows.operator.bench import scenarios as flow
from portal.flows.operator.bench.cast import BY_NAME as CARDS
from portal.flows.operator.bench.scenario_list import BY_NAME, PARTS, SCENARIOS, Scenario
from portal.flows.operator.bench.steps import ASKED, Step
from portal.passwords import HashingBusy
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to, refusal_sentence, refuse_form, render_page, translate, verbatim
from portal.words.marks import N_
from portal.words.refusals import Refused

PAGE = "test_bench/scenario.html"
RESULTS = {
    flow.WORKED: (N_("It worked as described"), "good"),
    flow.FAILED: (N_("Something else happened"), "bad"),
    "": (N_("Not tried to the end"), "none"),
}


def find_scenario(name: str) -> Scenario:
    """The scenario of that name; 404 for others."""
    return BY_NAME.get(name) or abort(404)


def sentence(step: Step) -> Markup:
    """What a step asks for, or what is to be seen."""
    if step.kind == "refused":
        label: Any = refusal_sentence(Refused(step.label, **step.facts))
    else:
        label = translate(step.label, **step.facts)
    return translate(ASKED[step.kind], label=Markup("<b>{}</b>").format(label), words=verbatim(step.typed))


def page_context(scenario: Scenario) -> dict[str, Any]:
    """What a scenario's page shows."""
    card, owner = CARDS[scenario.username], phone.find_owner(request_context(), scenario.username)
    papers = {person["username"]: person["backup_codes"] for person in people.list_people(request_context(), bench_folder())}
    return {
        "scenario": scenario,
        "card": card,
        "steps": [sentence(step) for step in scenario.steps],
        "progress": flow.read_progress(keys(), bench_folder())[scenario.name],
        "results": RESULTS,
        "phone": phone.show_phones(owner, bench_folder())[0] if owner else None,
        "entry_states": ENTRY_STATES,
        "paper": papers[scenario.username],
    }


@blueprint.get("/scenarios", endpoint="scenarios")
def list_scenarios() -> Response:
    progress = flow.read_progress(keys(), bench_folder())
    parts = [(_(part), [each for each in SCENARIOS if each.part == part]) for part in PARTS]
    return render_page("test_bench/scenarios.html", parts=parts, progress=progress, results=RESULTS, cards=CARDS)


@blueprint.get("/scenarios.json")
def scenarios_as_json() -> Response:
    """The same for scripts."""
    progress = flow.read_progress(keys(), bench_folder())
    shown = [(each, [sentence(step).striptags() for step in each.steps]) for each in SCENARIOS]
    return answer_json(
        [
            {"name": each.name, "title": each.title, "username": each.username, "steps": steps, **progress[each.name]}
            for each, steps in shown
        ]
    )


@blueprint.get("/scenarios/<scenario>")
def one_scenario(scenario: str) -> Response:
    """A scenario by its address, which can be shared."""
    return render_page(PAGE, form=(), **page_context(find_scenario(scenario)))


@blueprint.post("/scenarios/<scenario>/begin")
def begin_scenario(scenario: str) -> Response:
    """Put its person in place, as often as somebody asks."""
    found = find_scenario(scenario)
    try:
        flow.begin(request_context(), bench_folder(), found)
    except (Refused, HashingBusy) as problem:
        refused = problem if isinstance(problem, Refused) else Refused("busy")
        return refuse_form(PAGE, (), refused, **page_context(found))
    return redirect_to("test_bench.one_scenario", scenario=scenario)


@blueprint.post("/scenarios/<scenario>/sign-in")
def sign_in_for(scenario: str) -> Response:
    """Sign in as its person, as they are now, as far as the password."""
    found = find_scenario(scenario)
    return enter_as(found.username, False, PAGE, lambda: page_context(found))


@blueprint.post("/scenarios/<scenario>/progress")
def note_progress(scenario: str) -> Response:
    """Write down what was ticked off."""
    found = find_scenario(scenario)
    try:
        flow.note_progress(request_context(), bench_folder(), found, request.form.getlist("seen"), request.form.get("result", ""))
    except Refused as refused:
        return refuse_form(PAGE, (), refused, **page_context(found))
    return redirect_to("test_bench.one_scenario", scenario=scenario)


def results_as_text() -> str:
    """One line for each scenario."""
    progress = flow.read_progress(keys(), bench_folder())
    return "\n".join(line for each in SCENARIOS for line in result_lines(each, progress[each.name])) + "\n"


def result_lines(scenario: Scenario, done: flow.Progress) -> Iterator[str]:
    steps = f"{len(done['ticks'])}/{len(scenario.steps)}"
    outcome, _tone = RESULTS[done["result"]]
    yield "  ".join((scenario.name, steps, _(outcome), done["at"] or "-"))


@blueprint.get("/scenarios/results")
def results() -> Response:
    return render_page("test_bench/results.html", text=results_as_text())


@blueprint.get("/scenarios/results.txt")
def results_text() -> Response:
    """The same as plain text."""
    return Response(results_as_text(), mimetype="text/plain")
