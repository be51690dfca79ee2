"""Reads how the portal is watched: how its log is written, and to whom details about readiness are shown."""

from collections.abc import Mapping
from datetime import timedelta

from portal.settings.addresses import SettingError
from portal.settings.serving import Network, read_network

JSON, TEXT = "json", "text"  # how the log is written
READY_SECONDS = 1.5  # the longest that an answer about readiness takes: whoever asks often waits two
READY_KEPT_SECONDS = 1.0  # an answer counts for as long, so that nobody makes the database busy by asking
CLOCK_APART_SECONDS = 2.0  # how far the clock may be from the database's: codes are checked by the one, and kept by both
FIRST_SECONDS = 1.0  # the longest that the first answer of /metrics waits for the database
STATEMENT_MILLISECONDS = 8000  # the longest that one of its statements may take: it counts all accounts
RECENT = timedelta(hours=1)  # of which messages it says what became of them
ROWS_OPENED = 5  # sealed values that are tried: one may be damaged, but not all of them


def read_log(environ: Mapping[str, str]) -> str:
    """How the log is written: JSON or TEXT."""
    kind = environ.get("PORTAL_LOG") or JSON
    if kind not in (JSON, TEXT):
        raise SettingError(f"PORTAL_LOG must be {JSON} or {TEXT}.")
    return kind


def read_observers(environ: Mapping[str, str]) -> tuple[Network, ...]:
    """Whom metrics and details are shown to; nobody by default."""
    try:
        return tuple(map(read_network, environ.get("PORTAL_METRICS_FROM", "").replace(",", " ").split()))
    except ValueError as error:
        raise SettingError("PORTAL_METRICS_FROM must be a list of addresses or networks such as 10.0.0.5,10.1.0.0/24.") from error
