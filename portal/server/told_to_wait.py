"""Which sessions had a form refused, or were told to wait, in this process: what they post next is answered after everybody else's.

While somebody guesses, so is a code from a session that began in a browser which the account does not know: its token says so. And
whoever was told to wait and posts the same form on and on is turned away with a page that asks for nothing. Whether an answer is compared
is decided by the account's row, whatever a process remembers: here, some of what would not be compared is not looked at.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from waitress.utilities import Error
from werkzeug.sansio.http import parse_cookie

from portal import clock
from portal.crypto import token_hash
from portal.settings import config, lines
from portal.turned_away import is_turned_away

MOST = 10_000  # sessions: about 4 MB, 20 MB if somebody sets out to. The one that was told first is forgotten first
MOST_FORMS, LONGEST_PATH = 5, 200  # of one session
RETRY_AFTER = "Retry-After"
FORM_REFUSED = "422"
GUESSED = "/sign-in/code"
REFUSED = "4"  # begins the status of what the visitor brought about; a portal that is busy (503) asks everybody to come again
SESSIONS = ("__Host-session", "session")  # the cookie over HTTPS, which no other site can set, before that of plain HTTP


class LineFull(Error):  # type: ignore[misc]  # waitress has no types
    """The server's own answer, in plain text, to one more than the line holds: a page would cost as much as what they wait for."""

    code, reason = 429, "Too Many Requests"

    def __init__(self) -> None:
        super().__init__("Too many requests wait. Wait a few seconds, then try again.")

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        status, headers, body = super().to_response(ident)
        return status, [*headers, (RETRY_AFTER, "5")], body


@dataclass
class Told:
    """A form where a session was told to wait: until when, and when what it has posted there since is forgotten."""

    until: float
    forgotten: float = 0


@dataclass
class Pause:
    """Of the session with this hash, until when by the monotonic clock. `forms`: where it was told to wait, by their paths, if at all."""

    session: str
    until: float = 0
    forms: dict[str, Told] = field(default_factory=dict)

    def told_at(self, path: str) -> Told | None:
        """The form of this path, if its own wait is not over: what a session is refused later makes it no longer."""
        told = self.forms.get(path)
        return told if told and told.until > clock.monotonic() else None


class ToldToWait:
    """The pauses of sessions: the latest, of this process."""

    def __init__(self) -> None:
        self.pauses: OrderedDict[str, Pause] = OrderedDict()
        self.wrong_codes: deque[float] = deque(maxlen=lines.GUESSES)  # when the latest were refused
        self.lock = threading.Lock()

    def note(self, request: Mapping[str, str], path: str, status: str, answer: Iterable[tuple[str, str]]) -> None:
        """Look whether this answer, by its status and headers, refused a form or told the request's session to wait, and how long."""
        if not status.startswith(REFUSED) or is_turned_away():
            return
        told = next((value for name, value in answer if name == RETRY_AFTER), None)
        token = session_token(request)
        if token is None or (told is None and not status.startswith(FORM_REFUSED)):
            return
        key = token_hash(token)
        with self.lock:
            now = clock.monotonic()
            if path == GUESSED:
                self.wrong_codes.append(now)
            pause = self.pauses.setdefault(key, Pause(key))
            until = now + (lines.REFUSED_SECONDS if told is None else int(told))
            pause.until = max(pause.until, until)
            pause.forms = {each: form for each, form in pause.forms.items() if form.until > now}
            if told is not None and (path in pause.forms or len(pause.forms) < MOST_FORMS) and len(path) <= LONGEST_PATH:
                form = pause.forms.setdefault(path, Told(until))
                form.until = max(form.until, until)
            self.pauses.move_to_end(key)
            while len(self.pauses) > MOST:
                self.pauses.popitem(last=False)

    def pause_of(self, request: Mapping[str, str], path: str) -> Pause | None:
        """The pause of the session of a request with these headers; None if it has none, or if it is over.

        The first codes of a session that began in a new browser were refused nothing, but may be a stranger's guesses.
        """
        token = session_token(request)
        if token is None:
            return None
        session = token_hash(token)
        return self.running(session) or (Pause(session) if self.is_guess(token, path) else None)

    @staticmethod
    def is_guess(token: str, path: str) -> bool:
        """Whether this may be a stranger's guess: a code, from a session that owed one when it began in a new browser."""
        return path == GUESSED and token.startswith(config.NEW_BROWSER)

    def somebody_guesses(self) -> bool:
        """Whether wrong codes come faster than owners mistype them."""
        latest = list(self.wrong_codes)
        return len(latest) == lines.GUESSES and latest[0] > clock.monotonic() - lines.GUESSES_SECONDS

    def running(self, session: str) -> Pause | None:
        """The pause of the session with this hash, unless it is over."""
        pause = self.pauses.get(session)
        return pause if pause and pause.until > clock.monotonic() else None

    def is_too_much(self, pause: Pause, path: str) -> bool:
        """Whether this form was posted as often as the pause allows; if it wasn't, this time counts.

        It may be posted a few times in a row, and then once in a while: a leaky bucket, kept as the moment when it will be empty.
        """
        with self.lock:
            now, form = clock.monotonic(), pause.told_at(path)
            if form is None:
                return False
            filled = max(form.forgotten, now) + lines.IMPATIENT_SECONDS
            if filled > now + lines.IMPATIENT_POSTS * lines.IMPATIENT_SECONDS:
                return True
            form.forgotten = filled
            return False


def session_token(request: Mapping[str, str]) -> str | None:
    """The session's token, by the headers as waitress names them; None without a session.

    Cookies are read as the pages read them: written in another way, a session is still the same one.
    """
    cookies = parse_cookie(request.get("COOKIE"))
    return next(filter(None, map(cookies.get, SESSIONS)), None)
