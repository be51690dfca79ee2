"""How spans leave a process: in batches, by a thread of their own, which no request ever waits for."""

import logging
import threading
from collections.abc import Sequence

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import trace_exporter as otlp
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import OTELResourceDetector, Resource, ServiceInstanceIdResourceDetector
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.sdk.version import __version__ as sdk_version
from opentelemetry.trace import Tracer

from portal.settings.traces import BATCH_SPANS, DELAY_MILLISECONDS, EXPORT_SECONDS, QUEUE_SPANS, STOP_SECONDS
from portal.version import VERSION

log = logging.getLogger(__name__)
SERVICE = "medximity-portal"  # unless OTEL_SERVICE_NAME says otherwise
COUNT, UNLIMITED = 32, SpanLimits.UNSET  # more attributes than a span of ours has; in place of what OTEL_… say
LIMITS = SpanLimits(COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, UNLIMITED, UNLIMITED)
UNCOUNTED = NoOpMeterProvider()  # OpenTelemetry counts nothing about itself


class Heard(logging.Filter):
    """Keeps what OpenTelemetry says of a batch that fails out of the log: several entries for each, while it lasts."""

    first = ""  # of the batch: it has the reason

    def filter(self, record: logging.LogRecord) -> bool:
        self.first = self.first or record.getMessage()
        return False


class Exporter(otlp.OTLPSpanExporter):
    """OTLP over HTTP, which says once that the collector fails, and once that it is back."""

    def __init__(self, url: str) -> None:
        session = requests.Session()
        session.trust_env = False  # no .netrc, whose password would take the place of a header, and no proxy meant for gateways
        super().__init__(
            url, timeout=EXPORT_SECONDS, compression=Compression.NoCompression, session=session, meter_provider=UNCOUNTED
        )
        self.is_away, self.heard, self.logger = False, Heard(), logging.getLogger(otlp.__name__)
        self.logger.addFilter(self.heard)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.heard.first = ""
        result = super().export(spans)
        was_away, self.is_away = self.is_away, result is not SpanExportResult.SUCCESS
        if self.is_away and not was_away:
            log.warning("the collector of PORTAL_TRACES_URL takes no traces: %s", self.heard.first)
        elif was_away and not self.is_away:
            log.warning("the collector of PORTAL_TRACES_URL takes traces again")
        return result

    def shutdown(self) -> None:
        super().shutdown()  # type: ignore[no-untyped-call]  # it has no types
        self.logger.removeFilter(self.heard)


class Sender:
    """Makes spans and sends them, from `start` to `stop`, in this process alone. Before and after, `tracer` is None."""

    tracer: Tracer | None = None

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        """Begin in this process, which has been forked by now: a thread does not outlive a fork. Of OTEL_… only what we checked is read."""
        provider = TracerProvider(
            ALWAYS_ON, describe_service(), shutdown_on_exit=False, span_limits=LIMITS, meter_provider=UNCOUNTED
        )
        self.processor = BatchSpanProcessor(
            Exporter(self.url), QUEUE_SPANS, DELAY_MILLISECONDS, BATCH_SPANS, EXPORT_SECONDS, meter_provider=UNCOUNTED
        )
        provider.add_span_processor(self.processor)
        self.tracer = provider.get_tracer("portal", VERSION)

    def stop(self) -> None:
        """Send what is left, for two seconds at most. OpenTelemetry would wait half a minute for a collector that hangs."""
        if self.tracer is None:
            return
        self.tracer = None
        last = threading.Thread(target=self.processor.shutdown, daemon=True)
        last.start()
        last.join(STOP_SECONDS)
        if last.is_alive():
            log.warning("the last traces are lost: the collector of PORTAL_TRACES_URL did not take them in time")


def describe_service() -> Resource:
    """Which service this is. Nothing of the machine, its account, or its command line is told, whatever OTEL_… ask for."""
    own = {"service.name": SERVICE, "service.version": VERSION}
    sdk = {"telemetry.sdk.language": "python", "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.version": sdk_version}
    return Resource(own | sdk).merge(ServiceInstanceIdResourceDetector().detect()).merge(OTELResourceDetector().detect())
