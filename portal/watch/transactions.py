"""Spans of database transactions, without a statement or a value. Imported only where PORTAL_TRACES_URL is set."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from opentelemetry.semconv.attributes.db_attributes import DB_SYSTEM_NAME
from opentelemetry.trace import SpanKind
from sqlalchemy import Connection, Dialect, Engine, event

from portal.watch.spans import close, current, end_begun
from portal.watch.traces_out import Sender

if TYPE_CHECKING:
    from opentelemetry.util.types import AnyValue

WRITES = "portal.transaction.writes"
OPEN = "the span of the open transaction"  # a key of what the pool keeps for a connection


class Transactions:
    """A span from before BEGIN until after COMMIT or ROLLBACK, of what requests and deliveries do.

    SQLAlchemy tells of COMMIT before it happens, and a commit is what takes long. So the dialect's own two methods are wrapped, on this
    engine alone.
    """

    def __init__(self, engine: Engine, sender: Sender) -> None:
        self.sender = sender
        OF_DIALECT[engine.dialect] = self
        event.listen(engine, "begin", self.after_begin)
        event.listen(engine, "invalidate", lambda _driver, record, _error: self.end(record.record_info, "lost", is_failed=True))
        for name, how in (("do_commit", "committed"), ("do_rollback", "rolled back")):
            setattr(engine.dialect, name, partial(self.finish, getattr(engine.dialect, name), how))

    def begin(self, connection: Connection) -> None:
        work, tracer = current.get(), self.sender.tracer
        if not work or not tracer:
            return
        end_begun(work)
        writes = bool(connection.get_execution_options().get("writes", False))
        told: dict[str, AnyValue] = {DB_SYSTEM_NAME: connection.dialect.name, WRITES: writes}
        work.beginning = tracer.start_span("transaction", work.within, SpanKind.CLIENT, told)

    def after_begin(self, connection: Connection) -> None:
        work, info = current.get(), connection.connection.record_info
        if work and work.beginning and info is not None:
            info[OPEN], work.beginning = work.beginning, None

    def finish(self, original: Callable[[Any], None], how: str, connection: Any) -> None:
        """Commit or roll back, and end the span."""
        is_failed = True
        try:
            original(connection)
            is_failed = False
        finally:
            self.end(connection.record_info, how if not is_failed else f"not {how}", is_failed)

    @staticmethod
    def end(info: dict[Any, Any] | None, how: str, is_failed: bool = False) -> None:
        span = info.pop(OPEN, None) if info else None
        if span:
            close(span, how, is_failed)


OF_DIALECT: WeakKeyDictionary[Dialect, Transactions] = WeakKeyDictionary()


@event.listens_for(Engine, "begin")
def before_begin(connection: Connection) -> None:
    """Of the class: these come first. SQLAlchemy appends every listener of an engine, also one with `insert`, and ours begin there."""
    transactions = OF_DIALECT.get(connection.dialect)
    if transactions:
        transactions.begin(connection)
