"""When the next text may go out: every limit at its edge, and the longest wait speaks (SM-5)."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.send_limits import DAY, HOUR, LIMITS, Sent, Unproved, is_wait, wait_after
from portal.settings import config
from portal.words.refusals import Refused

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def ago(*minutes):
    """Returns moments so long ago."""
    return [NOW - timedelta(minutes=each) for each in minutes]


FULL = {
    "an attempt's gap": ("attempt", ago(0.25), 45, "send_gap"),
    "a number's gap across attempts": ("repeated", ago(0.25), 45, "send_gap"),
    "an account's hour": ("account", ago(1, 2, 3, 4, 20), 40 * 60, "send_limit"),
    "an unproved number's hour": ("number", ago(59, 1, 1), 60, "send_limit"),
    "an address's five minutes": ("address", ago(*[2] * 25), 180, "send_limit"),
    "an account's day": ("account", ago(*range(70, 790, 72)), (24 * 60 - 718) * 60, "send_limit"),
    "the day's plan": ("planned", ago(60), 23 * 3600, "send_stopped"),
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
    assert wait_after(Sent(account=day), NOW).seconds == 600
    hour = ago(*[59.9] * 5)
    gap = wait_after(Sent(attempt=ago(0.5), account=hour), NOW).refusal
    assert (gap.reason, gap.facts) == ("send_gap", {"wait": 30})
    assert wait_after(Sent(attempt=ago(0.95), number=hour), NOW).refusal.facts == {"wait": 6}
    full = wait_after(Sent(account=FULL["an account's day"][1], attempt=ago(0)), NOW).refusal
    assert (full.reason, full.facts) == ("send_limit", {"wait": (24 * 60 - 718) * 60})


def test_a_refusal_of_a_limit_is_known_by_its_reason():
    assert all(is_wait(Refused(limit.reason)) for limit in LIMITS)
    assert not is_wait(Refused("phone_short")) and not is_wait(Refused("texts_off"))


# --- a prefix whose codes nobody enters


def texts(*minutes, is_used=False, is_void=False):
    """Returns texts to unproved numbers, sent so many minutes ago."""
    return [Unproved(at, is_used, is_void) for at in ago(*minutes)]


def test_a_prefix_stops_when_fewer_than_half_of_ten_codes_are_used_and_goes_on_when_they_are_an_hour_old():
    assert wait_after(Sent(prefix=texts(*range(5, 14))), NOW) is None, "nine are too few to judge"
    assert wait_after(Sent(prefix=texts(*range(5, 10)) + texts(*range(5, 10), is_used=True)), NOW) is None, "half are used"
    wait = wait_after(Sent(prefix=texts(*range(5, 11)) + texts(*range(20, 24), is_used=True)), NOW)
    assert (wait.seconds, wait.reason) == (37 * 60, "send_stopped")
    wait = wait_after(Sent(prefix=texts(*range(5, 25))), NOW)
    assert wait.seconds == (60 - 14) * 60, "the ten newest of twenty are still too many, the nine newest are not"


def test_a_prefix_whose_used_codes_leave_the_hour_first_stays_stopped():
    sent = Sent(prefix=texts(*range(2, 14)) + texts(50, 51, 52, is_used=True))
    assert wait_after(sent, NOW).seconds == (60 - 11) * 60, "when nine are left to judge"


def test_a_code_that_can_still_be_typed_is_not_judged_yet():
    young = config.SENDS_JUDGED_AFTER.total_seconds() / 60
    assert wait_after(Sent(prefix=texts(*[young - 0.1] * 10)), NOW) is None, "ten people in a waiting room"
    assert wait_after(Sent(prefix=texts(*[young] * 10)), NOW).seconds == 58 * 60
    assert wait_after(Sent(prefix=texts(*[0] * 10, is_void=True)), NOW).seconds == 60 * 60, "Send Code, Cancel, again"


# --- a clock that was ahead


AHEAD = [("attempt", config.SEND_GAP, 1), ("account", HOUR, 5), ("number", HOUR, 3), ("planned", DAY, 1)]


@pytest.mark.parametrize(("counted", "window", "number"), AHEAD)
def test_texts_of_a_clock_that_was_ahead_are_over_if_they_are_further_ahead_than_they_count(counted, window, number):
    near, far = NOW + window, NOW + window + config.CLOCK_TOLERANCE + timedelta(seconds=1)
    assert wait_after(Sent(**{counted: [near] * number}), NOW).seconds == 2 * window.total_seconds()
    assert wait_after(Sent(**{counted: [far] * number}), NOW) is None


def test_a_prefix_is_not_stopped_by_texts_of_a_clock_that_was_ahead():
    assert wait_after(Sent(prefix=texts(*[-61] * 20)), NOW) is None
