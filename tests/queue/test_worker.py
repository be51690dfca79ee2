"""The worker carries what pages put into the outbox: beside the pages or alone, by a file or by Redis, through faults."""

import os
import runpy
import signal
import subprocess
import threading
import time

import pytest

from tests.support.crowd import add_patients
from tests.support.outbox import HASTY, Worker, running_redis, running_worker, until
from tests.support.processes import ROOT
from tests.support.rows import Rows
from tests.support.server import free_port, running_server
from tests.support.wire import Wire

NEW_BROWSER = "Sign-in from a new browser"


def states(site):
    """Returns how many rows of the outbox are in each state."""
    return dict(tuple(row) for row in Rows(site).all("SELECT state, count(*) FROM outbox GROUP BY state"))


def test_a_notice_arrives_and_the_page_did_not_wait_for_it(site, mail_server):
    mail_server.delay = 3
    with running_server(site, PORTAL_WORKER="1", PORTAL_SMTP_URL=mail_server.url) as server:
        Wire(server).get("/sign-in")
        began = time.monotonic()
        assert Wire(server).sign_in("maria").location == "/home"
        assert time.monotonic() - began < 3
        assert mail_server.box == []
        assert until(lambda: mail_server.box)
        assert until(lambda: states(site) == {"sent": 1})
    assert mail_server.subjects("maria@example.test") == [NEW_BROWSER]


def test_without_settings_the_notice_is_kept_for_the_test_bench(site):
    with running_server(site, PORTAL_WORKER="1") as server:
        Wire(server).sign_in("maria")
        assert until(lambda: states(site) == {"sent": 1})
        assert "Sent" in Wire(server).get("/test-bench").lines
        assert "/not-me/" in Wire(server).get("/test-bench").text


def test_without_a_worker_pages_work_and_notices_wait(site, mail_server):
    with running_server(site, PORTAL_SMTP_URL=mail_server.url) as server:
        assert Wire(server).sign_in("maria").location == "/home"
        assert server.carriers() == []
    assert states(site) == {"queued": 1}
    with running_worker(site, PORTAL_SMTP_URL=mail_server.url):
        assert until(lambda: mail_server.box)


@pytest.mark.long
def test_with_the_mail_server_down_for_a_while_every_notice_arrives_afterwards_once(site, mail_server):
    # The while is five tries of each notice: 75 seconds with the portal's own back-off, eleven with the same one in a hurry.
    names = add_patients(site, 12)
    with running_server(site) as server, running_worker(site, HASTY, PORTAL_SMTP_URL=mail_server.url):
        for name in names[:4]:
            Wire(server).sign_in(name)
        assert until(lambda: len(mail_server.box) == 4)
        mail_server.down()
        for name in names[4:]:
            Wire(server).sign_in(name)
        assert until(lambda: Rows(site).one("SELECT min(attempts) FROM outbox WHERE state <> 'sent'") >= 5, 60)
        assert len(mail_server.box) == 4
        mail_server.up()
        assert until(lambda: states(site) == {"sent": 12})
    assert sorted((to, mail["Subject"]) for to, mail, _ in mail_server.box) == sorted(
        (f"{name}@example.test", NEW_BROWSER) for name in names
    )


def test_a_killed_worker_is_started_again_and_brings_what_waited(site, mail_server):
    with running_server(site, PORTAL_WORKER="1", PORTAL_SMTP_URL=mail_server.url) as server:
        assert until(server.carriers)
        [dead] = server.carriers()
        os.kill(dead, signal.SIGKILL)
        Wire(server).sign_in("maria")
        assert until(lambda: mail_server.box)
        assert server.carriers() != [dead]


def test_gunicorn_forks_nobody_while_it_starts_the_worker(monkeypatch):
    """A page's process forked in the middle would keep the start from ending, and the worker from being started again."""
    start, begun, ended = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["start_worker"], threading.Event(), threading.Event()

    def slow_start(*_, **__):
        begun.set()
        time.sleep(0.5)
        ended.set()

    monkeypatch.setattr(subprocess, "Popen", slow_start)
    starting = threading.Thread(target=start, args=(os.getpid(),))
    starting.start()
    begun.wait()
    child = os.fork()
    if not child:
        os._exit(0)
    assert ended.is_set()
    os.waitpid(child, 0)
    starting.join()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_the_worker_ends_with_the_server_that_started_it(site, by):
    with running_server(site, PORTAL_WORKER="1") as server:
        assert until(server.carriers)
        [worker] = server.carriers()
        os.kill(server.process.pid, by)
        assert until(lambda: not is_alive(worker)), "the worker lives on"


def is_alive(pid):
    """Returns whether a process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_redis_carries_the_queue(site, mail_server, tmp_path):
    port = free_port()
    with running_redis(tmp_path, port) as url:
        settings = {"PORTAL_REDIS_URL": url, "PORTAL_SMTP_URL": mail_server.url}
        with running_server(site, PORTAL_WORKER="1", **settings) as server:
            Wire(server).sign_in("maria")
            assert until(lambda: mail_server.subjects() == [NEW_BROWSER])


def test_redis_that_is_away_delays_a_notice_and_stops_no_page(site, mail_server, tmp_path):
    port = free_port()
    settings = {"PORTAL_REDIS_URL": f"redis://127.0.0.1:{port}/0", "PORTAL_SMTP_URL": mail_server.url}
    with running_server(site, **settings) as server:
        assert Wire(server).sign_in("maria").location == "/home"
    with running_redis(tmp_path, port), running_worker(site, **settings):
        assert until(lambda: mail_server.subjects() == [NEW_BROWSER])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_SMS_URL", "json://127.0.0.1/without-a-number"),
        ("PORTAL_SMS_URL", "json://a/{to} json://b/{to} json://c/{to}"),
        ("PORTAL_SMS_URL", "nonsense://secret-token@host/{to}"),
        ("PORTAL_SMTP_URL", "http://mail.example"),
        ("PORTAL_SMTP_URL", "smtp://user:secret-token@mail.example"),
        ("PORTAL_SMTP_URL", "smtp://mail.example:99999"),
        ("PORTAL_MAIL_FROM", "Medximity <no-reply@portal.example>"),
        ("PORTAL_REDIS_URL", "127.0.0.1:6379"),
    ],
)
def test_a_wrong_setting_is_refused_with_a_sentence_that_names_it(site, name, value):
    worker = Worker(site, **{name: value}).start()
    assert worker.process.wait(60) != 0
    last = worker.log.read_text().strip().splitlines()[-1]
    assert name in last and last.endswith(".") and "secret-token" not in worker.log.read_text()
