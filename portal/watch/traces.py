"""Traces for OpenTelemetry: a span for each request, delivery, and database transaction. Imported only where PORTAL_TRACES_URL is set.

No span has an address as typed, a query, a person, a statement, or what an error says. Nothing is taken from outside: a `traceparent`
that came with a request is not read (decision 50).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from opentelemetry.semconv.attributes.http_attributes import HTTP_REQUEST_METHOD, HTTP_RESPONSE_STATUS_CODE, HTTP_ROUTE
from opentelemetry.semconv.attributes.url_attributes import URL_SCHEME
from opentelemetry.trace import Span, SpanKind

from portal import request_id
from portal.flows.messages.outbox import Tell, tell_nobody
from portal.gateways import HELD, KEPT, SENT
from portal.watch.requests import ROUTE
from portal.watch.spans import fail, working
from portal.watch.traces_out import Sender
from portal.watch.transactions import Transactions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))
OTHER = "_OTHER"  # any other method, as OpenTelemetry has it: it is a word that a stranger chose
REQUEST_ID = "portal.request_id"
MESSAGE, ATTEMPT, RESULT = "portal.message.kind", "portal.message.attempt", "portal.message.result"
LEFT = "left"  # a delivery that found nothing to do: another worker has the row, or it is over
BROKEN = 500  # the first status that is the portal's own fault


class Traces:
    """One app's. Nothing is traced, and no thread runs, before a process that serves has called `start`."""

    def __init__(self, app: Flask, url: str) -> None:
        self.sender = Sender(url)
        self.transactions = Transactions(app.extensions["engine"], self.sender)
        app.extensions["traces"], app.extensions["queue"].delivering = self, self.delivering

    def around(self, app: "WSGIApplication") -> "WSGIApplication":
        """The app with a span for each request. It belongs right inside of `watch.requests`, which numbers them."""
        return partial(self.answer, app)

    def answer(self, app: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        tracer = self.sender.tracer
        if tracer is None:
            return app(environ, start_response)
        status = BROKEN

        def start(told: str, *rest: Any) -> Any:
            nonlocal status
            status = int(told[:3])
            return start_response(told, *rest)

        with working(tracer, SpanKind.SERVER) as span:
            try:
                return app(environ, start)
            finally:
                describe_request(span, environ, status)

    @contextmanager
    def delivering(self) -> Iterator[Tell]:
        """A span for one delivery; yields what is to be told its kind, attempt, and result."""
        tracer = self.sender.tracer
        if tracer is None:
            yield tell_nobody
            return
        with working(tracer, SpanKind.CONSUMER) as span:
            span.update_name("deliver")
            span.set_attribute(RESULT, LEFT)
            if number := request_id.current.get():
                span.set_attribute(REQUEST_ID, number)
            yield partial(describe_delivery, span)


def describe_request(span: Span, environ: "WSGIEnvironment", status: int) -> None:
    """What is told of a request: the pattern of its address, never the address."""
    method, route = environ["REQUEST_METHOD"], environ.get(ROUTE)
    known = method if method in METHODS else OTHER
    span.update_name(" ".join(filter(None, (known if known != OTHER else "HTTP", route))))
    told = {
        HTTP_REQUEST_METHOD: known,
        URL_SCHEME: environ["wsgi.url_scheme"],
        HTTP_RESPONSE_STATUS_CODE: status,
        REQUEST_ID: environ[request_id.ENVIRON],
    }
    span.set_attributes(told | {HTTP_ROUTE: route} if route else told)
    if status >= BROKEN:
        fail(span, str(status))


def describe_delivery(span: Span, kind: str, attempt: int, result: str) -> None:
    """What is told of a delivery: words and a number of ours."""
    span.update_name(f"deliver {kind}")
    span.set_attributes({MESSAGE: kind, ATTEMPT: attempt, RESULT: result})
    if result not in (SENT, KEPT, HELD):
        fail(span, result)
