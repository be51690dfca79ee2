"""Which sessions were told to wait, in this process: what they post meanwhile is answered after everybody else's.

Only the order of answers hangs on it. Whether an answer is compared is decided by the account's row, whatever a process remembers.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from portal import clock
from portal.crypto import token_hash

MOST = 10_000  # sessions: about 2 MB. The one that was told first is forgotten first
RETRY_AFTER = "Retry-After"
REFUSED = "4"  # begins the status of what the visitor brought about; a portal that is busy (503) asks everybody to come again
SESSION = re.compile(r"(?:^|;)\s*(?:__Host-)?session=([^;]+)")


class ToldToWait:
    """Sessions with a pause, until when by the monotonic clock."""

    def __init__(self) -> None:
        self.until: OrderedDict[str, float] = OrderedDict()
        self.lock = threading.Lock()

    def note(self, request: Mapping[str, str], status: str, answer: Iterable[tuple[str, str]]) -> None:
        """Look whether this answer, by its status and headers, told the request's session to wait, and for how many seconds."""
        if not status.startswith(REFUSED):
            return
        seconds = next((value for name, value in answer if name == RETRY_AFTER), None)
        key = session_key(request)
        if seconds is None or key is None:
            return
        with self.lock:
            self.until[key] = clock.monotonic() + int(seconds)
            self.until.move_to_end(key)
            while len(self.until) > MOST:
                self.until.popitem(last=False)

    def has(self, request: Mapping[str, str]) -> bool:
        """Whether the session of a request with these headers still has to wait."""
        key = session_key(request) if self.until else None
        return key is not None and self.until.get(key, 0) > clock.monotonic()


def session_key(request: Mapping[str, str]) -> str | None:
    """The hash of the session's token, by the headers as waitress names them; None without a session."""
    found = SESSION.search(request.get("COOKIE", ""))
    return token_hash(found[1]) if found else None
