"""New connections go to the process that is least busy; one that hangs or stops is compared with no more."""

import pytest

from portal import clock
from portal.server.busyness import Busyness, busyness_of


@pytest.fixture
def moment(monkeypatch):
    """The time that all processes share, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def test_who_has_more_to_do_than_another_leaves_it_the_next_connection(moment):
    busyness = Busyness()
    busyness.tell(1, 5)
    assert not busyness.has_its_share(1, 5), "there is no other process"
    busyness.tell(2, 3)
    assert [busyness.has_its_share(1, connections) for connections in (3, 4, 5)] == [False, False, True]
    assert not busyness.has_its_share(2, 3)


def test_who_hangs_or_stops_is_compared_with_no_more(moment):
    busyness = Busyness()
    busyness.tell(2, 0)
    assert busyness.has_its_share(1, 5)
    busyness.leave(2)
    assert not busyness.has_its_share(1, 5)
    busyness.tell(2, 0)
    moment[0] += 2
    assert not busyness.has_its_share(1, 5)


def test_two_servers_have_nothing_in_common():
    assert busyness_of(7) is busyness_of(7) is not busyness_of(8)
