"""Which sessions were told to wait, in this process: what they post meanwhile is answered after everybody else's.

Only the order of answers hangs on it. Whether an answer is compared is decided by the account's row, whatever a process remembers.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from waitress.utilities import Error
from werkzeug.sansio.http import parse_cookie

from portal import clock
from portal.crypto import token_hash

MOST = 10_000  # sessions: about 2 MB. The one that was told first is forgotten first
RETRY_AFTER = "Retry-After"
REFUSED = "4"  # begins the status of what the visitor brought about; a portal that is busy (503) asks everybody to come again
SESSIONS = ("__Host-session", "session")  # the cookie over HTTPS, which no other site can set, before that of plain HTTP


class LineFull(Error):  # type: ignore[misc]  # waitress has no types
    """The server's own answer, in plain text, to one more than the line holds: a page would cost as much as what they wait for."""

    code, reason = 429, "Too Many Requests"


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
    """The hash of the session's token, by the headers as waitress names them; None without a session.

    Cookies are read as the pages read them: written in another way, a session is still the same one.
    """
    cookies = parse_cookie(request.get("COOKIE"))
    token = next(filter(None, map(cookies.get, SESSIONS)), None)
    return token_hash(token) if token else None
