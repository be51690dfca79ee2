"""What can go wrong with a code from an app, as the practice run in Help shows it: refusals of a real check."""

from dataclasses import dataclass

from portal.settings import config
from portal.words.marks import N_
from portal.words.refusals import Refused

LEFT = config.TRIES_BEFORE_PAUSE - 1
DRIFT = 5  # minutes that the clock of the example is wrong
SECONDS_LATE = 5  # left of the code that is about to change


@dataclass(frozen=True)
class Example:
    """One thing that goes wrong: its title, why it happens, what the page says, and what it says if it happens again."""

    title: str
    why: str
    refused: Refused | None = None
    again: tuple[str, ...] = ()  # reasons
    seconds: int | None = None  # left of the code; None: as many as there are


EXAMPLES = {
    "wrong": Example(
        N_("A code doesn't match"),
        N_("A digit was mistyped, or the code is from another entry in the app."),
        Refused("wrong_clock", left=LEFT),
        ("wrong_fresh", "wrong_account", "wrong_backup"),
    ),
    "short": Example(N_("A digit is missing"), N_("This costs no try."), Refused("code_shape")),
    "used": Example(
        N_("A code is used twice"), N_("Each code works once, even while the app still shows it."), Refused("used", left=LEFT)
    ),
    "slow-clock": Example(
        N_("The phone's clock is slow"),
        N_("An app makes its codes from the time on the phone. If that is off, so are the codes."),
        Refused("clock_slow", minutes=DRIFT, left=LEFT),
    ),
    "fast-clock": Example(
        N_("The phone's clock is fast"),
        N_("An app makes its codes from the time on the phone. If that is off, so are the codes."),
        Refused("clock_fast", minutes=DRIFT, left=LEFT),
    ),
    "late": Example(
        N_("The code is about to change"),
        N_("The ring on the page shows how long the code in the app lasts. When little is left, wait for the next one."),
        seconds=SECONDS_LATE,
    ),
    "pause": Example(
        N_("There were many wrong codes"),
        N_("A pause keeps others from guessing. Backup codes work meanwhile."),
        Refused("throttled", wait=int(config.PAUSES[0].total_seconds())),
    ),
}
