"""Sends texts through the gateway in PORTAL_SMS_URL, using apprise, with an optional second gateway as fallback."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from portal.gateways import REFUSED, SENT, UNKNOWN, UNREACHABLE, Message
from portal.settings import config
from portal.settings.addresses import SettingError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

log = logging.getLogger(__name__)
TOO_MANY_REQUESTS = 429  # a temporary failure, like every status from 500 on
OPTIONS = {"cto": config.TEXT_CONNECT_SECONDS, "rto": config.TEXT_READ_SECONDS, "redirect": "no"}
SAMPLE_MESSAGE = Message("", "+12025550123", "", report="0")


class TextGateway:
    """The configured gateways, in order. Built only in the worker: apprise takes 48 MB."""

    def __init__(self, urls: tuple[str, ...], reports: str = "") -> None:
        """`reports`: the URL of delivery reports, without the token. Raises SettingError if apprise cannot parse a URL."""
        self.urls = urls
        self.reports = reports
        self.build_service = load_apprise()
        for place, url in enumerate(urls, 1):
            if self.build_service(self.build_url(url, SAMPLE_MESSAGE)) is None:
                raise SettingError(
                    f"PORTAL_SMS_URL: address {place} is not one that apprise can read. Compare it with apprise's list."
                )

    def hand_over(self, message: Message) -> str:
        """SENT, or the last gateway's outcome. After UNKNOWN no other gateway is tried: the text may have been accepted."""
        outcome = UNREACHABLE
        for place, url in enumerate(self.urls, 1):
            outcome = self.send_through(url, message)
            if outcome in (SENT, UNKNOWN):
                break
            log.warning("text %s: gateway %d of %d is %s", message.id, place, len(self.urls), outcome)
        return outcome

    def send_through(self, url: str, message: Message) -> str:
        """Try one gateway, with a new service object: apprise delays the second message of one object."""
        service = self.build_service(self.build_url(url, message))
        if service is None:
            return REFUSED
        LAST_REQUEST.outcome = UNREACHABLE
        try:
            accepted = service.notify(body=message.text, title="")
        except Exception as error:  # noqa: BLE001 a bug in a service: the outcome of its HTTP request is all that is known
            log.warning("text %s: the gateway library raised %s", message.id, type(error).__name__)
            accepted = False
        return SENT if accepted else LAST_REQUEST.outcome

    def build_url(self, url: str, message: Message) -> str:
        """The URL for one text, with default options unless it sets them itself."""
        base, _, query = url.partition("?")
        set_already = {part.partition("=")[0] for part in query.split("&")}
        options = [query] if query else []
        options += [f"{name}={value}" for name, value in OPTIONS.items() if name not in set_already]
        report = f"{self.reports}{message.report}?state="  # the gateway appends the state
        complete = f"{base}?{'&'.join(options)}"
        return complete.replace("{to}", quote(message.to, safe="")).replace("{report}", quote(report, safe=""))


class LastRequest(threading.local):
    """The outcome of this thread's last HTTP request, if the service reports that the text was not accepted."""

    outcome = UNREACHABLE


LAST_REQUEST = LastRequest()


def load_apprise() -> Callable[[str], Any]:
    """Import apprise, silence its logs, and observe its requests. Returns a function from URL to service (None if invalid)."""
    import apprise
    from requests.adapters import HTTPAdapter

    # Its services log phone numbers at WARNING, and tokens and content at DEBUG. This module logs what happened.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    if not hasattr(HTTPAdapter.send, "__wrapped__"):
        HTTPAdapter.send = observe_requests(HTTPAdapter.send)  # type: ignore[method-assign]  # apprise has no hook for it
    return lambda url: apprise.Apprise.instantiate(url, suppress_exceptions=True)


def observe_requests(send: Callable[..., "Response"]) -> Callable[..., "Response"]:
    """Record each request's outcome: apprise returns only success or failure, and the reason decides whether to retry."""
    from requests import exceptions

    def send_and_record(adapter: "HTTPAdapter", request: "PreparedRequest", **options: Any) -> "Response":
        try:
            response = send(adapter, request, **options)
        except (exceptions.ConnectTimeout, exceptions.SSLError, exceptions.ProxyError):
            LAST_REQUEST.outcome = UNREACHABLE
            raise
        except exceptions.RequestException as error:
            LAST_REQUEST.outcome = UNREACHABLE if failed_to_connect(error) else UNKNOWN
            raise
        status: int = response.status_code
        LAST_REQUEST.outcome = UNREACHABLE if status == TOO_MANY_REQUESTS or status >= 500 else REFUSED
        return response

    send_and_record.__wrapped__ = send  # type: ignore[attr-defined]  # marks it, so that it is done once
    return send_and_record


def failed_to_connect(error: Exception) -> bool:
    """Whether a request failed before its first byte was sent: name resolution, connection refused."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)
