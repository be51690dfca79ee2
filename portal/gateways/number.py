"""SIM-swap check before a code is texted: has the number changed SIM, carrier, or device (NIST SP 800-63B 3.1.3.3)?"""

import json
import logging

import requests

from portal.gateways import HELD, Gateway, Message
from portal.settings import config

log = logging.getLogger(__name__)
OK, UNKNOWN, CHANGED = "ok", "unknown", "changed"
ANSWER_MAX = 4096  # bytes
TIMEOUT = (config.NUMBER_CONNECT_SECONDS, config.NUMBER_READ_SECONDS)


class Checked:
    """A text gateway behind a check by PORTAL_NUMBER_CHECK_URL. Fails open: without an answer, the code is sent."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self.gateway = gateway
        self.url = url

    def hand_over(self, message: Message) -> str:
        """HELD if the number has changed, else the gateway's outcome."""
        if message.has_code and self.look_up(message) == CHANGED:
            log.warning("text %s: held back because the number recently changed SIM card or carrier", message.id)
            return HELD
        return self.gateway.hand_over(message)

    def look_up(self, message: Message) -> str:
        """OK, CHANGED, or UNKNOWN for any other answer or none."""
        try:
            result = request_check(self.url, message.to)
        except (requests.RequestException, ValueError, RecursionError) as error:
            log.warning("text %s: number check failed: %s", message.id, type(error).__name__)
            return UNKNOWN
        if result not in (OK, UNKNOWN, CHANGED):
            log.warning("text %s: number check returned an unknown answer", message.id)
            return UNKNOWN
        return result


def request_check(url: str, number: str) -> str:
    """The `result` of the answer, "" if it has none. Raises RequestException, ValueError, RecursionError."""
    with requests.post(url, json={"number": number}, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
        response.raise_for_status()
        answer = json.loads(response.raw.read(ANSWER_MAX, decode_content=True))
    result = answer.get("result") if isinstance(answer, dict) else None
    return result if isinstance(result, str) else ""
