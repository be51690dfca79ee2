"""How the log is written: JSON, a line for each entry and each request, or text to read. What others wrote can forge no entry (AU-5)."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from portal import clock, request_id
from portal.settings.watching import JSON
from portal.watch.requests import FACTS

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

LINE_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]+")


class Readable(logging.Formatter):
    """Text: the entry on one line, then its stack trace."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 logging's name
        number = request_id.current.get()
        return LINE_BREAKS.sub(" ", record.message) + (f" (request {number})" if number and number not in record.message else "")


def make_formatter(kind: str) -> logging.Formatter:
    """The formatter that every entry goes through, libraries' own among them."""
    if kind != JSON:
        return Readable()
    from structlog import stdlib
    from structlog.processors import JSONRenderer, format_exc_info

    first: list[Processor] = [stdlib.add_log_level, stdlib.add_logger_name, add_time, add_request]
    # format_exc_info writes no values of variables, as its newer sister does.
    last: list[Processor] = [format_exc_info, stdlib.ProcessorFormatter.remove_processors_meta, JSONRenderer()]
    return Json(stdlib.ProcessorFormatter(foreign_pre_chain=first, processors=last))


class Json(logging.Formatter):
    """JSON by structlog; a request's line without it, since every answer would wait a tenth of a millisecond."""

    def __init__(self, others: logging.Formatter) -> None:
        super().__init__()
        self.others = others

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, FACTS, None)
        if facts is None:
            return self.others.format(record)
        told = {"event": record.msg, "level": "info", "logger": record.name, "time": time_of(record)}
        return json.dumps({**told, "request_id": request_id.current.get(), **facts})


def time_of(record: logging.LogRecord) -> str:
    """When it was written, in UTC."""
    return clock.moment(record.created).isoformat(timespec="milliseconds")


def add_time(_logger: "WrappedLogger", _method: str, entry: "EventDict") -> "EventDict":
    entry["time"] = time_of(entry["_record"])
    return entry


def add_request(_logger: "WrappedLogger", _method: str, entry: "EventDict") -> "EventDict":
    """The number of the request that it belongs to, if there is one."""
    if number := request_id.current.get():
        entry["request_id"] = number
    return entry


class Handler(logging.StreamHandler[Any]):
    """Ours, on standard error."""


def configure(kind: str, gunicorns: Iterable[logging.Handler] = (), is_service: bool = False) -> None:
    """Write everything to standard error, and have gunicorn write alike; unless somebody has configured logging in another way.

    `is_service`: what is no warning is written, too. Whoever runs a command reads its answer.
    """
    if any(not isinstance(handler, Handler) for handler in logging.root.handlers):
        return
    if not logging.root.handlers:
        logging.root.addHandler(Handler(sys.stderr))
    logging.root.handlers[0].setFormatter(make_formatter(kind))
    if kind == JSON and is_service:
        logging.getLogger("portal").setLevel(logging.INFO)
    if kind == JSON:
        for handler in gunicorns:
            handler.setFormatter(make_formatter(kind))
