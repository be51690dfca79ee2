"""Spans of requests, transactions, and deliveries reach a collector, tell of nobody, and slow no page; off, nothing is imported."""

import contextlib
import re
import sqlite3
import sys
import threading
import time
from types import MethodType

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.db import begin_write, db
from portal.settings import config
from portal.settings.addresses import SettingError
from portal.watch import traces_out
from tests.support.application import application
from tests.support.collector import Collector, silent_collector
from tests.support.outbox import running_worker, until
from tests.support.server import running_server
from tests.support.sites import DATABASE
from tests.support.wire import Wire
from tests.watch.test_logs import requests_in

FORGED = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{FORGED}-00f067aa0ba902b7-01"
QUICK = 1.0  # seconds: a page that waits for a collector would take five


@contextlib.contextmanager
def traced(site, url, **settings):
    """Yields the app with traces on, as a process that serves has them."""
    with application(site, PORTAL_TRACES_URL=url, **settings) as app:
        sender = app.extensions["traces"].sender
        sender.start()
        try:
            yield app
        finally:
            sender.stop()


def seen(collector, app):
    """Returns the spans of an app that stops now."""
    app.extensions["traces"].sender.stop()
    return collector.spans()


@pytest.mark.long
def test_a_sign_in_and_its_email_are_traced_from_a_real_server_and_worker(site, collector, mail_server):
    given = {"PORTAL_TRACES_URL": collector.url, "PORTAL_SMTP_URL": mail_server.url}
    given |= {"OTEL_SERVICE_NAME": "clinic", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20canary-token"}
    with running_server(site, workers=1, **given) as server, running_worker(site, **given) as worker:
        Wire(server).sign_in("maria")
        assert until(lambda: mail_server.box), "the worker has started, and its first sweep is over"
        person = Wire(server)
        person.headers = {"traceparent": TRACEPARENT, "tracestate": "a=b", "baggage": "who=jun"}
        assert person.sign_in("jun").status == 303
        assert until(lambda: len(mail_server.box) == 2)
        number = requests_in(server.log)[-1]["request_id"]
        worker.end()
        server.stop()
    spans = collector.spans()
    signed_in = next(span for span in spans if span.name == "POST /sign-in" and span.attributes["portal.request_id"] == number)
    assert signed_in.kind == "SERVER" and not signed_in.parent and not signed_in.failed
    assert signed_in.attributes == {
        "http.request.method": "POST", "http.route": "/sign-in", "http.response.status_code": 303, "url.scheme": "http",
        "portal.request_id": number,
    }  # fmt: skip
    inside = [span for span in spans if span.parent == signed_in.id]
    assert inside and {span.trace for span in inside} == {signed_in.trace}
    assert {(span.name, span.kind, span.attributes["db.system.name"]) for span in inside} == {
        ("transaction", "CLIENT", "postgresql" if "postgresql" in site.database_url else "sqlite")
    }
    ends = [(span.attributes["portal.transaction.writes"], span.attributes["portal.transaction.end"]) for span in inside]
    assert (True, "committed") in ends and all(signed_in.start <= each.start < each.end <= signed_in.end for each in inside)
    [delivery] = deliveries(collector, number)
    assert delivery.kind == "CONSUMER" and not delivery.failed
    assert delivery.attributes == {
        "portal.message.kind": "mail", "portal.message.attempt": 1, "portal.message.result": "sent", "portal.request_id": number,
    }  # fmt: skip
    assert [span for span in spans if span.parent == delivery.id]
    assert FORGED not in {span.trace for span in spans}, "a stranger's traceparent was taken"
    assert {span.service["service.name"] for span in spans} == {"clinic"} and set(collector.paths) == {"/v1/traces"}
    assert {headers["Authorization"] for headers in collector.headers} == {"Bearer canary-token"}
    assert "canary-token" not in server.log.read_text()
    hosts = {key for span in spans for key in span.service} & {"host.name", "process.pid", "process.command", "process.owner"}
    assert not hosts


def deliveries(collector, number):
    """Returns the spans of emails that the request of that number has queued."""
    return [
        span for span in collector.spans() if span.name == "deliver mail" and span.attributes.get("portal.request_id") == number
    ]


@pytest.mark.once("looks at addresses that ask the database nothing")
def test_a_request_tells_the_pattern_of_its_address_and_nothing_that_was_typed(site, collector):
    with traced(site, collector.url) as app:
        client = app.test_client()
        client.get("/not-me/canary-token?code=canary-query", headers={"User-Agent": "canary-agent", "Referer": "http://canary/"})
        client.get("/canary-path")
        client.open("/sign-in", method="CANARY")
        client.get("/static/portal.css").close()
        client.get("/healthz")
        spans = seen(collector, app)
    asked = [span for span in spans if span.kind == "SERVER"]
    assert [span.name for span in asked] == ["GET /not-me/<token>", "GET", "HTTP"]
    assert [span.attributes["http.response.status_code"] for span in asked[1:]] == [404, 405]
    assert asked[2].attributes["http.request.method"] == "_OTHER" and "http.route" not in asked[1].attributes
    assert not [body for body in collector.bodies if re.search(rb"(?i)canary", body)]


def test_what_breaks_is_marked_by_its_kind_and_never_by_its_words(site, collector):
    """A page that fails, and a delivery whose statement is wrong."""
    with traced(site, collector.url) as app:
        rule = next(each for each in app.url_map.iter_rules() if each.rule == "/sign-in" and "GET" in each.methods)
        app.view_functions[rule.endpoint] = fail_with_words
        app.test_client().get("/sign-in")
        with pytest.raises(DBAPIError), app.extensions["queue"].delivering(), app.app_context():
            db.session.execute(text("SELECT 1"))
            begin_write().execute(text("SELECT canary FROM nowhere"))
        spans = seen(collector, app)
    page, delivery = (next(span for span in spans if span.kind == kind) for kind in ("SERVER", "CONSUMER"))
    assert page.failed and page.attributes["error.type"] == "500"
    assert delivery.failed and delivery.attributes["error.type"] in ("OperationalError", "ProgrammingError")
    inside = [(span.failed, span.attributes["portal.transaction.end"]) for span in spans if span.parent == delivery.id]
    assert inside == [(False, "rolled back")] * 2
    assert {word for span in spans for word in span.words} == {""}
    assert not [body for body in collector.bodies if re.search(rb"(?i)canary|SELECT", body)]


def fail_with_words(*_):
    raise RuntimeError("canary words")


@pytest.mark.once("only SQLite waits for a lock where a transaction begins")
def test_a_lock_that_is_waited_for_in_vain_is_told(site, collector, monkeypatch):
    monkeypatch.setattr(config, "DATABASE_WAIT_SECONDS", 0.1)
    with traced(site, collector.url) as app:
        with app.app_context():
            db.session.execute(text("SELECT 1"))  # opens the connection
        with contextlib.closing(sqlite3.connect(site.folder / DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(OperationalError), app.extensions["queue"].delivering(), app.app_context():
                begin_write()
        spans = seen(collector, app)
    told = [(span.failed, span.attributes["portal.transaction.end"]) for span in spans if span.name == "transaction"]
    assert told == [(True, "not begun")]


def test_a_transaction_whose_connection_is_lost_is_told(site, collector):
    with traced(site, collector.url) as app:
        with app.extensions["queue"].delivering(), app.app_context():
            begin_write().connection().invalidate()
        spans = seen(collector, app)
    assert [span.attributes["portal.transaction.end"] for span in spans if span.name == "transaction"] == ["lost"]


@pytest.fixture
def hurried(monkeypatch):
    """Spans are sent one by one and at once, and few of them may wait."""
    for name, value in {"BATCH_SPANS": 1, "DELAY_MILLISECONDS": 10, "QUEUE_SPANS": 8, "STOP_SECONDS": 0.5}.items():
        monkeypatch.setattr(traces_out, name, value)


@pytest.mark.once("measures this process's time, with a collector that fails")
def test_a_silent_collector_slows_no_page_and_no_end_and_fills_no_memory(site, hurried, caplog):
    with silent_collector() as url, traced(site, url) as app:
        client, took, sender = app.test_client(), [], app.extensions["traces"].sender
        for _ in range(20):
            began = time.monotonic()
            assert client.get("/sign-in").status_code == 200
            took.append(time.monotonic() - began)
        began = time.monotonic()
        sender.stop()
        ended = time.monotonic() - began
        assert client.get("/sign-in").status_code == 200, "a request that is answered after the end"
    assert max(took) < QUICK and ended < traces_out.STOP_SECONDS + QUICK
    said = [record.getMessage() for record in caplog.records]
    sender.processor.span_exporter.shutdown()
    assert until(lambda: not senders()), "its last try"
    assert (
        "Queue full, dropping Span." in said
        and "the last traces are lost: the collector of PORTAL_TRACES_URL did not take them in time" in said
    )


@pytest.mark.once("looks at the log of this process")
def test_a_collector_that_is_away_is_named_once_and_so_is_its_return(site, hurried, caplog, monkeypatch):
    monkeypatch.setattr(traces_out, "EXPORT_SECONDS", 0.75)  # less than the pause before a second try
    collector = Collector()
    with traced(site, collector.url) as app:
        client, exporter = app.test_client(), app.extensions["traces"].sender.processor.span_exporter
        tries = []
        monkeypatch.setattr(exporter, "export", lambda spans, export=exporter.export: tries.append(export(spans)))
        for count in (1, 2, 3):
            client.get("/sign-in")
            assert until(lambda count=count: len(tries) == count)
        assert said_of_collector(caplog) == [
            "takes no traces: Failed to export spans batch due to timeout, max retries or shutdown."
        ]
        collector.up()
        assert until(lambda: client.get("/sign-in") and collector.spans())
        assert until(lambda: said_of_collector(caplog)[1:] == ["takes traces again"])
    collector.down()


def said_of_collector(caplog):
    """Returns what the log says of the collector, by us or by OpenTelemetry."""
    said = [
        record.getMessage() for record in caplog.records if record.name.startswith(("opentelemetry.exporter", "portal.watch"))
    ]
    return [words.removeprefix("the collector of PORTAL_TRACES_URL ") for words in said]


def test_off_there_is_no_wrapper_no_listener_and_no_thread(site):
    with application(site) as off, application(site, PORTAL_TRACES_URL="http://127.0.0.1:4318") as on:
        assert "traces" not in off.extensions and "traces" in on.extensions
        assert [innermost(app.wsgi_app) == MethodType(Flask.wsgi_app, app) for app in (off, on)] == [True, False]
        assert [len(app.extensions["engine"].dispatch.begin.listeners) for app in (off, on)] == [1, 2]
        assert not [name for name in ("do_commit", "do_rollback") if name in vars(off.extensions["engine"].dialect)]
    assert not senders(), "before a process serves"


def senders():
    """Returns the threads that send spans."""
    return [thread for thread in threading.enumerate() if "Otel" in thread.name]


def innermost(app):
    """Returns what is inside of all middleware."""
    while inside := getattr(app, "application", None) or getattr(app, "app", None):
        app = inside
    return app


def test_tracing_asks_the_database_nothing(site, collector):
    asked = {}
    for name, enter in {"off": lambda: application(site), "on": lambda: traced(site, collector.url)}.items():
        with enter() as app:
            heard = []
            event.listen(app.extensions["engine"], "before_cursor_execute", lambda *args, heard=heard: heard.append(args[2]))
            client = app.test_client()
            page = client.get("/sign-in").text
            token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
            client.post("/sign-in", data={"csrf_token": token, "username": "nobody", "password": "nothing"})
            asked[name] = len(heard)
    assert asked["on"] == asked["off"] > 0


@pytest.mark.once("looks at what is imported")
def test_without_the_extra_the_start_says_what_to_install(site, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("portal.watch.t", "portal.watch.spans", "opentelemetry"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    sentence = r"^PORTAL_TRACES_URL needs opentelemetry[.a-z]*\. Install the extra otel, or unset it\.$"
    with pytest.raises(SettingError, match=sentence), application(site, PORTAL_TRACES_URL="http://127.0.0.1:4318"):
        pass


@pytest.mark.once("asks what the environment says, and no row")
def test_what_opentelemetry_would_tell_of_the_machine_stays_untold(site, collector, monkeypatch):
    for name, value in {
        "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "process,host,os",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_BSP_MAX_QUEUE_SIZE": "nonsense",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "1",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "nonsense",
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=production",
    }.items():
        monkeypatch.setenv(name, value)
    with traced(site, collector.url + "/v1/traces") as app:
        app.test_client().get("/sign-in")
        [span] = [span for span in seen(collector, app) if span.kind == "SERVER"]
    assert span.attributes["http.route"] == "/sign-in" and collector.paths == ["/v1/traces"]
    assert set(span.service) == {
        "service.name", "service.version", "service.instance.id", "deployment.environment.name",
        "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version",
    }  # fmt: skip
