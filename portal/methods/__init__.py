"""The interface of an authentication method, and the registry of those switched on. Each method is a module here."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from portal.answers import CODE, Answer
from portal.forms.codes import AnswerForm
from portal.languages import SOURCE
from portal.models import Authenticator
from portal.policy import Policy
from portal.settings import config
from portal.words.refusals import SENTENCES, Plural, Refused


class CodeRejected(Refused):
    """A rejected code: "wrong", "used", "clock_slow" or "clock_fast" (with minutes), and others of its method."""


class CodeLate(CodeRejected):
    """The right code, too late. It is no guess, so it costs no try."""


class NotAsked(Exception):
    """The answer cannot be for this authenticator: it got no code, is off, or another is named. `reason`: if it is for none of them."""

    def __init__(self, reason: str = "text_first") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Context:
    """The person and origin of a setup, which a method may bind its new secret to."""

    user_id: int
    username: str
    full_name: str
    issuer: str
    origin: str  # scheme, host, port
    relying_party: str  # the host


@dataclass(frozen=True)
class Secret:
    """A decrypted secret, for the duration of one request, and what its method may know about the person."""

    authenticator_id: str
    text: str  # a key, a phone number: whatever the method stores
    issuer: str
    account: str
    attempt: str = ""  # the sign-in, confirmation, or setup that a sent code is bound to (SM-3)
    initials: str = ""
    country: str = "US"
    countries: tuple[str, ...] = ()
    host: str = ""
    origin: str = ""  # scheme, host, and port of the page: an answer for another origin is worthless
    relying_party: str = ""  # its host
    language: str = SOURCE  # of what is sent to its owner
    on_file: str = ""  # in the first setup: the phone number on file (AX-4)
    macs: Callable[[str, str], list[bytes]] | None = None  # `Keyring.macs`

    def hash_code(self, row_id: str, code: str) -> list[bytes]:
        """The keyed hashes of a sent code (SM-1): the one to store, then those that an older key made of it."""
        if self.macs is None:
            raise LookupError("no key to hash with")
        return self.macs(code, row_id)

    def __repr__(self) -> str:  # never in a log or an exception
        return f"Secret({self.authenticator_id})"


@dataclass(frozen=True)
class Next:
    """The step is complete; continue with the next one."""

    secret: str = field(repr=False)  # what the binding stores from now on
    sends: bool = False  # whether to send a code to it


@dataclass(frozen=True)
class Proved:
    """The last step is complete; the binding becomes an authenticator."""

    columns: dict[str, Any]  # initial columns of its row: `name`, `remembered`; `identity_hash` of what no other account may have
    secret: str | None = field(default=None, repr=False)  # None: the secret that the binding stored


class Step(Protocol):
    """One page of setup, with one question."""

    @property
    def name(self) -> str:
        """URL segment and template name."""

    @property
    def form(self) -> type[AnswerForm]:
        """The form that validates the answer."""

    @property
    def field(self) -> str:
        """The form field with the answer."""

    @property
    def button(self) -> str | None:
        """The button's label; None: the label that the side uses for the last step."""

    @property
    def verifies(self) -> bool:
        """Whether a wrong answer counts toward the rate limit."""

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        """Template variables; `prefill` is the initial value of the field."""

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Proved | Next:
        """Verify the answer. Raises CodeRejected, Refused. Does not commit."""


class Challenge(Protocol):
    """The challenge at sign-in."""

    @property
    def form(self) -> type[AnswerForm] | None:
        """The form, if the method renders its own challenge; None: the answer is entered in the shared code field."""

    def take(self, secret: Secret, row: Authenticator, answer: Answer, now: datetime) -> None:
        """Verify the answer and consume it in one UPDATE (replay). Raises CodeRejected, NotAsked. Does not commit."""

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        """Template variables for the challenge."""

    def simulate(self, secret: Secret, row: Authenticator, now: datetime) -> dict[str, Any]:
        """What a phone with the secret shows, for the method's `_bench.html`. Not called for methods that send codes."""


@dataclass(frozen=True)
class Practice:
    """How people try a method out in Help: by a key of its own, which nobody stores, and by checks that write nothing."""

    make_key: Callable[[bytes], str]  # from 32 bytes that are always the same in one browser
    check: Callable[[Secret, str, datetime], object]  # raises CodeRejected, as the method does at sign-in


@dataclass(frozen=True)
class Script:
    """A method that lives in the browser. Its script asks the portal for a challenge, and hands the browser what comes back, as JSON.

    Both take the secret that asks, the challenge (`portal/open_challenges.py`), and the person's own secrets of this method.
    """

    file: str  # in portal/static: no page without this method loads it
    create: Callable[[Secret, bytes, list[str]], dict[str, Any]]  # in set-up
    ask: Callable[[Secret, bytes, list[str]], dict[str, Any]]  # at sign-in


@dataclass(frozen=True)
class Labels:
    """What pages say about a method's own question, in place of what they say about codes."""

    heading: str = ""
    button: str = ""
    use: str = ""  # the link to it, if it is asked for all authenticators at once
    next_time: str = ""
    unable: str = ""  # the link to the other ways in
    needs: str = ""  # what it takes


NO_LABELS = Labels()


def code_only(_: Secret, code: str) -> str:
    """A message with only the code."""
    return code


def no_live_codes(_id: str, _secret: str, _remembered: Mapping[str, Any], _now: datetime) -> dict[str, Callable[[], None]]:
    """The codes of a method that computes none."""
    return {}


@dataclass(frozen=True)
class Method:
    """A kind of authenticator."""

    name: str
    label: str
    facts: tuple[str, ...]  # one or two short pros or cons on the choice card
    begin: Callable[[Context], str]  # generates the secret
    begins_with: dict[str, Any]  # initial columns of an authenticator: "name" and its "remembered" state (per row, TO-2)
    steps: tuple[Step, ...]
    challenge: Challenge
    asks_for: str = CODE  # the kind of answer accepted at sign-in: CODE or KEY
    can_be_guessed: bool = True  # whether a wrong answer counts against the rate limit (NIST SP 800-63B 3.2.2)
    resists_phishing: bool = False  # whether an answer is bound to its origin (NIST SP 800-63B 3.2.5)
    shows_key: bool = False  # whether set-up shows the secret as a key, which people can type or paste elsewhere
    # The codes that would be accepted now, of the authenticator or binding with that id, secret, and state; each with what spends it.
    live_codes: Callable[[str, str, Mapping[str, Any], datetime], dict[str, Callable[[], None]]] = no_live_codes
    sends: bool = False  # whether codes are sent to the owner, as `words` composes them
    restricted: bool = False  # by telephone: NIST SP 800-63B 3.2.9
    words: Callable[[Secret, str], str] = code_only  # composes the message with a code
    mask: Callable[[str], str] | None = None  # masks where codes are sent, for the owner's page
    additional: bool = False  # beyond the two of the help article: the operator switches it on, for whose policy accepts it
    script: Script | None = None  # None: it works without JavaScript
    asks_once: bool = False  # whether one question is for all of a person's authenticators of this method
    labels: Labels = NO_LABELS
    about: Callable[[str], str] | None = None  # what the owner's page says of an authenticator, from its secret
    survives: Callable[[str], bool] | None = (
        None  # whether it outlives the loss of its device, from its secret; None: it never does
    )
    drawing: str = "smartphone"  # icon of the choice card
    change_label: str = ""  # label of the link to replace a live authenticator
    practice: Practice | None = None  # None: it can't be tried out
    sentences: Mapping[str, str | Plural] = field(default_factory=dict)  # for its own reasons of refusal
    templates: Path | None = None  # its template folder; None: portal/templates/methods/NAME

    @property
    def sends_texts(self) -> bool:
        """Whether codes are sent by text, which the operator can switch off (SM-6)."""
        return self.sends and self.restricted

    def step(self, name: str) -> Step | None:
        """The step with that name, or None."""
        return next((step for step in self.steps if step.name == name), None)

    def due(self, name: str) -> Step:
        """The current step of a binding, by name; the first if the name is from an older release."""
        return self.step(name) or self.steps[0]

    def is_reached(self, step: Step, name: str) -> bool:
        """Whether a binding whose current step is `name` may show and submit this step."""
        return self.steps.index(step) <= self.steps.index(self.due(name))

    def step_before(self, step: Step) -> Step:
        """The previous step; the first step for itself."""
        return self.steps[max(0, self.steps.index(step) - 1)]

    def step_after(self, step: Step) -> Step:
        """The next step."""
        return self.steps[self.steps.index(step) + 1]


METHODS: dict[str, Method] = {}
ADDITIONAL: list[str] = []  # the names of those that this process's settings switch on


def import_method(name: str) -> Method:
    """Import METHOD from a module of this package, or from a dotted name, and register its sentences."""
    found: Method = import_module(name if "." in name else f"{__name__}.{name}").METHOD
    SENTENCES.update(found.sentences)
    return found


def switch_on(names: Iterable[str]) -> None:
    """Switch additional methods on for this process, and all others off."""
    ADDITIONAL[:] = names
    switched_on()  # imported at the start rather than by the first page


def switched_on() -> list[Method]:
    """All methods that are switched on, in the order offered."""
    return [METHODS.get(name) or METHODS.setdefault(name, import_method(name)) for name in (*config.METHODS, *ADDITIONAL)]


def method(name: str) -> Method | None:
    """The method with that name, or None if it is not switched on."""
    return next((each for each in switched_on() if each.name == name), None)


def first_method() -> Method:
    """The first method offered."""
    return switched_on()[0]


def offered(policy: Policy, added: Collection[str] = ()) -> list[Method]:
    """The methods that a policy offers to people whose practice has added those with these names, in their order."""
    return [each for each in switched_on() if policy.offers(each, added)]


def takers_of_another(kind: str) -> list[str]:
    """The names of the methods that do not accept this kind of answer."""
    return [each.name for each in switched_on() if each.asks_for != kind]


def unguessable() -> list[str]:
    """The names of the methods whose wrong answers do not count toward rate limits."""
    return [each.name for each in switched_on() if not each.can_be_guessed]


def can_be_guessed(kind: str) -> bool:
    """Whether a wrong answer of that kind counts toward rate limits."""
    return any(each.can_be_guessed for each in switched_on() if each.asks_for == kind)


def takes(name: str, kind: str) -> bool:
    """Whether the method may accept that kind of answer. True for one that is switched off, which then refuses with its reason."""
    return name not in takers_of_another(kind)
