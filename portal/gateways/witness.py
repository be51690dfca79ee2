"""Witness on the HTTP line: what became of the request that apprise sent, since apprise says only whether it succeeded."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from portal import clock
from portal.gateways import REFUSED, SENT, UNKNOWN, UNREACHABLE
from portal.gateways.replies import Row
from portal.settings import config

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

TOO_MANY_REQUESTS = 429  # a temporary failure, like every status from 500 on
CHUNK = 4096


class LastRequest(threading.local):
    """This thread's text under way, and the outcome of its last HTTP request (`known`: read from the body of the answer)."""

    is_text = False  # the worker's threads send other requests, too
    row: Row | None = None
    outcome = UNREACHABLE
    known = False

    @contextmanager
    def of_text(self, row: Row | None) -> Iterator["LastRequest"]:
        """Watch the request of one text, to a service with this row of the table."""
        self.is_text, self.row, self.outcome, self.known = True, row, UNREACHABLE, False
        try:
            yield self
        finally:
            self.is_text = False

    def conclude(self, accepted: bool) -> str:
        """The outcome of a text, given whether apprise calls it accepted: what the answer says comes first."""
        return self.outcome if self.known or not accepted else SENT


LAST_REQUEST = LastRequest()


def watch_requests() -> None:
    """Record each request's outcome from now on. apprise has no hook for it, so it is done in requests; once is enough."""
    from requests.adapters import HTTPAdapter

    if not hasattr(HTTPAdapter.send, "__wrapped__"):
        HTTPAdapter.send = observe_requests(HTTPAdapter.send)  # type: ignore[method-assign]  # see above: replaced on purpose


def observe_requests(send: Callable[..., "Response"]) -> Callable[..., "Response"]:
    """Wrap the sending of a request: the reason for a failure decides whether to retry."""
    from requests import exceptions

    def send_and_record(adapter: Any, request: "PreparedRequest", **options: Any) -> "Response":
        if not LAST_REQUEST.is_text:
            return send(adapter, request, **options)
        LAST_REQUEST.outcome, LAST_REQUEST.known = UNREACHABLE, False
        deadline = answer_deadline()
        try:
            response = send(adapter, request, **options)
            keep_answer(response, deadline)
        except (exceptions.ConnectTimeout, exceptions.SSLError, exceptions.ProxyError):
            raise
        except exceptions.RequestException as error:
            LAST_REQUEST.outcome = UNREACHABLE if failed_to_connect(error) else UNKNOWN
            raise
        record_answer(response)
        return response

    send_and_record.__wrapped__ = send  # type: ignore[attr-defined]  # marks it
    return send_and_record


def answer_deadline() -> datetime:
    """Until when the answer to a request that begins now is read."""
    return clock.now() + timedelta(seconds=config.TEXT_CONNECT_SECONDS + config.TEXT_READ_SECONDS)


def keep_answer(response: "Response", deadline: datetime) -> None:
    """Read the body, up to a limit of bytes and of time: requests itself would read on for as long as something comes.

    Raises RequestException if it breaks off and the status does not say that the text was refused.
    """
    from requests.exceptions import ConnectionError as Broken
    from urllib3.exceptions import HTTPError

    body = b""
    try:
        while len(body) < config.TEXT_ANSWER_MAX and clock.now() < deadline and (chunk := read_chunk(response)):
            body += chunk
    except (HTTPError, OSError) as error:
        if response.status_code < 400:
            raise Broken(error) from error
    response.close()  # what is left is not waited for
    response._content, response._content_consumed = body, True


def read_chunk(response: "Response") -> bytes:
    """What has arrived of the body, at most a chunk; b"" at its end."""
    chunk: bytes = response.raw.read1(CHUNK, decode_content=True)
    return chunk


def record_answer(response: "Response") -> None:
    """The outcome of an answered request: by its body where the table knows it, else by its status."""
    status: int = response.status_code
    if status == TOO_MANY_REQUESTS or status >= 500:
        return  # as begun: UNREACHABLE
    said = LAST_REQUEST.row.judge(response.content) if LAST_REQUEST.row else None
    is_accepted = 200 <= status < 300
    LAST_REQUEST.known = said is not None and (is_accepted or said != SENT)
    LAST_REQUEST.outcome = said if said is not None and LAST_REQUEST.known else REFUSED


def failed_to_connect(error: Exception) -> bool:
    """Whether a request failed before its first byte was sent: name resolution, connection refused."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
