"""Before a text that carries a code: has the number lately moved to another SIM, carrier or device (NIST SP 800-63B 3.1.3.3)?"""

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
    """A gateway for texts that asks PORTAL_NUMBER_CHECK_URL first. No answer is no reason to keep a code from anybody."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self.gateway = gateway
        self.url = url

    def hand_over(self, message: Message) -> str:
        """HELD where the number has changed, else what the gateway says."""
        if message.has_code and self.look_up(message) == CHANGED:
            log.warning("text %s: held back because the number recently changed SIM card or carrier", message.id)
            return HELD
        return self.gateway.hand_over(message)

    def look_up(self, message: Message) -> str:
        """OK, CHANGED, or UNKNOWN for whatever else comes or does not come."""
        try:
            result = ask(self.url, message.to)
        except (requests.RequestException, ValueError, RecursionError) as fault:
            log.warning("text %s: number check failed: %s", message.id, type(fault).__name__)
            return UNKNOWN
        if result not in (OK, UNKNOWN, CHANGED):
            log.warning("text %s: number check returned an unknown answer", message.id)
            return UNKNOWN
        return result


def ask(url: str, number: str) -> str:
    """The word of the answer, "" where it holds none. Raises RequestException, ValueError, RecursionError."""
    with requests.post(url, json={"number": number}, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
        answer.raise_for_status()
        said = json.loads(answer.raw.read(ANSWER_MAX, decode_content=True))
    result = said.get("result") if isinstance(said, dict) else None
    return result if isinstance(result, str) else ""
