"""`/healthz`, `/readyz`, and `/metrics`: is the process alive, can it serve, and what has it counted. Before Flask: without a session."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from portal.settings.serving import Network
from portal.watch.readiness import QUEUE
from portal.web.client_address import FORWARDED, is_within
from portal.web.headers import FILE_POLICY, FIXED, STRICT_TRANSPORT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
METRICS_TYPE = "text/plain; version=0.0.4"  # of Prometheus's text format
SAFE = ("GET", "HEAD")
OK, METHOD, UNREADY = "200 OK", "405 Method Not Allowed", "503 Service Unavailable"
HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", FILE_POLICY),
    *((name, value) for name, value in FIXED.items() if name not in ("Content-Security-Policy", "Reporting-Endpoints")),
]
HSTS = [("Strict-Transport-Security", STRICT_TRANSPORT)]


class Probes:
    """WSGI middleware that answers probes, and hands on everything else. It needs a clean REMOTE_ADDR."""

    def __init__(
        self,
        app: "WSGIApplication",
        failure: Callable[[], str],
        observers: tuple[Network, ...],
        metrics: Callable[[], str] | None = None,
    ) -> None:
        """`failure` says what keeps the portal from being ready, "" if nothing does; `observers` are shown it, and the metrics."""
        self.app, self.failure, self.observers, self.metrics = app, failure, observers, metrics

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        is_metrics = path == METRICS and self.metrics and is_observer(environ, self.observers)
        if path not in (ALIVE, READY) and not is_metrics:
            return self.app(environ, start_response)
        if environ["REQUEST_METHOD"] not in SAFE:
            return answer(environ, start_response, METHOD, "method not allowed", [("Allow", ", ".join(SAFE))])
        if path == ALIVE:
            return answer(environ, start_response, OK, "alive")
        if path == METRICS and self.metrics:
            return answer(environ, start_response, OK, self.metrics().rstrip(), kind=METRICS_TYPE)
        return self.answer_ready(environ, start_response)

    def answer_ready(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Say in a word whether the portal is ready; to observers, what it is not ready for."""
        failed = self.failure()
        is_ready = not failed or (failed == QUEUE and QUEUE in parse_qs(environ.get("QUERY_STRING", "")).get("exclude", ()))
        status, word = (OK, "ready") if is_ready else (UNREADY, "unready")
        if not is_observer(environ, self.observers):
            return answer(environ, start_response, status, word)
        return answer(
            environ, start_response, status, json.dumps({"state": word, "failed": failed or None}), kind="application/json"
        )


def is_observer(environ: "WSGIEnvironment", observers: tuple[Network, ...]) -> bool:
    """Whether the client is one of the observers.

    What came through a proxy without the address of its client is nobody's: an observer on the proxy's own machine must not lend its
    address to everybody behind the proxy.
    """
    is_told = environ.get(FORWARDED) or not any(
        name.startswith(("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")) for name in environ
    )
    return bool(is_told) and is_within(str(environ.get("REMOTE_ADDR", "")), observers)


def answer(
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
    status: str,
    text: str,
    headers: Iterable[tuple[str, str]] = (),
    kind: str = "text/plain",
) -> Iterable[bytes]:
    """Answer with a line of text, without a cookie."""
    body = f"{text}\n".encode()
    told = [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, [*told, *HEADERS, *(HSTS if environ["wsgi.url_scheme"] == "https" else []), *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
