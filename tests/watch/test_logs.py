"""The log is a JSON object a line, for requests, entries, and libraries alike; it tells no secret, and nobody else writes into it."""

import json
import logging
import re
import sys

import pytest

from portal import request_id
from portal.settings.watching import JSON, TEXT
from portal.watch import logs
from tests.support.loud import break_inserts
from tests.support.outbox import until
from tests.support.server import running_server
from tests.support.wire import CODE, Wire

OF_A_REQUEST = {"event", "level", "logger", "time", "request_id", "method", "route", "status", "ms"}
FORGED = 'one\r\ntwo\u2028three\x1b[31m", "level": "critical'
PROXY = {"PORTAL_TRUSTED_PROXIES": "1", "PORTAL_PROXY_ADDRESSES": "127.0.0.9"}
TOKEN = "canary-Kq7w9ZrT-4f1b"


def entries(log):
    """Returns the entries of a log, each of which is one line of JSON."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def requests_in(log):
    """Returns the entries of requests."""
    return [entry for entry in entries(log) if entry["event"] == "request"]


@pytest.fixture(scope="module")
def portal(sites):
    """A running portal behind a proxy at 127.0.0.9, with its log in JSON, as it is by default."""
    site = sites.seeded()
    with running_server(site, workers=1, **PROXY) as server:
        yield server
    sites.remove(site)


def test_a_request_is_one_line_without_query_address_or_person(portal):
    wire = Wire(portal)
    wire.sign_in("sam")
    status = wire.get(f"/not-me/{TOKEN}?x={TOKEN}").status
    wire.get(f"/{TOKEN}")
    wire.get(f"/sign-in?next={TOKEN}")
    told = requests_in(portal.log)
    assert {frozenset(entry) for entry in told} == {frozenset(OF_A_REQUEST)}
    seen = {(entry["method"], entry["route"], entry["status"]) for entry in told}
    assert {("POST", "/sign-in", 303), ("GET", "/not-me/<token>", status), ("GET", None, 404), ("GET", "/sign-in", 200)} <= seen
    assert TOKEN not in portal.log.read_text() and "127.0.0" not in str(told) and "sam" not in str(told)
    assert all(re.fullmatch("[0-9a-f]{16}|[0-9a-f]{32}", entry["request_id"]) and 0 < entry["ms"] < 60_000 for entry in told)


def test_gunicorn_writes_as_we_do_and_probes_and_static_files_have_no_line(portal):
    Wire(portal).get("/healthz")
    Wire(portal).get("/static/portal.css")
    assert "Booting worker with pid" in str(
        [entry["event"] for entry in entries(portal.log) if entry["logger"] == "gunicorn.error"]
    )
    assert not {entry["route"] for entry in requests_in(portal.log)} & {"/healthz", "/static/<path:filename>"}


@pytest.mark.parametrize(
    ("ip", "header", "taken"),
    [
        ("127.0.0.9", "4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("127.0.0.9", "4BF92F35-77B3-4DA6-A3CE-929D0E0E4737", "4bf92f3577b34da6a3ce929d0e0e4737"),
        ("127.0.0.1", "4bf92f3577b34da6a3ce929d0e0e4738", None),
        ("127.0.0.9", "4bf92f35", None),
        ("127.0.0.9", "4bf92f3577b34da6a3ce929d0e0e47390", None),
        ("127.0.0.9", "4bf92f3577b34da6 forged", None),
        ("127.0.0.9", "٤bf92f3577b34da6".encode().decode("latin-1"), None),
        ("127.0.0.9", "", None),
    ],
)
def test_the_number_of_a_request_is_taken_from_the_proxy_alone_and_only_if_it_is_one(portal, ip, header, taken):
    wire = Wire(portal, ip=ip)
    wire.headers = {"X-Request-ID": header, "X-Forwarded-For": "203.0.113.9"}
    wire.get("/help")
    number = requests_in(portal.log)[-1]["request_id"]
    assert number == taken if taken else re.fullmatch("[0-9a-f]{16}", number)


def test_the_reference_on_an_error_page_is_in_the_log_with_what_broke(site):
    with running_server(site, workers=1) as server:
        claimant = Wire(server)
        claimant.sign_in("sam")
        break_inserts(site, "events")
        page = claimant.post(CODE, code="123456")
        reference = re.search(r"<code[^>]*>([0-9a-f]{16})</code>", page.text)[1]
        told = [entry for entry in entries(server.log) if entry.get("request_id") == reference]
    assert page.status == 500 and [entry["event"] for entry in told] == [f"request {reference} failed", "request"]
    assert "Traceback" in told[0]["exception"] and told[0]["level"] == "error" and told[1]["route"] == CODE
    assert "123456" not in json.dumps(told)


def test_what_a_request_queued_is_delivered_under_its_number(site, mail_server):
    with running_server(site, workers=1, PORTAL_WORKER="1", PORTAL_SMTP_URL=mail_server.url) as server:
        Wire(server).sign_in("maria")
        assert until(lambda: sent_in(server.log)), "the worker has started, and its first sweep is over"
        Wire(server).sign_in("jun")
        assert until(lambda: len(sent_in(server.log)) == 2)
        number = requests_in(server.log)[-1]["request_id"]
        assert sent_in(server.log)[-1]["request_id"] == number


def sent_in(log):
    """Returns the entries of emails that were handed over."""
    return [entry for entry in entries(log) if entry["event"].endswith("mail, try 1: sent")]


@pytest.mark.parametrize("kind", [JSON, TEXT])
def test_nobody_forges_an_entry(kind):
    """Neither through what is filled in, nor through a library's own words."""
    record = logging.LogRecord("apprise", logging.WARNING, __file__, 1, f"%s {FORGED}", (FORGED,), None)
    with request_id.answering("0123456789abcdef"):
        line = logs.make_formatter(kind).format(record)
    assert line.isprintable() and "0123456789abcdef" in line
    if kind == JSON:
        told = json.loads(line)
        assert (told["event"], told["level"], told["logger"]) == (f"{FORGED} {FORGED}", "warning", "apprise")


@pytest.mark.parametrize("kind", [JSON, TEXT])
def test_a_stack_trace_shows_no_values(kind):
    def fail(password):
        raise RuntimeError("broken")

    try:
        fail(TOKEN)
    except RuntimeError:
        record = logging.LogRecord("portal", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())
    line = logs.make_formatter(kind).format(record)
    assert "RuntimeError: broken" in line and "Traceback" in line and TOKEN not in line


def test_text_is_as_it_was(site):
    with running_server(site, workers=1, PORTAL_LOG="text") as server:
        Wire(server).sign_in("maria")
        lines = server.log.read_text().splitlines()
    assert "the test bench is on: it shows codes to everyone on this machine" in lines
    assert any(re.fullmatch(r"\[.+\] \[\d+\] \[INFO\] Booting worker with pid: \d+", line) for line in lines)
    assert not any("request" in line for line in lines)


def test_logging_that_was_configured_in_another_way_stays(monkeypatch):
    theirs = logging.NullHandler()
    monkeypatch.setattr(logging.root, "handlers", [theirs])
    logs.configure(JSON, [gunicorns := logging.NullHandler()])
    assert logging.root.handlers == [theirs] and gunicorns.formatter is None
