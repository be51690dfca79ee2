"""Rate limits for texts (SM-5): when the next one may be sent, for both the refusal and the page. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.settings import config
from portal.words.refusals import Refused

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """When earlier texts were sent, in any order."""

    attempt: Collection[datetime] = ()  # for the same sign-in, confirmation, or setup
    account: Collection[datetime] = ()
    number: Collection[datetime] = ()  # to the same number, from any account
    address: Collection[datetime] = ()  # from the same IP address, for any account


@dataclass(frozen=True)
class Limit:
    """At most `most` texts in a sliding window."""

    counted: str  # a field of Sent
    most: int
    window: timedelta
    reason: str  # of the refusal

    def frees_at(self, sent: Sent) -> datetime | None:
        """When another text fits in the window; None if it was never full."""
        newest = sorted(getattr(sent, self.counted), reverse=True)[: self.most]
        return newest[-1] + self.window if len(newest) == self.most else None


SOON = 7200  # seconds; up to here the page counts a wait in minutes
LIMITS = (
    Limit("attempt", 1, config.SEND_GAP, "send_gap"),
    Limit("account", config.SENDS_PER_HOUR, HOUR, "send_limit"),
    Limit("number", config.SENDS_PER_HOUR, HOUR, "send_limit"),
    Limit("address", config.SENDS_PER_IP, config.SEND_IP_WINDOW, "send_limit"),
    Limit("account", config.SENDS_PER_DAY, DAY, "send_day"),
)


@dataclass(frozen=True)
class Wait:
    """The seconds until a text can be sent, rounded up."""

    seconds: int
    reason: str

    @property
    def refusal(self) -> Refused:
        """The refusal for a request made during the wait."""
        reason = (
            "send_limit" if self.reason == "send_day" and self.seconds <= SOON else self.reason
        )  # "tomorrow" is not true then
        facts = {"send_gap": {"seconds": self.seconds}, "send_limit": {"minutes": -(-self.seconds // 60)}}
        return Refused(reason, **facts.get(reason, {}))


def wait_after(sent: Sent, now: datetime) -> Wait | None:
    """The longest wait that any limit requires; None if a text can be sent now."""
    exceeded = [(free, limit.reason) for limit in LIMITS if (free := limit.frees_at(sent)) and free > now]
    if not exceeded:
        return None
    free, reason = max(exceeded, key=lambda pair: pair[0])
    return Wait(-((now - free) // timedelta(seconds=1)), reason)
