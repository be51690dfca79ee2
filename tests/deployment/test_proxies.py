"""Two portals on one database behind nginx and behind HAProxy, restarted one after the other: nobody is refused."""

import contextlib
import secrets
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.crowd import add_patients
from tests.support.haproxy import PROGRAM, Haproxy, running_haproxy
from tests.support.nginx import running_nginx
from tests.support.proxy import NAME
from tests.support.rows import Rows
from tests.support.server import Server
from tests.support.wire import Wire

PROXIES = {"nginx": running_nginx, "haproxy": running_haproxy}
PEOPLE = 4
APART_SECONDS = 3  # from one machine that is back to the next one, as docs/operating.md has it: the proxies look every two


@pytest.fixture(scope="module")
def portals(sites):
    """Two portals of production on one site."""
    site = sites.seeded()
    settings = {
        "PORTAL_BASE_URL": f"https://{NAME}",
        "PORTAL_TEST_BENCH": "0",
        "PORTAL_TRUSTED_PROXIES": "1",
        "PORTAL_SECRET_KEY": secrets.token_urlsafe(32),
        "PORTAL_ENCRYPTION_KEYS": (site.folder / "encryption_keys").read_text().strip(),
    }
    both = [Server(site, 1, **settings) for _ in range(2)]
    try:
        for at, each in enumerate(both):
            each.log = site.folder / f"server{at}.log"
            each.start()
        yield both
    finally:
        for each in both:
            each.kill()
        sites.remove(site)


def person(proxy):
    """Returns somebody's browser at the proxy."""
    wire = Wire(proxy)
    wire.headers = {"Host": NAME, "Origin": f"https://{NAME}"}
    return wire


def made(folder):
    """Returns a folder that is there now."""
    folder.mkdir()
    return folder


def live(proxy, name, end, seen):
    """Signs in, reads pages, and signs out, again and again; notes every answer's status."""
    while not end.is_set():
        wire = person(proxy)
        seen.append(wire.sign_in(name).status)
        seen.append(wire.open("/home").status)
        seen.append(wire.open("/account/security").status)
        seen.append(wire.post("/sign-out").status)


@contextlib.contextmanager
def running(end, deeds):
    """Runs deeds at once for the duration of the block, then tells them to end; raises what they raise."""
    with ThreadPoolExecutor(len(deeds)) as pool:
        begun = [pool.submit(deed) for deed in deeds]
        try:
            yield
        finally:
            end.set()
        for each in begun:
            each.result()


@pytest.mark.long
@pytest.mark.postgresql
def test_two_machines_restarted_one_after_the_other_refuse_nobody(portals, tmp_path):
    people, seen, end, ports = add_patients(portals[0].site, PEOPLE), {}, threading.Event(), [each.port for each in portals]
    with contextlib.ExitStack() as stack:
        proxies = [stack.enter_context(run(made(tmp_path / kind), *ports)) for kind, run in PROXIES.items()]
        ways = list(zip(people, proxies * (PEOPLE // 2), strict=True))
        with running(
            end, [lambda name=name, proxy=proxy: live(proxy, name, end, seen.setdefault(proxy, [])) for name, proxy in ways]
        ):
            for each in portals:
                time.sleep(APART_SECONDS)
                assert each.stop() == 0
                each.start()
            time.sleep(1)
    assert [set(statuses) for statuses in seen.values()] == [{200, 303}] * len(PROXIES)
    assert all(len(statuses) > 50 for statuses in seen.values())
    assert all("Traceback" not in each.log.read_text() for each in portals)
    assert Rows(portals[0].site).one("SELECT count(*) FROM events WHERE event = 'authn_login_fail'") == 0


def test_haproxy_finds_nothing_wrong_in_its_file(tmp_path):
    file = Haproxy(tmp_path).write(5000, 5001)
    done = subprocess.run([PROGRAM, "-c", "-f", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.once("asks what a proxy hands on and writes")
def test_behind_haproxy_people_are_known_by_their_address_and_no_key_is_in_its_log(portals, tmp_path):
    with running_haproxy(tmp_path, portals[0].port) as proxy:
        maria = person(proxy)
        maria.headers |= {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
        answer = maria.sign_in("maria")
        assert answer.location == "/home" and set(maria.cookies) == {"__Host-session", "__Host-browser"}
        assert maria.get("/new-password/nobody-may-read-this").status in (200, 303, 404)
        maria.get("/sign-in")
        assert maria.post("/sign-in", username="m" * 70_000).status == 413
        assert maria.post("/sign-in", username="m" * 60_000, password="x").status in (303, 422)
        log = proxy.log.read_text()
    assert Rows(portals[0].site).one("SELECT ip FROM sessions ORDER BY created_at DESC LIMIT 1") == "127.0.0.1"
    assert "GET 200" in log and "nobody-may-read-this" not in log
