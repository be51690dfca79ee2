"""Served over HTTPS: the cookies' prefix, HSTS on every answer, plain requests refused, one proxy believed (SE-5, HD-1)."""

import base64
import secrets

import pytest

from portal import create_app
from portal.models import Event
from portal.settings.environment import load_settings

ADDRESS = "https://portal.example"


@pytest.fixture
def make(world, app, monkeypatch):
    """Makes a portal as in production, on the people of this test."""

    def production(**settings):
        given = {
            "PORTAL_INSTANCE": str(world.site.folder),
            "PORTAL_BASE_URL": ADDRESS,
            "PORTAL_TRUSTED_PROXIES": "0",
            "PORTAL_SECRET_KEY": secrets.token_urlsafe(32),
            "PORTAL_ENCRYPTION_KEYS": "k9:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        portal = create_app(load_settings(given | settings))
        portal.extensions["engine"].dispose()
        portal.extensions |= {name: app.extensions[name] for name in ("engine", "sessions", "keys")}
        return portal

    return production


def get(portal, path="/sign-in", base_url=ADDRESS, **headers):
    """Fetches a page by an address."""
    return portal.test_client().get(path, base_url=base_url, headers=headers)


def sign_in(client, person):
    """Signs in; returns the answer."""
    page = client.get("/sign-in", base_url=ADDRESS).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"username": person.username, "password": person.password, "csrf_token": token}
    return client.post("/sign-in", base_url=ADDRESS, data=form)


def test_the_cookies_are_bound_to_the_host_and_to_https(make, jun):
    answer = sign_in(make().test_client(), jun)
    assert answer.status_code == 303
    session, browser = sorted(answer.headers.getlist("Set-Cookie"), reverse=True)
    for cookie, name in ((session, "__Host-session"), (browser, "__Host-browser")):
        assert cookie.startswith(name + "=")
        flags = {flag.strip() for flag in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= flags
        assert not any(flag.startswith("Domain") for flag in flags)
    assert "Max-Age" not in session and "Expires" not in session


@pytest.mark.parametrize("path", ["/sign-in", "/", "/home", "/no-such-page", "/session", "/sign-out", "/healthz"])
def test_hsts_stands_on_every_answer(make, path):
    assert get(make(), path).headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("GET", {"Range": "bytes=0-9"}, 206),
        ("GET", {"Range": "bytes=99999999-"}, 416),
        ("GET", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304),
        ("POST", {}, 405),
    ],
)
def test_hsts_and_the_others_stand_on_whatever_is_answered_about_a_file(make, method, headers, status):
    answer = make().test_client().open("/static/portal.css", method=method, base_url=ADDRESS, headers=headers, buffered=True)
    assert answer.status_code == status
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert (
        answer.headers["X-Content-Type-Options"] == "nosniff"
        and "default-src 'none'" in answer.headers["Content-Security-Policy"]
    )
    assert len(answer.headers) == len({name for name, _ in answer.headers}), "one is there twice"


def test_over_plain_http_there_is_no_hsts(plain):
    assert "Strict-Transport-Security" not in plain.get("/sign-in").headers


def test_a_plain_request_is_refused_and_gets_no_cookie(make):
    answer = get(make(), base_url="http://portal.example")
    assert answer.status_code == 403
    assert "session=" not in str(answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("host", ["evil.example", "portal.example.evil.example", "localhost", "127.0.0.1"])
def test_only_its_own_name_is_answered(make, host):
    answer = get(make(), Host=host)
    assert answer.status_code == 400
    assert host not in answer.text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            {"base_url": "http://portal.example"},
            "it came over http, and PORTAL_BASE_URL is https. Behind a proxy, PORTAL_TRUSTED_PROX",
        ),
        ({"base_url": "https://other.example"}, "it asked for a host that PORTAL_BASE_URL does not name"),
    ],
)
def test_a_setting_that_shuts_everybody_out_is_named_in_the_log_once(make, caplog, asked, told):
    portal = make()
    for _ in range(2):
        assert get(portal, **asked).status_code in (400, 403)
    assert [told in entry.message for entry in caplog.records if entry.levelname == "WARNING"] == [True]
    assert "other.example" not in caplog.text


def test_there_is_no_test_bench(make):
    assert get(make(), "/test-bench").status_code == 404


def test_a_trusted_proxy_says_who_asks_and_how(make, database, maria):
    portal = make(PORTAL_TRUSTED_PROXIES="1")
    forwarded = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "portal.example"}
    client = portal.test_client()
    page = client.get("/sign-in", base_url="http://10.0.0.5", headers=forwarded)
    assert page.status_code == 200
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    client.post(
        "/sign-in",
        base_url="http://10.0.0.5",
        headers=forwarded,
        data={"username": "maria", "password": "x", "csrf_token": token},
    )
    assert [event.ip for event in database.all(Event)][-1] == "198.51.100.7"


def test_only_as_many_proxies_are_believed_as_are_trusted(make):
    forged = {
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example, portal.example",
    }
    assert get(make(PORTAL_TRUSTED_PROXIES="1"), base_url="http://10.0.0.5", **forged).status_code == 200
    assert get(make(), base_url="http://portal.example", **forged).status_code == 403
