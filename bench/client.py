"""A small closed-loop client: a few loopback connections, each sending its next request once the last was answered."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

CONNECTIONS = 4
SLICE_SECONDS = 90  # a slice ends after this, finished or not
TIMEOUT = 90  # seconds, as fifty people who sign in at once wait for each other
TOO_BUSY = 503
WAIT_SECONDS = 0.1  # of somebody who was told to wait, until the next try
TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header that occurs once, "" if it is missing."""
        found = re.search(rf"^{name}: (.*)\r$", self.head, re.IGNORECASE | re.MULTILINE)
        return found[1] if found else ""

    @property
    def token(self) -> str:
        """The CSRF token in the page's forms."""
        return TOKEN.search(self.body)[1].decode()


class Connection:
    """A keep-alive connection, reopened if the server has closed it."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        """`source`: the address that it comes from, any in 127.0.0.0/8."""
        self.port, self.source = port, source
        self.socket: socket.socket | None = None
        self.times: list[float] = []

    def ask(self, request: bytes) -> Answer:
        """Send a request, record the response time in seconds, and return the response."""
        started = time.perf_counter()
        data = self._exchange(request) if self.socket else None
        if data is None:  # a new connection, or one that the server closed while idle
            self.close()
            self.socket = socket.create_connection(("127.0.0.1", self.port), TIMEOUT, (self.source, 0))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = self._exchange(request)
        self.times.append(time.perf_counter() - started)
        if data is None:
            raise ConnectionError("the server closed the connection without an answer")
        head, body = data
        if b"\r\nconnection: close" in head.lower():
            self.close()
        return Answer(int(head[9:12]), head.decode("latin-1"), body)

    def close(self) -> None:
        if self.socket:
            self.socket.close()
        self.socket = None

    def _exchange(self, request: bytes) -> tuple[bytes, bytes] | None:
        try:
            self.socket.sendall(request)
            data = self.socket.recv(65536)
            if not data:
                return None
            while b"\r\n\r\n" not in data:
                data += self._more()
            head, _, body = data.partition(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
            while len(body) < length:
                body += self._more()
        except (BrokenPipeError, ConnectionResetError):
            return None
        return head + b"\r\n", body

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the answer ended early")
        return data


@dataclass
class Browser:
    """One person's cookies, and the CSRF token of the open page."""

    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    connection: Connection | None = None
    refused: int = 0  # how often it was told to wait

    def get(self, path: str) -> Answer:
        """Request a page."""
        return self._send(f"GET {path} HTTP/1.1\r\n{self._head()}\r\n".encode())

    def post(self, path: str, **fields: str) -> Answer:
        """Submit a form with its CSRF token."""
        body = urlencode({"csrf_token": self.token, **fields})
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return self._send(f"POST {path} HTTP/1.1\r\n{self._head()}{form}\r\n{body}".encode())

    def _head(self) -> str:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return (
            f"Host: 127.0.0.1:{self.connection.port}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/140 bench\r\n"
            f"Accept: text/html\r\nAccept-Language: en\r\n" + (f"Cookie: {cookie}\r\n" if cookie else "")
        )

    def _send(self, request: bytes) -> Answer:
        answer = self.connection.ask(request)
        while answer.status == TOO_BUSY:
            self.refused += 1
            time.sleep(WAIT_SECONDS)
            answer = self.connection.ask(request)
        for name, value in re.findall(r"^Set-Cookie: ([^=]+)=([^;\r]*)", answer.head, re.IGNORECASE | re.MULTILINE):
            self.cookies[name] = value
        return answer


Task = tuple[Browser, Callable[[Browser], None]]


@dataclass(frozen=True)
class Slice:
    """The timing of one run: seconds per request, and in total."""

    times: list[float]
    seconds: float
    tasks: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.times) / self.seconds


def run(port: int, tasks: Iterable[Task], connections: int = CONNECTIONS) -> Slice:
    """Run the tasks, each on one connection. An unexpected response ends the run."""
    pending, lock, errors, done = iter(tasks), threading.Lock(), [], []
    opened = [Connection(port) for _ in range(connections)]
    deadline = time.monotonic() + SLICE_SECONDS

    def work(connection: Connection) -> None:
        while not errors and time.monotonic() < deadline:
            with lock:
                browser, action = next(pending, (None, None))
            if browser is None:
                return
            browser.connection = connection
            try:
                action(browser)
            except (AssertionError, OSError, AttributeError, TypeError) as error:
                errors.append(error)
            done.append(1)

    threads = [threading.Thread(target=work, args=(connection,)) for connection in opened]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    for connection in opened:
        connection.close()
    if errors:
        raise errors[0]
    return Slice([each for connection in opened for each in connection.times], seconds, len(done))
