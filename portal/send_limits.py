"""Rate limits for texts (SM-5): when the next one may be sent, for both the refusal and the page. Pure.

A limit belongs to whoever spends it. A text to a number that its account has proved counts for that account alone, so that neither a
stranger nor a family member with the same number can use up its owner's. A text to a number that is not proved may be to anybody:
it counts for the asking account, for the number, for the network it was asked from, and for the day's plan.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal import clock
from portal.settings import config
from portal.words.refusals import Refused

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Unproved:
    """A text to a number of the same prefix that its account had not proved."""

    at: datetime
    is_used: bool  # whether its code was entered
    is_void: bool  # replaced by a newer one, or its set-up was canceled

    def counts_at(self, moment: datetime) -> bool:
        """Whether it can be judged by then: a code that can still be typed gets a moment before it counts as unused."""
        return self.is_used or self.is_void or self.at + config.SENDS_JUDGED_AFTER <= moment


@dataclass(frozen=True)
class Sent:
    """When earlier texts were sent, in any order. To a number that the account has proved, the first two fields say everything."""

    attempt: Collection[datetime] = ()  # for the same sign-in, confirmation, or setup
    account: Collection[datetime] = ()  # by the account, from browsers as well known as this one
    repeated: Collection[datetime] = ()  # by the same account to the same unproved number, in any attempt
    number: Collection[datetime] = ()  # to the same unproved number, by any account
    address: Collection[datetime] = ()  # to unproved numbers, from the same network
    prefix: Collection[Unproved] = ()  # to unproved numbers that begin alike
    planned: Collection[datetime] = ()  # the one that spent the day's plan, if it is spent


@dataclass(frozen=True)
class Limit:
    """At most `most` texts in a sliding window."""

    counted: str  # a field of Sent
    most: int
    window: timedelta
    reason: str  # of the refusal

    def frees_at(self, sent: Sent, now: datetime) -> datetime | None:
        """When another text fits in the window; None if it is not full."""
        newest = sorted((at for at in getattr(sent, self.counted) if is_within(at, now, self.window)), reverse=True)[: self.most]
        return newest[-1] + self.window if len(newest) == self.most else None


def is_within(at: datetime, now: datetime, window: timedelta) -> bool:
    """Whether a text sent at that time still counts: as `clock.since` for SQL."""
    return now - window < at <= clock.latest_end(now, window)


@dataclass(frozen=True)
class UsedLimit:
    """Unproved numbers of a prefix stop while fewer than half of their codes are used (text pumping)."""

    reason: str

    def frees_at(self, sent: Sent, now: datetime) -> datetime | None:
        """When enough unused texts are an hour old; None if the prefix is not stopped."""
        if not is_pumped(sent.prefix, now):
            return None
        ends = sorted(each.at + HOUR for each in sent.prefix if is_within(each.at, now, HOUR))
        return next(end for end in ends if not is_pumped(sent.prefix, end))


def is_pumped(texts: Collection[Unproved], now: datetime) -> bool:
    """Whether fewer than half of the codes of the last hour were used, if there are enough of them to judge."""
    judged = [each for each in texts if is_within(each.at, now, HOUR) and each.counts_at(now)]
    return len(judged) >= config.SENDS_WATCHED and 2 * sum(each.is_used for each in judged) < len(judged)


LIMITS: tuple[Limit | UsedLimit, ...] = (
    Limit("attempt", 1, config.SEND_GAP, "send_gap"),
    Limit("repeated", 1, config.SEND_GAP, "send_gap"),
    Limit("account", config.SENDS_PER_HOUR, HOUR, "send_limit"),
    Limit("account", config.SENDS_PER_DAY, DAY, "send_limit"),
    Limit("number", config.SENDS_TO_UNPROVED, HOUR, "send_limit"),
    Limit("address", config.SENDS_PER_IP, config.SEND_IP_WINDOW, "send_limit"),
    UsedLimit("send_stopped"),
    Limit("planned", 1, DAY, "send_stopped"),
)


@dataclass(frozen=True)
class Wait:
    """The seconds until a text can be sent, rounded up, and when they began."""

    seconds: int
    reason: str
    now: datetime

    @property
    def opens_at(self) -> datetime:
        """The full minute after which a text can be sent."""
        return clock.next_minute(self.now + timedelta(seconds=self.seconds))

    @property
    def refusal(self) -> Refused:
        """The refusal for a request made during the wait."""
        return Refused(self.reason, wait=self.seconds)


def wait_after(sent: Sent, now: datetime) -> Wait | None:
    """The longest wait that any limit requires; None if a text can be sent now."""
    exceeded = [(free, limit.reason) for limit in LIMITS if (free := limit.frees_at(sent, now)) and free > now]
    if not exceeded:
        return None
    free, reason = max(exceeded, key=lambda pair: pair[0])
    return Wait(-((now - free) // timedelta(seconds=1)), reason, now)


def is_wait(refused: Refused) -> bool:
    """Whether a refusal is one of these limits: nothing that was typed is wrong, and its fact `wait` tells the seconds."""
    return refused.reason in {limit.reason for limit in LIMITS}
