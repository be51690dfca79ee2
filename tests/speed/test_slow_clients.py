"""Slow and silent clients take nobody's turn: pages answer within a second beside two hundred of them (proof 4)."""

import contextlib
import os
import signal
import socket
import time

import pytest

from tests.support.outbox import until
from tests.support.slow import page_times, percentile, running_slow_clients
from tests.support.wire import Wire

SECONDS = 12  # longer than HEADERS_SECONDS: the first of them are sent away meanwhile, and come back
MANY = 20
COUNTS = {"headers": 70, "body": 70, "silent": 60}


@pytest.mark.once("no request reaches the database before it is here")
@pytest.mark.long
def test_two_hundred_slow_clients_make_nobody_wait(shared_server):
    person = Wire(shared_server)
    assert person.sign_in("maria").location == "/home"
    with running_slow_clients(shared_server.port, COUNTS) as clients:
        assert clients.connected == 200
        times = page_times(person, SECONDS, "/account/security")
        assert clients.sent_away > 0
    assert percentile(times, 0.99) < 1 and len(times) > 50


def test_a_process_that_is_busy_elsewhere_for_a_moment_gets_its_share_of_connections(shared_server):
    """The other one would have taken all of them meanwhile, and kept them."""
    before, late = shared_server.settled_connections(), shared_server.workers()[0]
    with contextlib.ExitStack() as stack:
        os.kill(late, signal.SIGSTOP)
        for _ in range(MANY):
            connection = stack.enter_context(socket.create_connection((shared_server.host, shared_server.port)))
            connection.sendall(b"GET /")
        time.sleep(0.3)
        os.kill(late, signal.SIGCONT)
        assert until(lambda: sum(shared_server.connections()) == sum(before) + MANY)
        shares = [now - then for now, then in zip(shared_server.connections(), before, strict=True)]
        assert max(shares) <= MANY / 2 + 2, shares
