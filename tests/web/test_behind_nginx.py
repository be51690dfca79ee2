"""Behind the proxy of docs/deployment/nginx.conf, with the settings of production: TLS, who asks, and slow clients (proof 4)."""

import re
import secrets
import socket
import ssl
import warnings
from pathlib import Path

import pytest

from tests.support.nginx import running_nginx
from tests.support.proxy import NAME
from tests.support.rows import Rows
from tests.support.server import Server
from tests.support.slow import page_times, percentile, running_slow_clients
from tests.support.wire import Wire

SLOW_CLIENTS = "127.0.0.2"  # their address: nginx limits connections by address
SECONDS = 8
COUNTS = {"headers": 70, "body": 70, "silent": 60}


@pytest.fixture(scope="module")
def behind(sites, tmp_path_factory):
    """A portal in production behind nginx; its site, and nginx."""
    site = sites.seeded()
    settings = {
        "PORTAL_BASE_URL": f"https://{NAME}",
        "PORTAL_TEST_BENCH": "0",
        "PORTAL_TRUSTED_PROXIES": "1",
        "PORTAL_SECRET_KEY": secrets.token_urlsafe(32),
        "PORTAL_ENCRYPTION_KEYS": (site.folder / "encryption_keys").read_text().strip(),
    }
    server = Server(site, 2, **settings)
    try:
        server.start()
        with running_nginx(tmp_path_factory.mktemp("nginx"), server.port) as nginx:
            yield server, nginx
    finally:
        server.kill()
        sites.remove(site)


def person(nginx):
    """Returns somebody's browser at the proxy."""
    wire = Wire(nginx)
    wire.headers = {"Host": NAME, "Origin": f"https://{NAME}"}
    return wire


def test_people_sign_in_and_are_known_by_their_own_address(behind):
    server, nginx = behind
    maria = person(nginx)
    maria.headers |= {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    answer = maria.sign_in("maria")
    assert answer.location == "/home" and set(maria.cookies) == {"__Host-session", "__Host-browser"}
    assert dict(answer.headers)["Strict-Transport-Security"]
    assert Rows(server.site).one("SELECT ip FROM sessions ORDER BY created_at DESC LIMIT 1") == "127.0.0.1"
    number = Rows(server.site).one("SELECT request_id FROM events ORDER BY id DESC LIMIT 1")
    assert len(number) == 32 and f'"request_id": "{number}"' in server.log.read_text(), "nginx has numbered the request"


def test_the_proxy_keeps_its_connections_to_the_portal_for_the_next_request(behind):
    server, nginx = behind
    assert person(nginx).get("/sign-in").status == 200
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert any(row[1].endswith(f":{server.port:04X}") and row[3] == "01" for row in rows), "none is established"


def test_past_the_proxy_nobody_gets_in(behind):
    wire = Wire(behind[0])
    wire.headers = {"Host": NAME}
    assert wire.get("/sign-in").status == 403


def test_a_form_past_the_limit_is_refused_by_the_proxy_and_one_below_it_by_the_portal(behind):
    maria = person(behind[1])
    maria.get("/sign-in")
    assert maria.post("/sign-in", username="m" * 70_000).status == 413
    assert maria.post("/sign-in", username="m" * 60_000, password="x").status == 422


@pytest.mark.once("no request reaches the database")
@pytest.mark.parametrize(
    ("version", "is_taken"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
def test_tls_is_1_2_or_1_3_with_forward_secrecy_and_authenticated_ciphers(behind, version, is_taken):
    nginx = behind[1]
    client = ssl.create_default_context(cafile=nginx.certificate)
    client.set_ciphers("ALL:@SECLEVEL=0")  # whatever this machine can speak
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions, for which we ask on purpose
        client.minimum_version = client.maximum_version = version
    with socket.create_connection((nginx.host, nginx.port), 5) as plain:
        try:
            with client.wrap_socket(plain, server_hostname=NAME) as secure:
                name = secure.cipher()[0]
        except (ssl.SSLError, ConnectionError):
            name = ""
    assert bool(name) == is_taken
    assert not name or name.startswith("TLS_") or re.fullmatch(r"ECDHE-\w+-(AES(128|256)-GCM|CHACHA20)-\w+", name)


@pytest.mark.once("no request reaches the database")
@pytest.mark.parametrize("cipher", ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
def test_no_weaker_cipher_is_spoken(behind, cipher):
    nginx = behind[1]
    client = ssl.create_default_context(cafile=nginx.certificate)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(cipher)
    with socket.create_connection((nginx.host, nginx.port), 5) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        client.wrap_socket(plain, server_hostname=NAME)


@pytest.mark.once("no request reaches the database before it is here")
def test_two_hundred_slow_clients_make_nobody_wait(behind):
    maria = person(behind[1])
    assert maria.sign_in("maria").location == "/home"
    with running_slow_clients(behind[1].port, COUNTS, SLOW_CLIENTS, behind[1].tls) as clients:
        assert clients.connected == 200
        times = page_times(maria, SECONDS, "/account/security")
    assert percentile(times, 0.99) < 1 and len(times) > 30
