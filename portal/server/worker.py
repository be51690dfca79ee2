"""Gunicorn's worker: waitress reads whole requests outside the threads that answer them, and slow or silent clients lose their place."""

import logging
import math
import os
import re
import select
import socket
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import RequestEntityTooLarge

from portal import clock, passwords
from portal.limit_address import limit_address
from portal.server.busyness import busyness_of
from portal.server.dispatcher import Dispatcher
from portal.settings import config
from portal.web.client_address import is_within, read_client_address
from portal.web.headers import plain_headers

# What a connection is doing, and for how many seconds it may. While it answers, it only has to get on.
IDLE, HEADERS, BODY, ANSWER, TAKING = "idle", "headers", "body", "answer", "taking"
LONGEST = {
    IDLE: config.CONNECTION_IDLE_SECONDS,
    HEADERS: config.HEADERS_SECONDS,
    BODY: config.BODY_SECONDS,
    ANSWER: math.inf,
    TAKING: math.inf,  # SEND_SECONDS without a byte
}
WITH_TOKEN = (
    "set-up-again", "new-password", "confirm-address", "unblock", "not-me", "phone-found", "recovery/set-up", "recovery/stop",
    "sign-in/new-browser", "reports/texts",
)  # fmt: skip
EMAILED_LINK = re.compile(rf"/({'|'.join(WITH_TOKEN)})/[\w-]+")
RAW_BYTE = re.compile(rb"[\x80-\xff]")
BLANKS = re.compile(r"[ \t]+")  # long runs of them take Werkzeug seconds to read
AGAIN_SECONDS = 0.01  # until a process that has its share of connections looks again whether it takes new ones
LOOP_SECONDS = 1.0  # the longest that the loop sleeps, and how often overdue connections are looked for


def mask_link(value: object) -> object:
    """The text without the tokens of emailed links: each is a bearer credential."""
    return EMAILED_LINK.sub(r"/\1/…", value) if isinstance(value, str) else value


def mask_record(record: logging.LogRecord) -> bool:
    """A logging filter: waitress names the path of a request that broke off."""
    record.msg = mask_link(record.msg)
    return True


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """One request. What waitress can't read is answered by itself, in plain text; a form that is too large, by the portal's page."""

    error: Any = None
    path: str

    def parse_header(self, header_plus: bytes) -> None:
        first, end, rest = header_plus.partition(b"\r\n")
        try:  # browsers encode the bytes of other alphabets, and other programs don't
            super().parse_header(RAW_BYTE.sub(lambda found: b"%%%02X" % ord(found[0]), first) + end + rest)
        except ValueError as error:  # urlsplit() on a target such as http://[
            raise ParsingError("The request's target is malformed.") from error
        if "COOKIE" in self.headers:
            self.headers["COOKIE"] = BLANKS.sub(" ", self.headers["COOKIE"])
        if self.path.startswith("//"):  # as the page will be looked for, so that a form has one address in every line
            self.path = "/" + self.path.lstrip("/")

    def received(self, data: bytes) -> int:
        """Hand on a form that is too large without its body: Flask refuses it by its length, with a page (413)."""
        consumed: int = super().received(data)
        if self.error:
            self.expect_continue = False  # nobody has to send what is refused already
        if isinstance(self.error, RequestEntityTooLarge) and not self.chunked:
            self.error = None
            self.headers["CONNECTION"] = "close"  # the rest of the body is never read
        return consumed


class Task(WSGITask):  # type: ignore[misc]  # waitress has no types
    """One answer, with a line in gunicorn's access log if there is one."""

    def start(self) -> None:
        super().start()
        self.began = clock.monotonic()

    def build_response_header(self) -> bytes:
        """The head of the answer; the last one of its connection once the process stops, so that no later request is lost."""
        if self.channel.server.is_stopping:
            self.request.headers["CONNECTION"] = "close"
        head: bytes = super().build_response_header()
        return head

    def finish(self) -> None:
        super().finish()
        told = self.channel.server.task_dispatcher.told_to_wait
        told.note(self.request.headers, self.request.path, self.status, self.response_headers)
        log = self.channel.server.log
        if log.access_log_enabled:
            response = SimpleNamespace(status=self.status, headers=self.response_headers, sent=self.content_bytes_written)
            environ = self.environ | {"RAW_URI": self.environ["REQUEST_URI"]}
            log.access(response, self.request, environ, timedelta(seconds=clock.monotonic() - self.began))


class Refusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """waitress' own answer to what it can't read, with the portal's headers."""

    def build_response_header(self) -> bytes:
        self.response_headers += self.channel.server.plain_headers
        head: bytes = super().build_response_header()
        return head


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows what it is doing, and since when."""

    parser_class, task_class, error_task_class = Parser, Task, Refusal

    def __init__(self, server: "Server", *args: Any, **kwargs: Any) -> None:
        self.phase, self.since = HEADERS, clock.monotonic()  # a new connection has to say something
        self.unsent = 0  # bytes of an answer that the client has not taken
        super().__init__(server, *args, **kwargs)
        self.peer = read_client_address(self.addr[0])
        self.who = limit_address(self.peer)
        server.make_room(self)

    def received(self, data: bytes) -> bool:
        result: bool = super().received(data)
        self.look()
        return result

    def look(self) -> None:
        """Take down what the connection is doing now."""
        if self.requests:
            phase = ANSWER
        elif self.total_outbufs_len:
            phase = TAKING
        elif self.request is None:
            phase = HEADERS if self.phase == HEADERS else IDLE
        else:
            phase = BODY if self.request.headers_finished else HEADERS
        if phase != self.phase or self.total_outbufs_len != self.unsent:
            self.phase, self.since, self.unsent = phase, clock.monotonic(), self.total_outbufs_len

    def is_overdue(self) -> bool:
        """Whether it took too long to send what it began, or to take a part of its answer."""
        longest = config.SEND_SECONDS if self.unsent else LONGEST[self.phase]
        return clock.monotonic() - self.since > longest

    def is_awaited(self) -> bool:
        """Whether a request arrives, or may be on its way: its client was silent for a moment only, and can't know that we stop."""
        return self.request is not None or clock.monotonic() - self.since < config.STOP_QUIET_SECONDS


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """One listening socket and its connections. With too many of them, whoever has waited longest makes room."""

    channel_class = Channel

    def __init__(self, worker: "BufferingWorker", sock: socket.socket, adjustments: Adjustments, **shared: Any) -> None:
        self.worker, self.log = worker, worker.log
        self.leaving: set[Channel] = set()
        self.is_stopping = False
        settings = getattr(worker.wsgi, "extensions", {}).get("settings")
        self.proxies = settings.proxies if settings else ()
        self.plain_headers = plain_headers(settings) if settings else []
        place = (sock.family, sock.type, sock.proto, sock.getsockname())
        super().__init__(worker.wsgi, _sock=sock, adj=adjustments, sockinfo=place, bind_socket=False, **shared)

    def readable(self) -> bool:
        """Whether it takes new connections now."""
        takes: bool = super().readable()
        return takes and not self.worker.has_its_share

    def count_busy(self) -> int:
        """How many connections are not idle."""
        return sum(each.phase != IDLE for each in self.active_channels.values())

    def maintenance(self, now: float) -> None:
        """Nothing: clean_up() does it, between two looks at the sockets, so that no number of a socket is reused in the middle."""

    def make_room(self, new: Channel) -> None:
        """Let the connection leave that has waited longest: of the same address if it has too many, or of all."""
        waiting = [each for each in self.active_channels.values() if each.phase != ANSWER and each not in self.leaving]
        same = [] if is_within(new.peer, self.proxies) else [each for each in waiting if each.who == new.who]
        for those, most in ((same, config.CONNECTIONS_PER_ADDRESS), (waiting, config.CONNECTIONS)):
            if len(those) > most:
                self.leaving.add(min(those, key=lambda each: each.since))
                return

    def clean_up(self) -> None:
        """Close what has to leave."""
        for channel in list(self.active_channels.values()):
            channel.look()
            if channel.is_overdue() or (channel in self.leaving and channel.phase != ANSWER):
                channel.handle_close()
        self.leaving.clear()

    def stop_listening(self) -> None:
        """Take the connections that have been made already, and no other."""
        self.is_stopping = True
        for _ in range(self.adj.backlog):
            if not select.select([self.socket], [], [], 0)[0]:
                break
            self.handle_accept()
        wasyncore.dispatcher.close(self)

    def is_at_work(self, wait_for_requests: bool) -> bool:
        """Whether an answer is under way, or, if that is asked, a request arrives or may be on its way."""
        channels = self.active_channels.values()
        return any(each.requests or each.total_outbufs_len or (wait_for_requests and each.is_awaited()) for each in channels)


class BufferingWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """A process of gunicorn's: one thread reads and writes for all connections, the others answer requests."""

    has_its_share = False  # of the connections, so that another process takes the next one

    def __init__(self, *of_gunicorn: Any) -> None:
        super().__init__(*of_gunicorn)
        self.busyness = busyness_of(self.ppid)  # not forked yet

    def run(self) -> None:
        """Serve until the process is told to stop, then finish the answers that were begun."""
        logging.getLogger("waitress").addFilter(mask_record)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of each request that waits for a thread
        self.map: dict[int, Any] = {}
        dispatcher = Dispatcher()
        dispatcher.set_thread_count(self.cfg.threads)
        adjustments = Adjustments(
            ident=None,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,  # portal/web/client_address.py reads or ignores them
            connection_limit=config.CONNECTIONS + config.CONNECTIONS_PER_ADDRESS,  # if nobody makes room, new ones wait
            max_request_header_size=config.HEADERS_MAX_BYTES,
            max_request_body_size=max(config.BODY_MAX_BYTES, getattr(self.wsgi, "config", {}).get("BODY_MAX_BYTES", 0)),
        )
        self.servers = [Server(self, each.sock, adjustments, map=self.map, dispatcher=dispatcher) for each in self.sockets]
        while self.alive and os.getppid() == self.ppid:
            self.compare()
            self.turn(AGAIN_SECONDS if self.has_its_share else LOOP_SECONDS)
        self.finish(dispatcher)

    def compare(self) -> None:
        """Tell the other processes how busy this one is, and see whether it is busier than another."""
        busy = sum(server.count_busy() for server in self.servers)
        self.busyness.tell(self.age, busy)
        self.has_its_share = self.busyness.has_its_share(self.age, busy)

    def finish(self, dispatcher: Dispatcher) -> None:
        """Answer what has arrived or is arriving."""
        self.has_its_share = False
        self.busyness.leave(self.age)
        began = clock.monotonic()
        for server in self.servers:
            server.stop_listening()
        self.turn(0.1)  # for requests that arrived meanwhile
        while (spent := clock.monotonic() - began) < self.cfg.graceful_timeout:
            if not any(server.is_at_work(spent < config.STOP_SECONDS) for server in self.servers):
                break
            self.turn(0.1)
        dispatcher.shutdown(timeout=max(0, self.cfg.graceful_timeout - spent))

    def turn(self, seconds: float) -> None:
        """Wait for the sockets, serve them once, and let go of whoever is overdue."""
        self.notify()
        wasyncore.loop(timeout=seconds, use_poll=True, map=self.map, count=1)
        for server in self.servers:
            server.clean_up()
        passwords.HASHING.rest()

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        for server in getattr(self, "servers", []):
            server.pull_trigger()
