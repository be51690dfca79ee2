"""The task queue between the pages and the worker: a task for each outbox row, enqueued after the commit (transactional outbox).

The outbox is the source of truth. A lost task costs a minute: the sweep enqueues it again.
"""

import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from portal import clock, request_id
from portal.db import BUSY, NEW_MESSAGES, DatabaseSession, reason_of
from portal.flows.audit import anchors, seal
from portal.flows.auditor import rules
from portal.flows.base import act_proofs, limits
from portal.flows.base.context import RequestContext
from portal.flows.emergency import grants
from portal.flows.factors import backup_codes, bindings, prompt
from portal.flows.messages import outbox
from portal.flows.operator.bench import faults
from portal.flows.recovery import requests
from portal.flows.recovery import sweep as recoveries
from portal.flows.sign_in import new_browser
from portal.gateways import Bench, Gateway, Nowhere, Off
from portal.models import Outbox
from portal.queue_consumer import make_consumer, stop_signals_held
from portal.queue_stand_in import StandIn, quiet_threads
from portal.settings import config
from portal.settings.environment import Settings
from portal.web.emails import compose_email

if TYPE_CHECKING:
    from huey import Huey

log = logging.getLogger(__name__)
SEEN = "worker_seen"  # the key of the time in the queue's storage
REPORTS = "/reports/texts/"  # where a carrier posts delivery reports: blueprints/machine/reports.py


class Queue:
    """One app's task queue: `enqueue` for the pages, `work` for the worker."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.huey, self.is_in_reach = make_huey(settings)  # of other processes
        self.deliver = self.huey.task(name="deliver")(self.deliver_row)
        self.sweep = self.huey.periodic_task(lambda _: True, name="sweep")(self.sweep_again)  # each minute
        self.seal = self.huey.periodic_task(lambda _: True, name="seal")(self.seal_again)
        self.anchored_on: date | None = None  # the day of this worker's last anchor
        # Stands around each delivery and hears of it: watch/traces.py, if that is on.
        self.delivering: Callable[[], AbstractContextManager[outbox.Tell]] = lambda: nullcontext(outbox.tell_nobody)

    @cached_property
    def gateways(self) -> dict[str, Gateway]:
        """The gateway for each kind of message. Only the worker builds them and imports their libraries. Raises SettingError."""
        return {outbox.TEXT: self.make_text_gateway(), outbox.MAIL: self.make_mail_gateway()}

    def make_text_gateway(self) -> Gateway:
        if not self.settings.texts:
            return Off()
        if not self.settings.number_check_url:
            return self.make_carrier()
        from portal.gateways.number import Checked

        return Checked(self.make_carrier(), self.settings.number_check_url)

    def make_carrier(self) -> Gateway:
        if not self.settings.text_urls:
            return self.make_bench(outbox.TEXT)
        from portal.gateways.text import TextGateway

        return TextGateway(self.settings.text_urls, self.settings.base_url + REPORTS)

    def make_bench(self, kind: str) -> Gateway:
        """What stands in for a gateway that is not configured."""
        if not self.settings.test_bench:
            return Nowhere()
        return Bench(partial(faults.hand_over, self.app.extensions["keys"], self.settings.instance, kind))

    def make_mail_gateway(self) -> Gateway:
        if not self.settings.smtp_url:
            return self.make_bench(outbox.MAIL)
        from portal.gateways.mail import MailGateway

        return MailGateway(self.settings.smtp_url, self.settings.mail_from)

    def enqueue(self, outbox_id: str) -> bool:
        """Hand a row to the worker; returns whether the queue took it. If not, the page has waited a second at most, and no row is lost."""
        if not self.is_in_reach:
            return False  # the worker's sweep finds it
        try:
            self.deliver(outbox_id, request_id.current.get())
        except Exception as error:  # noqa: BLE001 whatever is wrong with the queue, the sweep enqueues the row again
            log.warning("outbox %s left for the next sweep: the queue failed with %s", outbox_id, type(error).__name__)
            return False
        return True

    def deliver_row(self, outbox_id: str, number: str = "") -> None:
        """The worker's task: send one row, and schedule the retry if there is one.

        `number`: of the request that queued it, for the log; "" if it was left for the sweep.
        """
        with request_id.answering(number):
            retry_at = self.deliver_once(outbox_id)
        if retry_at:
            self.deliver.schedule(args=(outbox_id, number), delay=(retry_at - clock.now()).total_seconds() + 0.1)

    def deliver_once(self, outbox_id: str) -> datetime | None:
        """Send one row unless another worker does; returns when to try again, which is soon if the database does not respond."""
        try:
            with self.delivering() as tell, self.app.test_request_context(base_url=self.settings.base_url):
                return outbox.deliver_row(self.app.extensions["keys"], clock.now(), outbox_id, self.gateways, compose_email, tell)
        except BUSY as error:
            log.error("outbox %s waits, because the database did not respond: %s", outbox_id, reason_of(error))
            return clock.now() + timedelta(seconds=config.DATABASE_WAIT_SECONDS)

    def list_due(self) -> list[str]:
        with self.app.app_context():
            return outbox.list_due_rows(clock.now())

    def is_away(self) -> bool:
        """Whether Redis fails to answer. A file or memory is never away."""
        try:
            return not (self.huey.storage.conn.ping() if self.settings.redis_url else True)
        except Exception:  # noqa: BLE001 it may be refused, silent, loading, or without a master
            return True

    def deliver_due(self) -> None:
        """Hand over what is due without the queue, several at a time, so that one slow gateway does not hold up the others."""
        with ThreadPoolExecutor(config.QUEUE_THREADS) as threads:
            list(threads.map(self.deliver_once, self.list_due()))

    def sweep_again(self) -> None:
        """The sweep of a worker that runs: it outlives a database that is away for a while."""
        try:
            self.order_due()
        except BUSY as error:
            log.error("the sweep waits a minute, because the database did not respond: %s", reason_of(error))

    def say_alive(self) -> None:
        """Leave the time in the queue's storage, for metrics."""
        try:
            self.huey.storage.put_data(SEEN, clock.now().isoformat().encode())
        except Exception as error:  # noqa: BLE001 whatever is wrong with the queue, the sweep goes on
            log.warning("the worker could not say that it is alive: the queue failed with %s", type(error).__name__)

    def worker_seen(self) -> datetime | None:
        """When a worker last began a sweep; None if none ever did. Raises whatever is wrong with the queue."""
        value = self.huey.storage.peek_data(SEEN)
        return datetime.fromisoformat(bytes(value).decode()) if isinstance(value, bytes | memoryview) else None

    def order_due(self) -> None:
        """The sweep, every minute and at worker startup: enqueue due rows, end what has expired, and wipe its secrets."""
        self.say_alive()
        self.settle()
        for outbox_id in self.list_due():
            if not self.enqueue(outbox_id):
                return

    def settle(self) -> None:
        """End what has expired, and wipe its secrets."""
        with self.app.app_context():
            outbox.close_expired_rows(clock.now())
            grants.close_due_grants(self.system_context())
            recoveries.settle_cases(self.system_context())
            requests.forget_late_tickets(clock.now())
            limits.forget_ended_counters(clock.now())
            backup_codes.forget_readable_codes(clock.now())
            bindings.delete_forgotten(clock.now())
            prompt.delete_over(clock.now())
            new_browser.delete_over(clock.now())
            act_proofs.delete_over(clock.now())
            if self.settings.test_bench:
                faults.take_due_reports(self.app.extensions["keys"], self.settings.instance, clock.now())

    def seal_again(self) -> None:
        """The same for the audit trail."""
        try:
            self.seal_events()
        except BUSY as error:
            log.error("the audit trail is sealed a minute later, because the database did not respond: %s", reason_of(error))

    def seal_events(self) -> None:
        """Every minute: put what has happened into the audit trail's chain; once a day, look for what was left out, and anchor it."""
        keys, now = self.app.extensions["keys"], clock.now()
        with self.app.app_context():
            seal.seal_events(keys, now)
            if self.anchored_on != now.date():
                seal.seal_forgotten(keys, now)
                anchor = anchors.anchor_daily(self.settings.audit_anchors, now)
                self.anchored_on = now.date() if anchor else None

    def system_context(self) -> RequestContext:
        """A context without a request or a person, for scheduled work."""
        return RequestContext(
            now=clock.now(),
            keys=self.app.extensions["keys"],
            ip="",
            user_agent="",
            request_id="sweep",
            time_zone=self.settings.time_zone,
            promise_days=self.settings.recovery_promise_days,
        )

    def ask_gateways(self) -> None:
        """Log whether the gateways for texts know their credentials, in a thread of its own: nothing waits for their answers."""
        if self.settings.texts and self.settings.text_urls:
            from portal.gateways.credentials import report_credentials

            threading.Thread(target=report_credentials, args=(self.settings.text_urls,), daemon=True).start()

    def record_rules(self) -> None:
        """At the worker's start: write down which rules are not as they were, for auditors."""
        with self.app.app_context():
            rules.record_rules(self.system_context(), self.settings)

    def work(self) -> None:
        """Process tasks until a signal arrives, then finish those in progress."""
        _ = self.gateways  # raises SettingError before any task is taken
        self.is_in_reach = True
        self.ask_gateways()
        self.record_rules()
        self.order_due()
        consumer = make_consumer(
            self.huey,
            workers=config.QUEUE_THREADS,
            max_delay=config.QUEUE_POLL_SECONDS,
            check_worker_health=True,
            shutdown_timeout=config.TEXT_LEASE.total_seconds(),
            graceful_signal="TERM",
        )
        with stop_signals_held(), quiet_threads(), StandIn(self.is_away, self.deliver_due, self.settle, self.order_due).beside():
            consumer.run()


def make_huey(settings: Settings) -> "tuple[Huey, bool]":
    """The storage of the tasks, and whether other processes reach it. Raises SettingError.

    huey imports the library of each storage that it knows, if it is installed: 16 MB a process, and a tenth of the start. So those that
    this portal stores nothing in are hidden from it.
    """
    unused = [name for name in ("psycopg", *(() if settings.redis_url else ("redis",))) if name not in sys.modules]
    sys.modules.update(dict.fromkeys(unused))  # None is how Python marks what can't be imported
    try:
        from portal import queue_storage
    finally:
        for name in unused:
            del sys.modules[name]
    return queue_storage.open_storage(settings)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the app its queue; the listeners below enqueue new outbox rows after their commit."""
    app.extensions["queue"] = Queue(app, settings)


@event.listens_for(DatabaseSession, "after_flush")
def note_new_rows(session: Session, context: UOWTransaction) -> None:
    rows = [row.id for row in session.new if isinstance(row, Outbox)]
    if rows:
        session.info.setdefault(NEW_MESSAGES, []).extend(rows)


@event.listens_for(DatabaseSession, "after_rollback")
def forget_new_rows(session: Session) -> None:
    session.info.pop(NEW_MESSAGES, None)


@event.listens_for(DatabaseSession, "after_commit")
def enqueue_new_rows(session: Session) -> None:
    rows = session.info.pop(NEW_MESSAGES, ())
    queue: Queue | None = current_app.extensions.get("queue") if current_app else None
    if queue:
        for outbox_id in rows:
            queue.enqueue(outbox_id)
