"""A person's two phones as the test bench remembers them: what is in each, and in which one the SIM card was when. Pure.

A record is JSON: `devices`, the first and the second; `sim`, the moves of the card and of the number on it; `forgotten`, ids of
authenticators whose entry the tester deleted. Moments are in ISO format, UTC.
"""

from datetime import datetime, timedelta
from itertools import chain
from typing import Any

ON, DEAD, LOST = "on", "dead", "lost"  # a phone that is not on shows nothing
POWERS = (ON, DEAD, LOST)
DEVICES = 2
MOVES_KEPT = 20  # of the card, and of each phone's times without a network
Record = dict[str, Any]
Device = dict[str, Any]


def read_record(state: dict[str, Any], username: str) -> Record:
    """The record of a person, as it is at first if nothing was changed."""
    found = state.get("phones", {}).get(username, {})
    devices = found.get("devices") or [{} for _ in range(DEVICES)]
    return {"devices": [blank() | each for each in devices], "sim": found.get("sim", []), "forgotten": found.get("forgotten", [])}


def blank() -> Device:
    """A new phone: `minutes` its clock is fast (slow below 0), `off` the times in which nothing reached it."""
    return {"entries": [], "minutes": 0, "power": ON, "network": True, "off": []}


def device_time(device: Device, now: datetime) -> datetime:
    """What time it is on the phone's clock."""
    return now + timedelta(minutes=device["minutes"])


def set_reception(device: Device, power: str, network: bool, now: datetime) -> None:
    """Switch the phone and its network on or off, and remember since when texts reach it or don't."""
    was_off, is_off = not receives(device), not (power == ON and network)
    device["power"], device["network"] = power, network
    if is_off and not was_off:
        device["off"] = [*device["off"], [now.isoformat(), None]][-MOVES_KEPT:]
    if was_off and not is_off:
        device["off"][-1][1] = now.isoformat()


def receives(device: Device) -> bool:
    """Whether a text would reach the phone now."""
    return bool(device["power"] == ON and device["network"])


def sim_moves(record: Record, first_number: str) -> list[tuple[datetime | None, str, int]]:
    """(since when, number, phone) of the card, oldest first. At first the person's number is in the first phone."""
    moves = [(datetime.fromisoformat(move["since"]), move["number"], move["device"]) for move in record["sim"]]
    return [(None, first_number, 0), *moves]


def move_sim(record: Record, now: datetime, number: str, device: int) -> None:
    """From now on the card is in this phone, with this number."""
    record["sim"] = [*record["sim"], {"since": now.isoformat(), "number": number, "device": device}][-MOVES_KEPT:]


def arrival(record: Record, first_number: str, index: int, to: str, sent: datetime, until: datetime) -> datetime | None:
    """When a text to that number reached this phone; None if it didn't.

    The network delivers it as soon as a phone with that number is on, unless that is after `until`.
    """
    moves, off = (
        sim_moves(record, first_number),
        [
            (datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)
            for start, end in record["devices"][index]["off"]
        ],
    )
    changes = chain((since for since, _, _ in moves), (end for _, end in off))
    for moment in sorted({sent, *(each for each in changes if each and sent < each)}):
        _, number, device = next(move for move in reversed(moves) if move[0] is None or move[0] <= moment)
        is_off = any(start <= moment and (end is None or moment < end) for start, end in off)
        if moment <= until and (number, device) == (to, index) and not is_off:
            return moment
    return None
