"""Texts: one at a time to the gateway of PORTAL_SMS_URL, through apprise; a second one stands in where the first says no."""

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
TOO_MANY = 429  # a no that may be a yes in a moment, as all from 500 on
OPTIONS = {"cto": config.TEXT_CONNECT_SECONDS, "rto": config.TEXT_READ_SECONDS, "redirect": "no"}
SAMPLE = Message("", "+12025550123", "", report="0")


class TextGateway:
    """The gateways of one setting, in order. Made in the worker alone: apprise weighs 48 MB."""

    def __init__(self, urls: tuple[str, ...], reports: str = "") -> None:
        """`reports`: the address that a text's token is appended to. Raises SettingError where apprise cannot read a URL."""
        self.urls = urls
        self.reports = reports
        self.build = prepare()
        for place, url in enumerate(urls, 1):
            if self.build(self.address(url, SAMPLE)) is None:
                raise SettingError(
                    f"PORTAL_SMS_URL: address {place} is not one that apprise can read. Compare it with apprise's list."
                )

    def hand_over(self, message: Message) -> str:
        """SENT, or what the last gateway said. A gateway that left it open whether it took the text is never asked twice."""
        outcome = UNREACHABLE
        for place, url in enumerate(self.urls, 1):
            outcome = self.ask(url, message)
            if outcome in (SENT, UNKNOWN):
                break
            log.warning("text %s: gateway %d of %d is %s", message.id, place, len(self.urls), outcome)
        return outcome

    def ask(self, url: str, message: Message) -> str:
        """One gateway, one text, one object: apprise makes a second message of one object wait."""
        service = self.build(self.address(url, message))
        if service is None:
            return REFUSED
        WITNESS.saw = UNREACHABLE
        try:
            taken = service.notify(body=message.text, title="")
        except Exception as fault:  # noqa: BLE001 a service's own fault: all that is known is what the line saw
            log.warning("text %s: the gateway library raised %s", message.id, type(fault).__name__)
            taken = False
        return SENT if taken else WITNESS.saw

    def address(self, url: str, message: Message) -> str:
        """The URL for one text, with our options where it has none of its own."""
        place, _, query = url.partition("?")
        own = {part.partition("=")[0] for part in query.split("&")}
        options = [query] if query else []
        options += [f"{name}={value}" for name, value in OPTIONS.items() if name not in own]
        report = f"{self.reports}{message.report}?state="  # the gateway appends its word
        whole = f"{place}?{'&'.join(options)}"
        return whole.replace("{to}", quote(message.to, safe="")).replace("{report}", quote(report, safe=""))


class Witness(threading.local):
    """What this thread's last request came to, if its service says that the text was not taken."""

    saw = UNREACHABLE


WITNESS = Witness()


def prepare() -> Callable[[str], Any]:
    """Import apprise, silence it, and watch its line; returns what makes a service of a URL (None where it cannot)."""
    import apprise
    from requests.adapters import HTTPAdapter

    # At WARNING its services still name numbers, at DEBUG tokens and words; our own lines tell what happened.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    if not hasattr(HTTPAdapter.send, "__wrapped__"):
        HTTPAdapter.send = watched(HTTPAdapter.send)  # type: ignore[method-assign]
    return lambda url: apprise.Apprise.instantiate(url, suppress_exceptions=True)


def watched(send: Callable[..., "Response"]) -> Callable[..., "Response"]:
    """apprise answers yes or no; why not, which decides whether a text may be repeated, is seen on the line only."""
    from requests import exceptions

    def send_and_tell(adapter: "HTTPAdapter", request: "PreparedRequest", **options: Any) -> "Response":
        try:
            answer = send(adapter, request, **options)
        except (exceptions.ConnectTimeout, exceptions.SSLError, exceptions.ProxyError):
            WITNESS.saw = UNREACHABLE
            raise
        except exceptions.RequestException as fault:
            WITNESS.saw = UNREACHABLE if never_connected(fault) else UNKNOWN
            raise
        status: int = answer.status_code
        WITNESS.saw = UNREACHABLE if status == TOO_MANY or status >= 500 else REFUSED
        return answer

    send_and_tell.__wrapped__ = send  # type: ignore[attr-defined]
    return send_and_tell


def never_connected(fault: Exception) -> bool:
    """Whether a request failed before its first byte: no such name, nobody listening."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(fault.args[0], "reason", None) if fault.args else None
    return isinstance(reason, NewConnectionError)
