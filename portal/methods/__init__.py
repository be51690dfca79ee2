"""What a way to prove it is you consists of, and which ways are switched on. Each is one module beside this one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Protocol

from portal import config
from portal.messages import Refused


class CodeRejected(Refused):
    """A code that does not prove it: "wrong", "used", "clock_slow" or "clock_fast" (with minutes)."""


@dataclass(frozen=True)
class Secret:
    """A secret in the clear, for the length of one request, and what was spent of it."""

    authenticator_id: str
    text: str
    issuer: str
    account: str

    def __repr__(self) -> str:  # never in a log or an exception
        return f"Secret({self.authenticator_id})"


class Step(Protocol):
    """One page of set-up with one question."""

    name: str  # URL segment and template

    def show(self, secret: Secret, now: datetime) -> dict:
        """What the page needs."""

    def take(self, secret: Secret, code: str, now: datetime) -> dict:
        """The columns that the proved authenticator begins with. Raises CodeRejected."""


class Challenge(Protocol):
    """The question at sign-in."""

    def take(self, secret: Secret, row, code: str, now: datetime) -> None:
        """Accept the code and spend it in one UPDATE. Raises CodeRejected. Does not commit."""

    def show(self, now: datetime) -> dict:
        """What the page of the question needs."""

    def simulate(self, text: str, now: datetime) -> dict:
        """What a phone that holds the secret shows, for the test bench."""


@dataclass(frozen=True)
class Method:
    """A kind of authenticator."""

    name: str
    label: str
    facts: tuple[str, ...]  # one or two short reasons on the choice card
    begin: Callable[[], str]  # makes the secret
    begins_with: dict  # the columns of a new authenticator, kept per row so that they can change (TO-2)
    steps: tuple[Step, ...]
    challenge: Challenge
    restricted: bool = False  # by telephone: NIST SP 800-63B 3.2.9

    def step(self, name: str) -> Step | None:
        """The step of that name, or None."""
        return next((step for step in self.steps if step.name == name), None)


METHODS: dict[str, Method] = {}


def import_method(name: str) -> Method:
    """The METHOD of its module."""
    return import_module(f"portal.methods.{name}").METHOD


def method(name: str) -> Method | None:
    """The method of that name, or None where it is not switched on."""
    if name not in config.METHODS:
        return None
    return METHODS.get(name) or METHODS.setdefault(name, import_method(name))


def first_method() -> Method:
    """The method that is offered first."""
    return METHODS.setdefault(config.METHODS[0], import_method(config.METHODS[0]))


def offered(policy) -> list[Method]:
    """The methods that a policy allows, in order."""
    known = (method(name) for name in config.METHODS)
    return [each for each in known if each and policy.allows(each)]
