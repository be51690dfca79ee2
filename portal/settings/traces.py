"""Reads where traces go, and what OpenTelemetry's own variables say about it; numbers of the way there."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.settings.addresses import SettingError, is_loopback_host, split_url
from portal.settings.serving import HOST_NAME

NAME = "PORTAL_TRACES_URL"
PATH = "/v1/traces"  # where collectors take them: OTLP/HTTP
QUEUE_SPANS = 2048  # the most that wait in a process, some megabytes; while a collector is away, further ones are dropped
BATCH_SPANS = 512  # of one request to the collector
DELAY_MILLISECONDS = 5000  # the longest that a span waits for others
EXPORT_SECONDS = 5.0  # the longest that a collector may take for a batch, with all tries
STOP_SECONDS = 2.0  # the longest that a process that stops waits for it: gunicorn kills after ten

DISABLED = "OTEL_SDK_DISABLED"
HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
ATTRIBUTES, SERVICE = "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"
FILES = tuple(
    f"OTEL_EXPORTER_OTLP_{signal}{kind}"
    for signal in ("TRACES_", "")
    for kind in ("CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY")
)
TOKEN = re.compile(r"[!#$&'*+.^_`|~0-9A-Za-z-]+")  # the name of a header
WRITTEN = re.compile(r"[ !#-+\--:<-\[\]-~]*")  # its value, as OpenTelemetry takes it
PRINTABLE = re.compile(r"[ -~]+")


def read_traces_url(environ: Mapping[str, str]) -> str:
    """The address that traces are posted to, "" if there are none. Raises SettingError.

    What OpenTelemetry can't read, it writes to the log whole, a password among it, and goes on without. So its variables are checked here.
    """
    url = environ.get(NAME, "").rstrip("/")
    if not url:
        return ""
    parts = split_url(url)
    if not parts or parts.scheme not in ("http", "https") or set(url) & set("@?#"):
        raise SettingError(f"{NAME} must be an address such as http://127.0.0.1:4318. A password for it goes into {HEADERS[1]}.")
    if not HOST_NAME.fullmatch(parts.hostname or "") or not PRINTABLE.fullmatch(url) or " " in url:
        raise SettingError(f"{NAME} must be written in ASCII, without spaces and signs.")
    check_headers(environ, url)
    check_resource(environ)
    check_files(environ)
    if environ.get(DISABLED, "").strip().lower() == "true":
        return ""
    return url if url.endswith(PATH) else url + PATH


def check_headers(environ: Mapping[str, str], url: str) -> None:
    """Refuse headers that could not be sent, or that everybody on the way could read. The sentence repeats none."""
    for name in HEADERS:
        pairs = [pair.partition("=") for pair in environ.get(name, "").split(",") if pair.strip()]
        for key, equals, value in pairs:
            is_fine = TOKEN.fullmatch(key.strip()) and equals and WRITTEN.fullmatch(value.strip())
            if not is_fine or not PRINTABLE.fullmatch(unquote(value).strip()):
                raise SettingError(f"{name} must be a list such as authorization=Bearer%20TOKEN,x-tenant=NAME, in ASCII.")
        if pairs and url.startswith("http://") and not is_loopback_host(urlsplit(url).hostname or ""):
            raise SettingError(f"{NAME} would send {name} unencrypted. Begin it with https://, or unset the headers.")


def check_resource(environ: Mapping[str, str]) -> None:
    """Refuse what describes this service, if it can't be sent or read."""
    for name in (ATTRIBUTES, SERVICE):
        value = environ.get(name, "")
        if not value.isprintable():
            raise SettingError(f"{name} holds a control character, or bytes that are not UTF-8. Write it in one line, as UTF-8.")
        pairs = [pair.partition("=") for pair in value.split(",")] if name == ATTRIBUTES and value else []
        if not all(key.strip() and equals for key, equals, _ in pairs):
            raise SettingError(f"{name} must be a list such as deployment.environment.name=production,service.namespace=clinic.")


def check_files(environ: Mapping[str, str]) -> None:
    """Refuse a certificate or key that is not there: nothing could be sent."""
    for name in FILES:
        if environ.get(name):
            try:
                Path(environ[name]).open("rb").close()
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "no path"
                raise SettingError(f"{name} must name a file that the portal's account may read ({reason}).") from error
