"""A short round in `make test`: an application server, a worker, and Redis die while people sign in and set up (see `make faults`)."""

import contextlib
import threading
import time
from types import SimpleNamespace

import pytest

from tests.faults.check import check_round, compare_messages
from tests.faults.ledger import Ledger
from tests.faults.people import APP, BACKUP, SET_UP, TEXT, make_people
from tests.support.application import application
from tests.support.outbox import running_redis, running_worker
from tests.support.rows import Rows
from tests.support.server import free_port, running_server
from tests.support.wire import Wire

CROWD = {APP: 6, BACKUP: 2, SET_UP: 2, TEXT: 2}
TRY_SECONDS = 40


@pytest.mark.long
def test_what_people_were_told_is_so_after_server_worker_and_redis_died(site, gateway, mail_server, tmp_path):
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(contextlib.ExitStack())
        url = redis.enter_context(running_redis(tmp_path, free_port()))
        settings = {"PORTAL_REDIS_URL": url, "PORTAL_SMS_URL": gateway.url(), "PORTAL_SMTP_URL": mail_server.url}
        server = stack.enter_context(running_server(site, **settings))
        workers = [stack.enter_context(running_worker(site, **settings)) for _ in range(2)]
        here = SimpleNamespace(front=server, gateway=gateway, mail=mail_server, texts=gateway.texts_to, repeated=0)
        ledgers, threads = begin(site, here)
        workers[0].kill()
        workers[0].start()
        server.restart()
        redis.close()
        for each in threads:
            each.join()
        found, messages = check_round(here, Rows(site), 1, ledgers), compare_messages(here, Rows(site))
    told = sum((each.told for each in ledgers), start=type(ledgers[0].told)())
    assert found.bad() + messages.bad() == [], told
    assert all(each.done_at for each in ledgers), told
    assert found.compared["replays"] >= CROWD[APP] + CROWD[BACKUP] + CROWD[TEXT]
    assert told["page lost"] + told["password lost"] + told["app lost"] + told["on lost"], "the server died when nobody asked it"


def begin(site, here):
    """Lets everybody begin; returns their ledgers and threads, at a moment when some are in the middle of it."""
    with application(site) as app:
        people = make_people(app, 1, CROWD)
    ledgers = [Ledger(each, Wire(here.front, ip=f"127.2.{at}.1"), here.texts) for at, each in enumerate(people, 1)]
    until = time.monotonic() + TRY_SECONDS
    threads = [threading.Thread(target=each.live, args=(until,), daemon=True) for each in ledgers]
    for each in threads:
        each.start()
    time.sleep(0.3)
    return ledgers, threads
