"""What a way to prove it is you consists of, and which ways are switched on. Each is one module beside this one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from portal.answers import CODE, Answer
from portal.forms.codes import AnswerForm
from portal.models import Authenticator
from portal.policy import Policy
from portal.settings import config
from portal.words.refusals import SENTENCES, Refused


class CodeRejected(Refused):
    """A code that does not prove it: "wrong", "used", "clock_slow" or "clock_fast" (with minutes)."""


class NotAsked(Exception):
    """This authenticator was not asked for a code at this attempt, so that a code cannot be for it."""


@dataclass(frozen=True)
class Context:
    """Who begins a set-up, and where: what a method may bind the secret to that it makes."""

    user_id: int
    username: str
    full_name: str
    issuer: str
    origin: str  # scheme, host, port
    relying_party: str  # the host alone


@dataclass(frozen=True)
class Secret:
    """A secret in the clear, for the length of one request, and what its method may know of the person."""

    authenticator_id: str
    text: str  # a key, a number: whatever the method keeps
    issuer: str
    account: str
    attempt: str = ""  # the sign-in, confirmation or set-up that asks: a sent code belongs to it (SM-3)
    initials: str = ""
    country: str = "US"
    countries: tuple[str, ...] = ()
    host: str = ""
    origin: str = ""  # scheme, host and port of the page: an answer for another one proves nothing
    relying_party: str = ""  # its host
    on_file: str = ""  # in the first set-up: the number that the account has already (AX-4)
    mac: Callable[[str, str], bytes] | None = None

    def hash_code(self, row_id: str, code: str) -> bytes:
        """The keyed hash of a sent code (SM-1)."""
        if self.mac is None:
            raise LookupError("no key to hash with")
        return self.mac(code, row_id)

    def __repr__(self) -> str:  # never in a log or an exception
        return f"Secret({self.authenticator_id})"


@dataclass(frozen=True)
class Next:
    """A step is answered, and the one after it follows."""

    secret: str = field(repr=False)  # what the set-up keeps from now on
    sends: bool = False  # whether a code goes out to it


@dataclass(frozen=True)
class Proved:
    """The last step is answered, and the set-up becomes an authenticator."""

    columns: dict[str, Any]  # what its row begins with: `name`, `remembered`
    secret: str | None = field(default=None, repr=False)  # what it keeps; None: what the set-up kept


class Step(Protocol):
    """One page of set-up with one question."""

    @property
    def name(self) -> str:
        """URL segment and template."""

    @property
    def form(self) -> type[AnswerForm]:
        """The shape of the answer."""

    @property
    def field(self) -> str:
        """The one question of the form."""

    @property
    def button(self) -> str | None:
        """The button's words; None: the side's words for the proof."""

    @property
    def verifies(self) -> bool:
        """Whether an answer is a try that is charged."""

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        """What the page needs; `prefill` is the answer that it begins with."""

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Proved | Next:
        """Accept the answer. Raises CodeRejected, Refused. Does not commit."""


class Challenge(Protocol):
    """The question at sign-in."""

    @property
    def form(self) -> type[AnswerForm] | None:
        """The shape of the answer, if the method draws a question of its own; None: it is typed into the field that codes share."""

    def take(self, secret: Secret, row: Authenticator, answer: Answer, now: datetime) -> None:
        """Accept the answer and spend it in one UPDATE. Raises CodeRejected, NotAsked. Does not commit."""

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        """What the page of the question needs."""

    def simulate(self, secret: Secret, row: Authenticator, now: datetime) -> dict[str, Any]:
        """What a phone that holds the secret shows, for `_bench.html` of the method. Never asked of one that sends."""


def bare(_: Secret, code: str) -> str:
    """A message that is the code alone."""
    return code


@dataclass(frozen=True)
class Method:
    """A kind of authenticator."""

    name: str
    label: str
    facts: tuple[str, ...]  # one or two short reasons on the choice card
    begin: Callable[[Context], str]  # makes the secret
    begins_with: dict[str, Any]  # the columns of a new authenticator: "name", and what it has "remembered" (per row, TO-2)
    steps: tuple[Step, ...]
    challenge: Challenge
    asks_for: str = CODE  # the kind of answer that it takes at sign-in: CODE or KEY
    can_be_guessed: bool = True  # whether a wrong answer counts against the rate limit (NIST SP 800-63B 3.2.2)
    resists_phishing: bool = False  # whether an answer is worth nothing at another origin (NIST SP 800-63B 3.2.5)
    sends: bool = False  # whether a code goes out to its owner, by `words`
    restricted: bool = False  # by telephone: NIST SP 800-63B 3.2.9
    words: Callable[[Secret, str], str] = bare  # the message that carries a code
    mask: Callable[[str], str] | None = None  # where codes are sent, as its owner's page shows it
    drawing: str = "smartphone"  # on the choice card
    change_label: str = ""  # the link that replaces a live one
    sentences: Mapping[str, str | tuple[str, str, str]] = field(default_factory=dict)  # of its own reasons, as in messages.py
    templates: Path | None = None  # its folder of templates; None: portal/templates/methods/NAME

    @property
    def sends_texts(self) -> bool:
        """Whether its codes travel by telephone: to a number, and only while the operator lets texts go out (SM-6)."""
        return self.sends and self.restricted

    def step(self, name: str) -> Step | None:
        """The step of that name, or None."""
        return next((step for step in self.steps if step.name == name), None)

    def due(self, name: str) -> Step:
        """The step that a set-up has come to; the first if an older release called it otherwise."""
        return self.step(name) or self.steps[0]

    def is_reached(self, step: Step, name: str) -> bool:
        """Whether a set-up that has come to the step of that name may show and take this one."""
        return self.steps.index(step) <= self.steps.index(self.due(name))

    def step_before(self, step: Step) -> Step:
        """The step that came before, of the first the step itself."""
        return self.steps[max(0, self.steps.index(step) - 1)]

    def step_after(self, step: Step) -> Step:
        """The step that follows."""
        return self.steps[self.steps.index(step) + 1]


METHODS: dict[str, Method] = {}


def import_method(name: str) -> Method:
    """The METHOD of a module of this package, or of one with a dotted name; its sentences join the others."""
    found: Method = import_module(name if "." in name else f"{__name__}.{name}").METHOD
    SENTENCES.update(found.sentences)
    return found


def switched_on() -> list[Method]:
    """Every method that is switched on, in order."""
    return [METHODS.get(name) or METHODS.setdefault(name, import_method(name)) for name in config.METHODS]


def method(name: str) -> Method | None:
    """The method of that name, or None if it is not switched on."""
    return next((each for each in switched_on() if each.name == name), None)


def first_method() -> Method:
    """The method that is offered first."""
    return switched_on()[0]


def offered(policy: Policy) -> list[Method]:
    """The methods that a policy allows, in order."""
    return [each for each in switched_on() if policy.allows(each)]


def takers_of_another(kind: str) -> list[str]:
    """The names of the methods that take answers of another kind only."""
    return [each.name for each in switched_on() if each.asks_for != kind]


def unguessable() -> list[str]:
    """The names of the methods whose wrong answers are not counted."""
    return [each.name for each in switched_on() if not each.can_be_guessed]


def can_be_guessed(kind: str) -> bool:
    """Whether an answer of that kind is a try that counts."""
    return any(each.can_be_guessed for each in switched_on() if each.asks_for == kind)


def takes(name: str, kind: str) -> bool:
    """Whether an answer of that kind may be for the method; one that is switched off says so when it is tried."""
    return name not in takers_of_another(kind)
