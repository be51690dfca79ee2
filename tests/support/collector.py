"""A real receiver of OTLP over HTTP on loopback, which keeps what it was sent; it can also be silent, or away."""

import contextlib
import http.server
import socket
import threading
from types import SimpleNamespace

import pytest

from tests.support.server import free_port


class Collector:
    """`bodies` and `headers` are those of each request; `spans` decodes them."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.bodies, self.headers, self.paths = [], [], []
        self.server = None

    def up(self):
        """Starts the receiver and returns it."""
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def down(self):
        """Stops the receiver; it keeps its port."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def spans(self):
        """Returns every span: name, kind, attributes, trace, id, parent ("" for a root), failed, words, service, start, end."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # a fifth of a second

        found = []
        for body in list(self.bodies):
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = told(group.resource.attributes)
                found += [read(span, service) for scope in group.scope_spans for span in scope.spans]
        return found

    def _handler(self):
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.bodies.append(body)
                collector.headers.append(self.headers)
                collector.paths.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")  # of a response without a word
                self.end_headers()

            def log_message(self, *args):
                pass

        return Handler


def told(attributes):
    """Returns attributes as a dictionary."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def read(span, service):
    """Returns one span in words."""
    from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

    return SimpleNamespace(
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        attributes=told(span.attributes),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        words=[span.status.message, *(event.name for event in span.events)],
        service=service,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
    )


@contextlib.contextmanager
def running_collector():
    """Yields a running Collector."""
    collector = Collector().up()
    try:
        yield collector
    finally:
        collector.down()


@contextlib.contextmanager
def silent_collector():
    """Yields the URL of one that takes connections and requests, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def collector():
    """A running collector for this test."""
    with running_collector() as running:
        yield running
