"""Strangers with the passwords of accounts, on 200 addresses, who guess codes at a steady rate; in a process of their own."""

import contextlib
import itertools
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import pyotp
from sqlalchemy import func, select

from bench import journeys
from bench.client import Browser, Connection
from bench.people import Person
from portal import clock, create_app
from portal.db import db
from portal.models import Authenticator, Event, User
from tests.support.processes import ROOT

PER_MINUTE, ADDRESSES = 10_000, 200
STEP = 30  # seconds of a code
SETTLE = 10  # seconds after the strangers' own 200 sign-ins, which are not what is measured
AT_ONCE = 40  # guesses under way; each address has one of its own at most
CATCHING_UP = 1.2  # times the rate at most, if guesses had to wait: ten thousand a minute is no burst of thirty thousand
REFUSED, TURNED_AWAY = 422, 429  # by the form, and before it is asked
NOT_COMPARED = ("throttled", "disabled_here")


class Stranger:
    """Somebody with the password of an account, at its code page."""

    def __init__(self, port: int, number: int, person: Person) -> None:
        self.person, self.browser = person, Browser(connection=Connection(port, f"127.2.{number // 100}.{number % 100 + 1}"))
        self.browser.token = journeys.expect(self.browser.get("/sign-in"), 200).token
        journeys.check_password(person)(self.browser)
        self.browser.token = journeys.expect(self.browser.get("/sign-in/code"), 200).token

    def guess(self) -> int:
        """Type a wrong code; returns the status of the answer."""
        right = right_codes(self.person.key, int(clock.now().timestamp()) // STEP)
        code = next(code for code in iter(lambda: f"{secrets.randbelow(10**6):06}", None) if code not in right)
        return self.browser.post("/sign-in/code", code=code).status


@lru_cache(maxsize=1000)
def right_codes(key: str, step: int) -> set[str]:
    """The codes of this time step and of two on either side."""
    return {pyotp.TOTP(key).at(near * STEP) for near in range(step - 2, step + 3)}


def guess(port: int, seconds: float, people: list[Person]) -> None:
    """Come as far as the code page, say so, and begin once told to; print how many guesses were answered, and how."""
    with ThreadPoolExecutor(4) as pool:
        strangers = list(pool.map(lambda at: Stranger(port, at, people[at % len(people)]), range(ADDRESSES)))
    print("ready", flush=True)
    sys.stdin.readline()
    began, answered = time.perf_counter(), []

    def work(first: int) -> None:
        earliest = began
        for at in itertools.count(first, AT_ONCE):
            due = began + at * 60 / PER_MINUTE
            if due > began + seconds:
                return
            time.sleep(max(0, max(due, earliest) - time.perf_counter()))
            earliest = time.perf_counter() + AT_ONCE * 60 / PER_MINUTE / CATCHING_UP
            answered.append(strangers[at % ADDRESSES].guess())

    run_each(work, range(AT_ONCE))
    minutes = (time.perf_counter() - began) / 60
    told = {"rate": len(answered) / minutes, "guesses": len(answered), "refused by the form": answered.count(REFUSED)}
    others = sum(status not in (REFUSED, TURNED_AWAY) for status in answered) + sum(each.browser.refused for each in strangers)
    print(json.dumps(told | {"others": others}))


def run_each(work: Callable, each: Iterable) -> None:
    """Do the work for each in a thread of its own; the first error is raised."""
    todo = list(each)
    with ThreadPoolExecutor(len(todo)) as pool:
        list(pool.map(work, todo))


@contextlib.contextmanager
def guessing(port: int, seconds: float, people: list[Person]) -> Iterator[dict[str, float]]:
    """Strangers guess while the block runs; the dict has their figures afterward."""
    command = [sys.executable, "-m", "bench.strangers", "guess", str(port), str(seconds)]
    told: dict[str, float] = {}
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as strangers:
        print(json.dumps([[person.username, person.key] for person in people]), file=strangers.stdin, flush=True)
        assert strangers.stdout.readline() == "ready\n"
        time.sleep(SETTLE)
        print("go", file=strangers.stdin, flush=True)
        yield told
        told |= json.loads(strangers.stdout.readline())


def count(usernames: list[str]) -> dict[str, int]:
    """The most codes that were compared with one account (RL-2), and the most failures of one authenticator (RL-1)."""
    with create_app().app_context():
        own = select(User.id).where(User.username.in_(usernames)).scalar_subquery()
        is_wrong = (Event.event == "authn_login_fail") & Event.reason.not_in(NOT_COMPARED)
        is_last = Event.event.in_(["authn_login_lock", "authenticator_disabled"])
        compared = select(func.sum(func.coalesce(Event.times, 1))).where(Event.subject_id.in_(own), is_wrong | is_last)
        failed = select(func.max(Authenticator.failures + Authenticator.own_failures)).where(Authenticator.user_id.in_(own))
        most = db.session.scalars(compared.group_by(Event.subject_id)).all()
        return {"compared": max(most, default=0), "accounts": len(most), "failures": db.session.scalar(failed) or 0}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["guess", port, seconds]:
            guess(int(port), float(seconds), [Person(name, Browser(), key) for name, key in json.loads(sys.stdin.readline())])
        case ["count", names]:
            print(json.dumps(count(json.loads(names))))
