"""Sends texts through the gateway in PORTAL_SMS_URL, using apprise, with an optional second gateway as fallback."""

import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from portal.gateways import REFUSED, SENT, UNKNOWN, UNREACHABLE, Message
from portal.gateways.replies import KANNEL, find_row
from portal.gateways.witness import LAST_REQUEST, watch_requests
from portal.settings import config
from portal.settings.addresses import SettingError

log = logging.getLogger(__name__)
OPTIONS = {"cto": config.TEXT_CONNECT_SECONDS, "rto": config.TEXT_READ_SECONDS, "redirect": "no"}
KANNEL_OPTIONS = {":charset": "UTF-8"}  # what apprise writes
SAMPLE_MESSAGE = Message("", "+12025550123", "", report="0")


class TextGateway:
    """The configured gateways, in order. Built only in the worker: apprise takes 48 MB."""

    def __init__(self, urls: tuple[str, ...], reports: str = "") -> None:
        """`reports`: the URL of delivery reports, without the token. Raises SettingError if apprise cannot parse a URL."""
        self.urls = urls
        self.reports = reports
        self.build_service = load_apprise()
        for place, url in enumerate(urls, 1):
            if find_row(url) is None:
                log.warning(
                    "PORTAL_SMS_URL: address %d is a service whose answers are not known: a refusal in a body may count as sent",
                    place,
                )
            service = self.build_service(self.build_url(url, SAMPLE_MESSAGE))
            if service is None:
                raise SettingError(
                    f"PORTAL_SMS_URL: address {place} is not one that apprise can read. Compare it with apprise's list."
                )
            if not goes_to(service, SAMPLE_MESSAGE.to):
                raise SettingError(f"PORTAL_SMS_URL: address {place} would text another number. Put {{to}} where it belongs.")

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
        if service is None or not goes_to(service, message.to):
            log.warning("text %s: the gateway library takes its number for none", message.id)
            return REFUSED
        with LAST_REQUEST.of_text(find_row(url)) as last_request:
            try:
                accepted = bool(service.notify(body=message.text, title=""))
            except Exception as error:  # noqa: BLE001 a bug in a service: the outcome of its HTTP request is all that is known
                log.warning("text %s: the gateway library raised %s", message.id, type(error).__name__)
                accepted = False
            return last_request.conclude(accepted)

    def build_url(self, url: str, message: Message) -> str:
        """The URL for one text, with default options unless it sets them itself."""
        row = find_row(url)
        base, _, query = url.partition("?")
        set_already = {part.partition("=")[0] for part in query.split("&")}
        options = [query] if query else []
        defaults = OPTIONS | (KANNEL_OPTIONS if row is KANNEL else {}) | (row.name_coding(message.text) if row else {})
        options += [f"{name}={value}" for name, value in defaults.items() if name not in set_already]
        report = f"{self.reports}{message.report}?state="  # the gateway appends the state
        complete = f"{base}?{'&'.join(options)}"
        return complete.replace("{to}", quote(message.to, safe="")).replace("{report}", quote(report, safe=""))


def goes_to(service: Any, number: str) -> bool:
    """Whether a service will text this number. apprise drops those it takes for none; some services then text their own sender."""
    targets = [str(target) for target in getattr(service, "targets", ["@"])]
    if any("@" in target for target in targets):
        return True  # the number is in a field, or in an email address
    kept = [re.sub(r"\D", "", target) for target in targets]
    return bool(kept) and all(
        number[1:] in each or (len(each) > 6 and number.endswith(each)) for each in kept
    )  # one leaves +1 out


def load_apprise() -> Callable[[str], Any]:
    """Import apprise, silence its logs, and observe its requests. Returns a function from URL to service (None if invalid)."""
    import apprise

    # Its services log phone numbers at WARNING, and tokens and content at DEBUG. This module logs what happened.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    watch_requests()
    return lambda url: apprise.Apprise.instantiate(url, suppress_exceptions=True)
