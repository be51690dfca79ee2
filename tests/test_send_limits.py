"""When the next text may go out: every limit at its edge, and the longest wait speaks (SM-5)."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.send_limits import Sent, wait_after
from portal.settings import config

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def ago(*minutes):
    """Returns moments so long ago."""
    return [NOW - timedelta(minutes=each) for each in minutes]


FULL = {
    "an attempt's gap": ("attempt", ago(0.25), 45, "send_gap"),
    "an account's hour": ("account", ago(1, 2, 3, 4, 20), 40 * 60, "send_limit"),
    "a number's hour": ("number", ago(59, 1, 1, 1, 1), 60, "send_limit"),
    "an address's five minutes": ("address", ago(*[2] * 25), 180, "send_limit"),
    "an account's day": ("account", ago(*range(70, 790, 72)), (24 * 60 - 718) * 60, "send_day"),
}


@pytest.mark.parametrize(("counted", "moments", "seconds", "reason"), FULL.values(), ids=FULL)
def test_a_full_window_makes_wait_until_it_has_room_and_no_second_longer(counted, moments, seconds, reason):
    sent = Sent(**{counted: moments})
    wait = wait_after(sent, NOW)
    assert (wait.seconds, wait.reason, wait.refusal.reason) == (seconds, reason, reason)
    end = NOW + timedelta(seconds=seconds)
    assert wait_after(sent, end - timedelta(milliseconds=1)).seconds == 1, "a part of a second is waited for, too"
    assert wait_after(sent, end) is None
    assert wait_after(Sent(**{counted: sorted(moments)[1:]}), NOW) is None, "one less is not full"


def test_nothing_sent_nothing_to_wait_for():
    assert wait_after(Sent(), NOW) is None


def test_more_than_a_window_holds_are_waited_for_until_there_is_room_for_one():
    assert wait_after(Sent(account=ago(59, 58, 30, 20, 10, 5, 1)), NOW).seconds == 30 * 60


def test_the_longest_wait_speaks_whichever_limit_it_is_of():
    day = ago(*range(10, 100, 10)) + ago(24 * 60 - 1)  # its hour is full for 10 minutes more, its day for one
    assert wait_after(Sent(account=day), NOW).refusal.facts == {"minutes": 10}
    hour = ago(*[59.9] * 5)
    assert wait_after(Sent(attempt=ago(0.5), account=hour), NOW).refusal.facts == {"seconds": 30}
    assert wait_after(Sent(attempt=ago(0.95), number=hour), NOW).refusal.facts == {"minutes": 1}
    assert wait_after(Sent(account=FULL["an account's day"][1], attempt=ago(0)), NOW).refusal.facts == {}


def test_a_day_that_is_nearly_over_is_told_in_minutes():
    full = Sent(account=ago(*[23 * 60 + 15] * config.SENDS_PER_DAY))
    assert (wait_after(full, NOW).refusal.reason, wait_after(full, NOW).refusal.facts) == ("send_limit", {"minutes": 45})
    fresh = Sent(account=ago(*[180] * config.SENDS_PER_DAY))
    assert wait_after(fresh, NOW).refusal.reason == "send_day"
