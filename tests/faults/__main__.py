"""`make faults`: breaks a cluster under load, round after round, and writes docs/faults.md. ROUNDS and FAULTS_SEED are settings."""

import itertools
import os
import random
import sys
import time

from tests.cluster.guard import guarded
from tests.cluster.whole import PORTS
from tests.faults.arena import Arena
from tests.faults.check import compare_messages
from tests.faults.kinds import KINDS
from tests.faults.report import write_report
from tests.faults.restore import restore_elsewhere
from tests.faults.rounds import run_round

WHOLE = sum(kind.times for kind in KINDS)


def plan(rounds, chance, only=""):
    """Returns the kinds of so many rounds: one of each, and then each as often as its share of forty, in a random order."""
    first = [kind for kind in KINDS if only in kind.name]
    rest = [kind for kind in first for _ in range(kind.times - 1)]
    chance.shuffle(first)
    chance.shuffle(rest)
    return list(itertools.islice(itertools.cycle(first + rest), rounds))


def main(folder):
    """Runs the rounds; returns 1 if anything did not agree."""
    seed, rounds = int(os.environ.get("FAULTS_SEED") or time.time()), int(os.environ.get("ROUNDS") or WHOLE)
    chance, only = random.Random(seed), os.environ.get("FAULT", "")  # noqa: S311 a run can be repeated
    print(f"FAULTS_SEED={seed} ROUNDS={rounds}", flush=True)
    here, done = Arena(folder, int(os.environ.get("PORT") or 5000)), []
    began = time.monotonic()
    try:
        here.start(lambda line: print(f"Starting {line} …", flush=True))
        for number, kind in enumerate(plan(rounds, chance, only), 1):
            done.append(run_round(here, number, kind, chance))
            print(line_of(done[-1], time.monotonic() - began), flush=True)
        messages = compare_messages(here, here.rows)
        print(f"messages: {messages.bad()}", flush=True)
        restored = restore_elsewhere(here, here.cluster.port + PORTS - 4)
        print(f"dump {restored.dumped:.1f} s, restore {restored.restored:.1f} s, could not sign in: {restored.out}", flush=True)
    finally:
        here.stop()
    bad = [line for each in done for line in each.found.bad()] + messages.bad() + restored.out
    if not only and rounds >= WHOLE:
        write_report(done, messages, restored, seed, here, time.monotonic() - began)
    return 1 if bad else 0


def line_of(each, seconds):
    """Returns a round in one line, and what did not agree below it."""
    found = each.found
    counts = ", ".join(f"{name} {len(lines)}" for name, lines in found.by_name().items())
    line = f"{seconds:6.0f} s  round {each.number:2}  {each.kind.name:30} away {each.away:5.1f} s"
    told = [f"    {dict(each.told)}"] if found.bad() else []
    return "\n".join([f"{line}  {each.finished}/{each.people} done  {counts}", *(f"    {word}" for word in found.bad()), *told])


if __name__ == "__main__":
    sys.exit(guarded("faults", main))
