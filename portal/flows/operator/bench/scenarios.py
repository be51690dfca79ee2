"""Scenarios: begun from the bench's own controls, ticked off as the tester goes, and the results."""

from datetime import datetime
from pathlib import Path
from typing import TypedDict

from portal.crypto import Keyring
from portal.flows.base.context import RequestContext
from portal.flows.operator.bench import faults, people, phone, phone_changes
from portal.flows.operator.bench.scenario_list import SCENARIOS, Scenario
from portal.flows.operator.bench.state import change_state, read_state
from portal.words.refusals import Refused

PART = "scenarios"  # of the state
WORKED, FAILED = "worked", "failed"
RESULTS = (WORKED, FAILED)


class Progress(TypedDict):
    """How far the tester is."""

    ticks: list[int]  # numbers of the steps that were seen, from 1
    result: str  # one of RESULTS, "" while it is open
    at: str | None  # when that was written, in ISO format


NOTHING: Progress = {"ticks": [], "result": "", "at": None}


def begin(context: RequestContext, folder: Path, scenario: Scenario) -> None:
    """Put the scenario's person in place, with the phone and the gateways it needs. `folder`: the instance. Raises Refused."""
    faults.all_well(context.keys, folder)
    people.put_in_place(context, folder, scenario.username, scenario.deeds, scenario.minutes)
    owner = phone.find_owner(context, scenario.username)
    if scenario.is_mixed_up and owner:
        phone_changes.add_other(owner, folder, 0)
    for kind, switches in scenario.faults.items():
        faults.set_switches(context.keys, folder, kind, switches)
    with change_state(context.keys, folder) as state:
        state[PART] = {name: each for name, each in state.get(PART, {}).items() if name != scenario.name}


def read_progress(keys: Keyring, folder: Path) -> dict[str, Progress]:
    """How far the tester is with each scenario, by name."""
    found = read_state(keys, folder).get(PART, {})
    return {scenario.name: found.get(scenario.name, NOTHING) for scenario in SCENARIOS}


def note_progress(context: RequestContext, folder: Path, scenario: Scenario, ticks: list[str], result: str) -> None:
    """Write down what the tester has ticked off. Raises Refused for a step or a result that there is not."""
    known = {str(number): number for number in range(1, len(scenario.steps) + 1)}
    if not set(ticks) <= known.keys():
        raise Refused("step_unknown")
    if result not in ("", *RESULTS):
        raise Refused("result_empty")
    with change_state(context.keys, folder) as state:
        done: Progress = {"ticks": sorted({known[each] for each in ticks}), "result": result, "at": moment(context.now)}
        state[PART] = {**state.get(PART, {}), scenario.name: done}


def moment(now: datetime) -> str:
    return now.isoformat(timespec="seconds")
