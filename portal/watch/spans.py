"""A span of a request or a delivery, with those of the transactions that begin meanwhile as its children."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

END = "portal.transaction.end"


@dataclass
class Work:
    """A request or a delivery, while it is traced."""

    span: Span
    beginning: Span | None = None  # of a transaction whose BEGIN has not returned
    within: Context = field(init=False)

    def __post_init__(self) -> None:
        self.within = set_span_in_context(self.span, Context())


current: ContextVar[Work | None] = ContextVar("work", default=None)


@contextmanager
def working(tracer: Tracer, kind: SpanKind) -> Iterator[Span]:
    """A span of its own trace; transactions that begin meanwhile in this thread are its children."""
    span = tracer.start_span("", Context(), kind)
    work = Work(span)
    token = current.set(work)
    try:
        yield span
    except BaseException as error:
        fail(span, type(error).__qualname__)
        raise
    finally:
        current.reset(token)
        end_begun(work)
        span.end()


def fail(span: Span, kind: str) -> None:
    """Mark as failed; `kind` is a status, a result, or the name of an exception, whose words may repeat what was typed."""
    span.set_attribute(ERROR_TYPE, kind)
    span.set_status(StatusCode.ERROR)


def end_begun(work: Work) -> None:
    """End the span of a transaction whose BEGIN failed, such as for a lock that it has waited for in vain."""
    if work.beginning:
        close(work.beginning, "not begun", is_failed=True)
        work.beginning = None


def close(span: Span, how: str, is_failed: bool = False) -> None:
    span.set_attribute(END, how)
    if is_failed:
        fail(span, how)
    span.end()
