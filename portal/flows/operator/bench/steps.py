"""The steps of the test bench's scenarios: each names the product's own words, so that people and a test follow the same ones. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.words.marks import N_

CODE_FIELD = N_("Verification Code")
# What a step asks for, by kind. %(label)s is what the product calls it.
ASKED = {
    "press": N_("Select %(label)s"),
    "menu": N_("Select the account name or its initials at the top, then %(label)s"),
    "choose": N_("Choose %(label)s"),
    "code": N_("Type the code that the phone shows into %(label)s"),
    "other": N_("Type the code of the other account on the phone into %(label)s"),
    "text": N_("Type the code from the newest text into %(label)s"),
    "paper": N_("Type a backup code from the paper into %(label)s"),
    "password": N_("Type the password, %(words)s, into %(label)s"),
    "type": N_("Type “%(words)s” into %(label)s"),
    "phone": N_("Under First phone, beside these steps, select %(label)s"),
    "second": N_("Under Second phone, beside these steps, select %(label)s"),
    "second_code": N_("Type the code that the second phone shows into %(label)s"),
    "switches": N_("Under Faults and clock, select %(label)s"),
    "again": N_("Here, select Sign in as far as the password once more."),
    "see": N_("You see “%(label)s”"),
    "refused": N_("It says: “%(label)s”"),
}


@dataclass(frozen=True)
class Step:
    """One step. `label`: the product's words, or the reason of a refusal, with its `facts`; `typed`: what is typed."""

    kind: str
    label: str = ""
    typed: str = ""
    facts: Mapping[str, int | str] = field(default_factory=dict)


def press(label: str) -> Step:
    return Step("press", label)


def menu(label: str) -> Step:
    return Step("menu", label)


def choose(label: str) -> Step:
    return Step("choose", label)


def code(kind: str = "code") -> Step:
    return Step(kind, CODE_FIELD)


def write(label: str, typed: str) -> Step:
    return Step("type", label, typed)


def see(label: str, **facts: int | str) -> Step:
    return Step("see", label, facts=facts)


def refused(reason: str, **facts: int | str) -> Step:
    return Step("refused", reason, facts=facts)


VERIFY = press(N_("Verify"))
SIGN_IN_BY_APP = (code(), VERIFY)
TO_SECURITY = (menu(N_("Account Settings")), press(N_("Security")))
HOME = see(N_("Your care at a glance"))
