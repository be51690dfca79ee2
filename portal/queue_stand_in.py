"""What a worker does while Redis is away: it takes the messages from the database, where they are anyway, so that codes still go out."""

import logging
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from portal import clock
from portal.db import BUSY, reason_of
from portal.settings import config
from portal.settings.queue import QUEUE_ERROR_SECONDS, QUEUE_ERRORS_KEPT, QUEUE_LOOK_SECONDS, QUEUE_SWEEP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)
LOUD = ("huey", "huey.consumer", "huey.consumer.Worker", "huey.consumer.Scheduler")  # a filter counts for its own logger alone


class OnceAMinute(logging.Filter):
    """Lets each error of huey's threads into the log once a minute: they would fill a disk with stack traces while Redis is away."""

    def __init__(self) -> None:
        super().__init__()
        self.told_at: dict[tuple[str, object], float] = {}
        self.lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info:
            return True
        key, now = (record.getMessage(), record.exc_info[0]), clock.monotonic()
        with self.lock:
            if now < self.told_at.get(key, float("-inf")) + QUEUE_ERROR_SECONDS:
                return False
            if len(self.told_at) >= QUEUE_ERRORS_KEPT:
                self.told_at.clear()
            self.told_at[key] = now
        return True


@contextmanager
def quiet_threads() -> "Iterator[None]":
    """Have huey's threads log no error twice a minute, for the duration of the block."""
    quiet = OnceAMinute()
    for name in LOUD:
        logging.getLogger(name).addFilter(quiet)
    try:
        yield
    finally:
        for name in LOUD:
            logging.getLogger(name).removeFilter(quiet)


class StandIn:
    """Looks every two seconds whether the queue answers. While it does not, the worker does the queue's work by itself.

    `is_away`: whether the queue fails to answer. `deliver`: hands over what is due. `sweep`: what the queue has a worker do each minute.
    `catch_up`: queues what was lost with the queue. None of them blocks the others' tasks: claims are rows.
    """

    def __init__(
        self,
        is_away: Callable[[], bool],
        deliver: Callable[[], None],
        sweep: Callable[[], None],
        catch_up: Callable[[], None],
    ) -> None:
        self.is_away, self.deliver, self.sweep, self.catch_up = is_away, deliver, sweep, catch_up
        self.stands_in, self.swept_at = False, 0.0
        self.ended = threading.Event()

    @contextmanager
    def beside(self) -> "Iterator[None]":
        """Run in a thread for the duration of the block, and finish what is in progress at its end."""
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.ended.set()
            thread.join(config.TEXT_LEASE.total_seconds())

    def run(self) -> None:
        while not self.ended.wait(QUEUE_LOOK_SECONDS):
            try:
                self.look()
            except BUSY as error:
                log.error("no messages without the queue this time: the database did not respond: %s", reason_of(error))
            except Exception:  # whatever it was, the next look tries again
                log.exception("no messages without the queue this time")

    def look(self) -> None:
        """One look, and the work that follows from it."""
        was_away, self.stands_in = self.stands_in, self.is_away()
        if self.stands_in and not was_away:
            log.error("the queue does not answer: this worker delivers from the database until it does")
        if self.stands_in:
            self.deliver()
            if clock.monotonic() >= self.swept_at + QUEUE_SWEEP_SECONDS:
                self.swept_at = clock.monotonic()
                self.sweep()
        elif was_away:
            log.warning("the queue answers again")
            self.catch_up()
