"""What is noted of each request: its number, and a line in the log. It has no query, no address as typed, and no person."""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from portal import clock, request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
ROUTE = "portal.route"  # in the environment of a request: the pattern of its address, None if there is no such page
FACTS = "of_request"  # what a record has about a request
MILLISECONDS = 1000


class Requests:
    """WSGI middleware right around Flask: static files and probes stay outside."""

    def __init__(self, app: "WSGIApplication", count: Callable[[str | None, int, float], object] | None = None) -> None:
        """`count` is told the route, the status, and the seconds of each request."""
        self.app, self.count = app, count

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        number = environ.setdefault(request_id.ENVIRON, request_id.new_id())
        began, status = clock.monotonic(), "500"

        def start(told: str, *rest: Any) -> Any:
            nonlocal status
            status = told[:3]
            return start_response(told, *rest)

        token = request_id.current.set(number)
        try:
            return self.app(environ, start)
        finally:
            self.note(environ, int(status), clock.monotonic() - began)
            request_id.current.reset(token)

    def note(self, environ: "WSGIEnvironment", status: int, seconds: float) -> None:
        """Write the line and count the request, each if that is on."""
        if self.count:
            self.count(environ.get(ROUTE), status, seconds)
        if log.isEnabledFor(logging.INFO):
            milliseconds = round(seconds * MILLISECONDS, 1)
            facts = {"method": environ["REQUEST_METHOD"], "route": environ.get(ROUTE), "status": status, "ms": milliseconds}
            log.info("request", extra={FACTS: facts})
