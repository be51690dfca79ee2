"""Slow and silent clients, as many as asked for, who come back as soon as they are sent away; and an honest person beside them."""

import contextlib
import socket
import ssl
import threading
import time

from tests.support.server import Server

BYTE_SECONDS = 2  # between two bytes

# Of ImpatientServer: seconds by what a connection is doing, seconds without a byte taken, and how many may wait.
PATIENCE = {"idle": 3.0, "headers": 2.0, "body": 2.5}
SEND_SECONDS = 2
PER_ADDRESS, ALL = 6, 12

BEGINNINGS = {
    "headers": b"GET /sign-in HTTP/1.1\r\nHost: ",
    "body": b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n",
    "silent": b"",
}


class SlowClients:
    """`counts`: how many of each kind (a key of BEGINNINGS). They come from `ip`, over TLS if `tls` is its context.

    `sent_away` counts how often they were.
    """

    def __init__(self, port, counts, ip="127.0.0.1", tls=None):
        self.address, self.ip, self.tls = ("127.0.0.1", port), ip, tls
        self.kinds = [kind for kind, count in counts.items() for _ in range(count)]
        self.sockets = [None] * len(self.kinds)
        self.sent_away = 0
        self.ending = threading.Event()

    @property
    def connected(self):
        """Returns how many are connected now."""
        return sum(each is not None for each in self.sockets)

    def run(self):
        """Keeps all of them connected and each of them slow, until `ending` is set."""
        step = BYTE_SECONDS / len(self.kinds)
        began = time.monotonic()
        turn = 0
        while not self.ending.wait(max(0, began + turn * step - time.monotonic())):
            place = turn % len(self.kinds)
            with contextlib.suppress(BlockingIOError):
                self.act(place)
            turn += 1
        for each in filter(None, self.sockets):
            each.close()

    def connect(self):
        """Returns a new connection."""
        connection = socket.create_connection(self.address, 5, (self.ip, 0))
        return self.tls.wrap_socket(connection, server_hostname="portal.example") if self.tls else connection

    def act(self, place):
        """Connects one, or sends its next byte."""
        kind, connection = self.kinds[place], self.sockets[place]
        if connection is None:
            connection = self.sockets[place] = self.connect()
            connection.sendall(BEGINNINGS[kind])
            connection.setblocking(False)
            return
        try:
            if kind != "silent":
                connection.send(b"a")
            if connection.recv(4096) == b"":
                raise ConnectionResetError
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            connection.close()
            self.sockets[place] = None
            self.sent_away += 1
            self.act(place)


class ImpatientServer(Server):
    """A server whose patience with slow clients, and whose room for them, tests can exhaust in seconds."""

    application = "tests.support.impatient:app"


@contextlib.contextmanager
def running_slow_clients(port, counts, ip="127.0.0.1", tls=None):
    """Yields slow clients once every one of them has connected."""
    clients = SlowClients(port, counts, ip, tls)
    thread = threading.Thread(target=clients.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 4 * BYTE_SECONDS
        while clients.connected < len(clients.kinds) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield clients
    finally:
        clients.ending.set()
        thread.join()


def page_times(wire, seconds, path, pause=0.02):
    """Returns the seconds that each page took, opened one after the other on connections of their own. Each has to be answered with 200."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        answer = wire.get(path)
        times.append(time.monotonic() - began)
        assert answer.status == 200, answer.status
        time.sleep(pause)
    return times


def percentile(times, share):
    """Returns the value below which a share of the times lies."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]
