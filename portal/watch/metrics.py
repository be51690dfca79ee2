"""What `/metrics` says, for Prometheus. Imported only where PORTAL_METRICS_FROM names somebody.

Each process counts into files of its own in the folder that gunicorn's first process has made (`metrics_folder.py`); whichever is asked
adds them up. What the database knows is measured when somebody asks (`numbers.py`).
"""

import logging
import os
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from flask import Flask
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.db import ON_EVENTS
from portal.watch.metrics_folder import VARIABLE, room
from portal.watch.names import BUCKETS, COUNTS, MEASURES, area_of, count_of
from portal.watch.numbers import Numbers
from portal.watch.readiness import Readiness

log = logging.getLogger(__name__)
disable_created_metrics()  # type: ignore[no-untyped-call]  # of a process; nobody asks when it began to count
OWN = CollectorRegistry()  # of this process
REQUESTS = Counter("portal_requests", "Requests by their answer's class", ("area", "status"), registry=OWN)
SECONDS = Histogram("portal_request_seconds", "How long requests took", ("area",), buckets=BUCKETS, registry=OWN)
COUNTERS = {name: Counter(name, words, (label,), registry=OWN) for name, (words, label, _) in COUNTS.items()}
for name, (_, _, values) in COUNTS.items():
    for value in values:
        COUNTERS[name].labels(value)  # a series that begins with its first event would hide that event from rates


class Metrics(Collector):
    """One app's."""

    def __init__(self, app: Flask, readiness: Readiness) -> None:
        self.numbers, self.readiness = Numbers(app), readiness
        app.extensions["sessions"].configure(info={ON_EVENTS: count_events})

    def text(self) -> str:
        """Everything, in Prometheus's text format."""
        registry = CollectorRegistry()
        if VARIABLE in os.environ:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
        elif room.is_there:
            registry = OWN
        counted = generate_latest(registry)
        measured = CollectorRegistry()
        measured.register(self)
        return (counted + generate_latest(measured)).decode()

    def collect(self) -> Iterator[Metric]:
        """What is measured now."""
        self.readiness.begin()  # both at once
        found = self.numbers.read()
        found["portal_ready"] = {(): 0.0 if self.readiness.failure() else 1.0}
        for name, (words, labels) in MEASURES.items():
            if name in found:
                family = GaugeMetricFamily(name, words, labels=labels)
                for told, value in found[name].items():
                    family.add_metric(told, value)
                yield family


def count_request(route: str | None, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    if not room.is_there:
        return
    counter, histogram = series_of(route, status // 100)
    counter.inc()
    histogram.observe(seconds)


@cache
def series_of(route: str | None, status_class: int) -> tuple[Counter, Histogram]:
    """Where a request is counted; looked up once, which takes longer than counting."""
    area = area_of(route)
    return REQUESTS.labels(area, f"{status_class}xx"), SECONDS.labels(area)


def count_events(events: Iterable[dict[str, Any]]) -> None:
    """Count the audit events of a transaction that was committed. Nothing that goes wrong here may undo what was done."""
    if not room.is_there:
        return
    try:
        for each in events:
            found = count_of(each["event"], each["result"] == "refused", each["reason"], each["factor"])
            if found:
                COUNTERS[found[0]].labels(found[1]).inc()
    except Exception:
        log.exception("events were not counted")
