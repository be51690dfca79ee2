"""One round: people sign in and set up, something breaks in the middle, and afterward all that they were told is compared."""

import threading
import time
from dataclasses import dataclass

from tests.cluster.daemon import until
from tests.faults.arena import Probe
from tests.faults.check import Found, check_round
from tests.faults.ledger import Ledger
from tests.faults.people import APP, BACKUP, SET_UP, TEXT, make_people
from tests.support.wire import Wire

CROWD = {APP: 10, BACKUP: 3, SET_UP: 3, TEXT: 3}
ARRIVE_SECONDS = 6  # over which they come; the fault is in the middle
AFTER_SECONDS = 15  # that people go on trying once it is mended
WHOLE_SECONDS = 180


@dataclass
class Round:
    """What became of one round."""

    number: int
    kind: object
    away: float  # the longest, in seconds, that somebody who came waited until a sign-in worked
    finished: int
    people: int
    told: object
    found: Found


def run_round(here, number, kind, chance):
    """Runs one round; returns a Round."""
    if not until(here.cluster.is_whole, WHOLE_SECONDS, 0.5):
        raise RuntimeError(f"round {number}: the cluster was not whole again")
    people = make_people(here.app, number, CROWD)
    chance.shuffle(people)
    ledgers = [Ledger(each, Wire(here.front, ip=f"127.{1 + number}.{1 + at}.1"), here.texts) for at, each in enumerate(people)]
    probe, end = Probe(here.front), [time.monotonic() + 600]
    probe.thread.start()
    threads = [threading.Thread(target=come, args=(each, at, len(ledgers), end), daemon=True) for at, each in enumerate(ledgers)]
    for each in threads:
        each.start()
    time.sleep(ARRIVE_SECONDS / 3)
    kind.deed(here, chance)
    end[0] = time.monotonic() + AFTER_SECONDS
    for each in threads:
        each.join()
    away = probe.end()
    here.ledgers += ledgers
    found = check_round(here, here.rows, number, ledgers)
    told = sum((each.told for each in ledgers), start=type(ledgers[0].told)())
    done = sum(1 for each in ledgers if each.done_at)
    return Round(number, kind, away, done, len(ledgers), told, found)


def come(ledger, at, of, end):
    """One person, who comes at their own moment and goes on until they are done or the round ends."""
    time.sleep(ARRIVE_SECONDS * at / of)
    while not ledger.done_at and time.monotonic() < end[0]:
        ledger.live(min(end[0], time.monotonic() + 1))
