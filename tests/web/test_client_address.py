"""Who asks: one reading of addresses, and of proxies' headers, for limits, events, sessions, and emails."""

import logging

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.models import Session
from portal.settings.environment import load_settings
from portal.settings.serving import read_proxy_addresses
from portal.web.client_address import ClientAddress, read_client_address
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import Wire

LONG = "2001:db8:1111:2222:3333:4444:5555:6666"
READ = {
    "203.0.113.9": "203.0.113.9",
    "203.0.113.9:50211": "203.0.113.9",
    " 203.0.113.9 ": "203.0.113.9",
    "[203.0.113.9]:80": "203.0.113.9",
    "2001:DB8:0::1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:db8::1]:443": "2001:db8::1",
    f"[{LONG}]:65535": LONG,
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25eth0]:443": "fe80::1",
    "::ffff:203.0.113.9": "203.0.113.9",
    "::FFFF:cb00:7109": "203.0.113.9",
    "[::ffff:203.0.113.9]:50211": "203.0.113.9",
}
JUNK = [
    "",
    "unknown",
    "_hidden",
    "203.0.113",
    "203.0.113.009",
    "203.0.113.9:port",
    "203.0.113.9:123456",
    "[2001:db8::1",
    "[]:80",
    "a" * 5000,
]


@pytest.mark.parametrize(("text", "address"), READ.items())
def test_an_address_is_read_in_every_way_that_it_is_written(text, address):
    assert read_client_address(text) == address


@pytest.mark.parametrize("text", [*JUNK, "1" * 5000, "\x00", "٢٠٣.0.113.9", "127.1", "0x7f000001"])
def test_anything_else_is_unknown(text):
    assert read_client_address(text) == "unknown"


@given(st.text(max_size=200) | st.from_regex(r"\[?[0-9a-f:.%]{0,60}\]?(:\d{0,7})?", fullmatch=True))
def test_no_text_breaks_it_and_what_it_returns_fits_the_column(text):
    address = read_client_address(text)
    assert 0 < len(address) <= Session.__table__.c.ip.type.length
    assert read_client_address(address) == address


def passed_on(hops="1", peer="127.0.0.1", proxies="", **headers):
    """Returns what the portal behind the middleware sees: address, scheme, host."""
    seen = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "10.0.0.5", **headers}
    app = ClientAddress(lambda environ, _: [], int(hops), read_proxy_addresses({"PORTAL_PROXY_ADDRESSES": proxies}))
    list(app(seen, lambda *_: None))
    return seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen["HTTP_HOST"]


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "192.0.2.1, 203.0.113.9:50211",
    "HTTP_X_FORWARDED_PROTO": "http, HTTPS",
    "HTTP_X_FORWARDED_HOST": "evil.example, Portal.Example",
}
BELIEVED = ("203.0.113.9", "https", "portal.example")


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        ({}, BELIEVED),
        ({"peer": "127.0.0.1:50211"}, BELIEVED),
        ({"peer": "::1"}, BELIEVED),
        ({"peer": "::ffff:10.1.2.3", "proxies": "10.1.0.0/16"}, BELIEVED),
        ({"peer": "2001:db8::5", "proxies": "10.1.0.0/16, 2001:db8::/64"}, BELIEVED),
        ({"hops": "2"}, ("192.0.2.1", "http", "evil.example")),
        ({"hops": "3"}, ("127.0.0.1", "http", "10.0.0.5")),
        ({"hops": "0"}, ("127.0.0.1", "http", "10.0.0.5")),
        ({"peer": "192.0.2.66"}, ("192.0.2.66", "http", "10.0.0.5")),
        ({"peer": "127.0.0.1", "proxies": "10.1.0.0/16"}, ("127.0.0.1", "http", "10.0.0.5")),
        ({"peer": "", "proxies": "0.0.0.0/0"}, ("unknown", "http", "10.0.0.5")),
    ],
    ids=str,
)
def test_headers_are_read_from_a_trusted_peer_and_as_far_as_proxies_are_trusted(settings, seen):
    assert passed_on(**settings, **FORWARDED) == seen


@pytest.mark.parametrize("text", JUNK)
def test_junk_from_a_proxy_is_an_unknown_address_or_none(text):
    assert passed_on(HTTP_X_FORWARDED_FOR=text)[0] == ("unknown" if text else "127.0.0.1")
    assert passed_on(HTTP_X_FORWARDED_PROTO=text)[1] == "http"


@pytest.mark.parametrize(
    "name",
    [
        "FORWARDED",
        "X_FORWARDED_PORT",
        "X_FORWARDED_PREFIX",
        "X_REAL_IP",
        "SCRIPT_NAME",
        "X_FORWARDED_SSL",
        "X_FORWARDED_PROTOCOL",
    ],
)
def test_no_other_header_of_a_proxy_counts(name):
    assert passed_on(**{f"HTTP_{name}": "https"}) == ("127.0.0.1", "http", "10.0.0.5")


def test_the_log_says_once_who_is_not_believed(caplog):
    app = ClientAddress(lambda environ, _: [], 1, ())
    for number in range(3):
        app({"REMOTE_ADDR": f"192.0.2.{number}"}, lambda *_: None)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "192.0.2.0" in caplog.text and "PORTAL_PROXY_ADDRESSES" in caplog.text


def test_events_and_sessions_hold_the_clean_address(site):
    with running_server(site, workers=1, PORTAL_TRUSTED_PROXIES="1") as server:
        wire = Wire(server)
        wire.headers = {"X-Forwarded-For": "[::ffff:127.0.0.9]:50211"}
        wire.sign_in("maria")
    for table, moment in (("events", "at"), ("sessions", "created_at")):
        assert Rows(site).one(f"SELECT ip FROM {table} ORDER BY {moment} DESC LIMIT 1") == "127.0.0.9"


@pytest.mark.parametrize("host", ["::1", "127.0.0.2", "localhost"])
def test_the_address_that_is_bound_is_the_one_that_is_answered(site, host):
    with running_server(site, workers=1, HOST=host) as server:
        address = load_settings(server.environment).base_url
        wire = Wire(server)
        wire.headers = {"Origin": address}
        assert wire.sign_in("maria").location == "/home"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"},
        {"X-Forwarded-Protocol": "ssl", "X-Forwarded-Proto": "http"},
        {"Script-Name": "/elsewhere"},
        {"SCRIPT_NAME": "/elsewhere"},
        {"PATH_INFO": "/ehr"},
        {"X-Forwarded-Prefix": "/elsewhere"},
    ],
    ids=str,
)
def test_the_server_has_no_rules_of_its_own_for_a_proxy_s_headers(shared_server, headers):
    wire = Wire(shared_server)
    wire.headers = headers
    answer = wire.get("/sign-in")
    assert answer.status == 200 and 'action="/sign-in"' in answer.text


@pytest.mark.parametrize(("query", "text"), [("\x80", "%80"), ("\xc3\xa9+%C3%A9&", "é é"), ("a%20b", "a b")])
def test_a_query_with_raw_bytes_is_read_as_if_a_browser_had_encoded_it(app, query, text):
    with app.test_client() as client:
        assert client.get("/sign-in", environ_overrides={"QUERY_STRING": f"q={query}"}).status_code == 200
        assert flask.request.args["q"] == text
