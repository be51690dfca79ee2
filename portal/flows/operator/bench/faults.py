"""Faults by switch: how the test bench's own gateways for texts and emails answer. A real gateway is never touched."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, TypedDict, TypeVar

from portal import clock
from portal.crypto import Keyring
from portal.flows.messages import delivery_reports, outbox
from portal.flows.operator.bench.mailbox import SentEmail, SentText
from portal.flows.operator.bench.state import State, change_state, read_state
from portal.gateways import KEPT, REFUSED, UNREACHABLE, Message

Row = TypeVar("Row", SentText, SentEmail)

KINDS = (outbox.TEXT, outbox.MAIL)
ANSWERS = (KEPT, REFUSED, UNREACHABLE)
NONE, DELIVERED, UNDELIVERED = "", "delivered", "undelivered"  # what a carrier reports
REPORTS = (NONE, DELIVERED, UNDELIVERED)
PART, TWICE, DUE = "faults", "arrived_twice", "reports_due"  # of the state


class Switches(TypedDict):
    """How one gateway answers."""

    delay: int  # seconds
    answer: str  # one of ANSWERS
    twice: bool
    report: str  # one of REPORTS, of texts
    minutes: int  # until the report


WELL: Switches = {"delay": 0, "answer": KEPT, "twice": False, "report": NONE, "minutes": 0}


def read_switches(keys: Keyring, folder: Path) -> dict[str, Switches]:
    """The switches of each gateway, by kind. `folder`: the instance."""
    return switches_in(read_state(keys, folder))


def switches_in(state: State) -> dict[str, Switches]:
    found: dict[str, Any] = state.get(PART, {})
    return {kind: found.get(kind, WELL) for kind in KINDS}


def set_switches(keys: Keyring, folder: Path, kind: str, switches: Switches) -> None:
    """Let a gateway answer so from now on."""
    with change_state(keys, folder) as state:
        state[PART] = {**switches_in(state), kind: switches}


def all_well(keys: Keyring, folder: Path) -> None:
    """Let both gateways work again. Reports that are due still come."""
    with change_state(keys, folder) as state:
        state[PART] = {}


def hand_over(keys: Keyring, folder: Path, kind: str, message: Message) -> str:
    """What the gateway of a kind does with a message, as its switches are; returns the outcome."""
    switches = read_switches(keys, folder)[kind]
    Event().wait(switches["delay"])
    if switches["answer"] == KEPT and (switches["twice"] or switches["report"]):
        with change_state(keys, folder) as state:
            note_arrival(state, switches, message)
    return switches["answer"]


def note_arrival(state: State, switches: Switches, message: Message) -> None:
    """Remember what else happens to an accepted message."""
    if switches["twice"]:
        state[TWICE] = [*state.get(TWICE, []), message.id]
    if switches["report"] and message.report:
        due_at = clock.now() + timedelta(minutes=switches["minutes"])
        state[DUE] = [*state.get(DUE, []), [due_at.isoformat(), message.report, switches["report"]]]


def as_delivered(keys: Keyring, folder: Path, messages: Sequence[Row]) -> list[Row]:
    """The messages as they arrived: those that were delivered twice are there twice."""
    twice = frozenset(read_state(keys, folder).get(TWICE, ()))
    return [message for message in messages for _ in range(1 + (message["id"] in twice))]


def take_due_reports(keys: Keyring, folder: Path, now: datetime) -> None:
    """Report on texts whose time has come, as a carrier would."""
    if not read_state(keys, folder).get(DUE):
        return
    with change_state(keys, folder) as state:
        due = [each for each in state[DUE] if datetime.fromisoformat(each[0]) <= now]
        state[DUE] = [each for each in state[DUE] if each not in due]
    for _, token, report in due:
        delivery_reports.take_report(keys, now, token, report)
