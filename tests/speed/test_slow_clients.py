"""Slow and silent clients take nobody's turn: pages answer within a second beside two hundred of them (proof 4)."""

import pytest

from tests.support.slow import page_times, percentile, running_slow_clients
from tests.support.wire import Wire

SECONDS = 12  # longer than HEADERS_SECONDS: the first of them are sent away meanwhile, and come back
COUNTS = {"headers": 70, "body": 70, "silent": 60}


@pytest.mark.long
def test_two_hundred_slow_clients_make_nobody_wait(shared_server):
    person = Wire(shared_server)
    assert person.sign_in("maria").location == "/home"
    with running_slow_clients(shared_server.port, COUNTS) as clients:
        assert clients.connected == 200
        times = page_times(person, SECONDS, "/account/security")
        assert clients.sent_away > 0
    assert percentile(times, 0.99) < 1 and len(times) > 50
