"""When the next text may go out (SM-5): one answer for the refusal and for the page, from when those before went out. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.settings import config
from portal.words.refusals import Refused

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """When the texts before this one went out, in any order."""

    attempt: Collection[datetime] = ()  # of the same sign-in, confirmation or set-up
    account: Collection[datetime] = ()
    number: Collection[datetime] = ()  # to the same number, whoever asked
    address: Collection[datetime] = ()  # from the same IP address, whoever asked


@dataclass(frozen=True)
class Limit:
    """At most so many texts in a window of time that slides."""

    counts: str  # a field of Sent
    most: int
    length: timedelta
    reason: str  # of the refusal

    def ends(self, sent: Sent) -> datetime | None:
        """When the window has room again; None if it was never full."""
        newest = sorted(getattr(sent, self.counts), reverse=True)[: self.most]
        return newest[-1] + self.length if len(newest) == self.most else None


LIMITS = (
    Limit("attempt", 1, config.SEND_GAP, "send_gap"),
    Limit("account", config.SENDS_PER_HOUR, HOUR, "send_limit"),
    Limit("number", config.SENDS_PER_HOUR, HOUR, "send_limit"),
    Limit("address", config.SENDS_PER_IP, config.SEND_IP_WINDOW, "send_limit"),
    Limit("account", config.SENDS_PER_DAY, DAY, "send_day"),
)


@dataclass(frozen=True)
class Wait:
    """No text can go out for so many seconds, rounded up: at their end one can."""

    seconds: int
    reason: str

    @property
    def refusal(self) -> Refused:
        """What a person is told who asks for a text all the same."""
        facts = {"send_gap": {"seconds": self.seconds}, "send_limit": {"minutes": -(-self.seconds // 60)}}
        return Refused(self.reason, **facts.get(self.reason, {}))


def wait_after(sent: Sent, now: datetime) -> Wait | None:
    """The longest wait that a limit asks for; None if a text can go out now."""
    full = [(ends, limit.reason) for limit in LIMITS if (ends := limit.ends(sent)) and ends > now]
    if not full:
        return None
    ends, reason = max(full, key=lambda pair: pair[0])
    return Wait(-((now - ends) // timedelta(seconds=1)), reason)
