"""The queue between the pages and the worker: orders to carry outbox rows, given after the commit that made them.

The outbox is the truth. An order that gets lost costs a minute: the sweep gives it anew.
"""

import logging
from functools import cached_property

from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from portal import clock
from portal.db import DatabaseSession
from portal.flows.base.context import RequestContext
from portal.flows.emergency import grants
from portal.flows.messages import outbox
from portal.gateways import Bench, Gateway, Nowhere, Off
from portal.models import Outbox
from portal.settings import config
from portal.settings.environment import Settings
from portal.web.emails import compose_email

log = logging.getLogger(__name__)
NAME = "portal"
REPORTS = "/reports/texts/"  # where a carrier says what became of a text: blueprints/machine/reports.py
NEW = "new_outbox_rows"  # where an SQLAlchemy session notes what to order after its commit


class Queue:
    """One app's queue: `order` for the pages, `work` for the worker."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.huey = make_huey(settings)
        self.deliver = self.huey.task(name="deliver")(self.carry)
        self.sweep = self.huey.periodic_task(crontab(), name="sweep")(self.order_due)

    @cached_property
    def gateways(self) -> dict[str, Gateway]:
        """The gateway of each kind; made in the worker, which alone imports the libraries. Raises SettingError."""
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
            return Bench() if self.settings.test_bench else Nowhere()
        from portal.gateways.text import TextGateway

        return TextGateway(self.settings.text_urls, self.settings.base_url + REPORTS)

    def make_mail_gateway(self) -> Gateway:
        if not self.settings.smtp_url:
            return Bench() if self.settings.test_bench else Nowhere()
        from portal.gateways.mail import MailGateway

        return MailGateway(self.settings.smtp_url, self.settings.mail_from)

    def order(self, outbox_id: str) -> None:
        """Ask the worker to carry a row. A queue that is down costs the page a second at most, and no row."""
        try:
            self.deliver(outbox_id)
        except Exception as fault:  # noqa: BLE001 whatever is wrong with the queue, the sweep orders the row again
            log.warning("outbox %s left for the next sweep: the queue failed with %s", outbox_id, type(fault).__name__)

    def carry(self, outbox_id: str) -> None:
        """The worker's task: hand one row over, and come back to it where it is to be tried again."""
        with self.app.test_request_context(base_url=self.settings.base_url):
            now = clock.now()
            again = outbox.carry_row(self.app.extensions["keys"], now, outbox_id, self.gateways, compose_email)
        if again:
            self.deliver.schedule(args=(outbox_id,), delay=(again - clock.now()).total_seconds() + 0.1)

    def order_due(self) -> None:
        """The sweep: each minute, and when the worker starts."""
        with self.app.app_context():
            outbox.bury_dead_rows(clock.now())
            grants.close_due_grants(self.visit())
            rows = outbox.list_due_rows(clock.now())
        for outbox_id in rows:
            self.order(outbox_id)

    def visit(self) -> RequestContext:
        """Nobody's visit: what happens by itself."""
        return RequestContext(now=clock.now(), keys=self.app.extensions["keys"], ip="", user_agent="", request_id="sweep")

    def work(self) -> None:
        """Carry rows until a signal ends it; what is under way is finished first."""
        _ = self.gateways  # a wrong setting ends it here, with a sentence
        self.order_due()
        consumer = self.huey.create_consumer(
            workers=config.QUEUE_THREADS,
            max_delay=config.QUEUE_POLL_SECONDS,
            check_worker_health=True,
            shutdown_timeout=config.TEXT_LEASE.total_seconds(),
            graceful_signal="TERM",
        )
        consumer.run()


def make_huey(settings: Settings) -> Huey:
    """Redis where it is set, else a file in the instance folder. Neither keeps results; orders are signed, because they are pickles."""
    options = {"results": False, "serializer": SignedSerializer(secret=settings.secret_key, salt=NAME)}
    if not settings.redis_url:
        # No fsync: what a power cut takes from this file, the sweep brings back.
        file = str(settings.instance / "queue.sqlite3")
        return SqliteHuey(NAME, filename=file, fsync=False, timeout=config.QUEUE_SECONDS, **options)
    from redis import ConnectionPool

    # A worker's wait for an order lasts one second of its time-out.
    waits = {"socket_connect_timeout": config.QUEUE_SECONDS, "socket_timeout": config.QUEUE_SECONDS + 1}
    return RedisHuey(NAME, connection_pool=ConnectionPool.from_url(settings.redis_url, **waits), **options)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the app its queue, and order what its transactions put into the outbox once they are committed."""
    app.extensions["queue"] = Queue(app, settings)


@event.listens_for(DatabaseSession, "after_flush")
def note_new_rows(session: Session, context: UOWTransaction) -> None:
    rows = [each.id for each in session.new if isinstance(each, Outbox)]
    if rows:
        session.info.setdefault(NEW, []).extend(rows)


@event.listens_for(DatabaseSession, "after_rollback")
def forget_rows(session: Session) -> None:
    session.info.pop(NEW, None)


@event.listens_for(DatabaseSession, "after_commit")
def order_rows(session: Session) -> None:
    rows = session.info.pop(NEW, ())
    queue: Queue | None = current_app.extensions.get("queue") if current_app else None
    if queue:
        for outbox_id in rows:
            queue.order(outbox_id)
