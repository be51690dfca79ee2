"""Two lines before a process's threads: of passwords at sign-in, and of posts that let others go first.

Waiting in them takes no thread. portal/settings/lines.py has their numbers.
"""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import takewhile
from typing import Any

from portal import clock, passwords
from portal.server import told_to_wait
from portal.settings import lines
from portal.turned_away import turning_away

log = logging.getLogger(__name__)


class InLine:
    """A thread's task: answer a request, then let the next one of its line in. `leave` is told the seconds that it took."""

    def __init__(self, channel: Any, leave: Callable[[float], None], pause: told_to_wait.Pause | None = None) -> None:
        self.channel, self.leave, self.since = channel, leave, clock.monotonic()
        self.session, self.came_refused = (pause.session, pause.until > 0) if pause else ("", False)

    def service(self) -> None:
        began = clock.monotonic()
        try:
            self.channel.service()
        finally:
            self.leave(clock.monotonic() - began)

    def cancel(self) -> None:
        self.channel.cancel()


class TurnedAway:
    """A thread's task: answer a request that gets no turn. The page says so, and no try is charged."""

    def __init__(self, channel: Any, how: Callable[[], AbstractContextManager[None]]) -> None:
        self.channel, self.how = channel, how

    def service(self) -> None:
        with self.how():
            self.channel.service()

    def cancel(self) -> None:
        self.channel.cancel()


class SignInLine:
    """Passwords at sign-in: few of them have threads, many may wait, and one more is told so. `give` has a thread take a task."""

    def __init__(self, give: Callable[[Any], None]) -> None:
        self.give, self.lock = give, threading.Lock()
        self.waiting: deque[InLine] = deque()
        self.signing_in = 0  # those that have a thread, or have one next

    def line_up(self, channel: Any) -> InLine | TurnedAway | None:
        """What a thread has to do with a sign-in now; None while it waits."""
        with self.lock:
            if self.signing_in < lines.SIGN_INS_AT_ONCE:
                self.signing_in += 1
                return InLine(channel, self.leave)
            if len(self.waiting) >= lines.SIGN_INS_WAITING:
                return TurnedAway(channel, passwords.without_place)
            self.waiting.append(InLine(channel, self.leave))
            return None

    def leave(self, _took: float) -> None:
        """A sign-in was answered: the next one's turn. Whoever has waited for too long meanwhile is told so."""
        latest = clock.monotonic() - lines.SIGN_IN_SECONDS
        with self.lock:
            overdue = list(takewhile(lambda each: each.since < latest, self.waiting))
            for _ in overdue:
                self.waiting.popleft()
            following = self.waiting.popleft() if self.waiting else None
            if following is None:
                self.signing_in -= 1
        for each in overdue:
            self.give(TurnedAway(each.channel, passwords.without_place))
        if following:
            self.give(following)


class ImpatientLine:
    """Whoever was refused or told to wait, or may be about to guess: one of them at a time has a thread, with a rest after a refusal.

    The first in line is the one that has it. `give` has a thread take a task.
    """

    def __init__(self, told: told_to_wait.ToldToWait, give: Callable[[Any], None]) -> None:
        self.told_to_wait, self.give, self.lock = told, give, threading.Lock()
        self.waiting: deque[InLine] = deque()
        self.from_new_browsers = 0  # codes that have a thread without having stood in line
        self.stops = threading.Event()
        self.refusals_told = -math.inf  # when the log was last told of refusals

    def line_up(self, channel: Any, path: str, pause: told_to_wait.Pause) -> Any:
        """What a thread has to do with a post now; None while it waits."""
        if not pause.until and self.lets_in():
            return InLine(channel, self.let_out)
        if not self.has_place_for(pause):
            return self.refuse(channel) if pause.told_at(path) else channel
        if self.told_to_wait.is_too_much(pause, path):
            return TurnedAway(channel, turning_away)
        task = InLine(channel, self.leave, pause)
        with self.lock:
            self.waiting.append(task)
            return task if len(self.waiting) == 1 else None

    def lets_in(self) -> bool:
        """Whether a code from a new browser has a thread at once: while nobody guesses, for a few of them."""
        with self.lock:
            has_room = self.from_new_browsers < lines.NEW_BROWSERS_AT_ONCE and not self.told_to_wait.somebody_guesses()
            self.from_new_browsers += has_room
            return has_room

    def let_out(self, _took: float) -> None:
        """Such a code was answered."""
        with self.lock:
            self.from_new_browsers -= 1

    def has_place_for(self, pause: told_to_wait.Pause) -> bool:
        """Whether one more of this session may stand in line.

        None who was refused nothing, if the line hardly moves: then the database is slow, and everybody waits for it.
        """
        with self.lock:
            if not pause.until and self.waiting and self.waiting[0].since < clock.monotonic() - lines.NEW_BROWSER_SECONDS:
                return False
            own = sum(each.session == pause.session for each in self.waiting)
            return len(self.waiting) < lines.IMPATIENT_WAITING and own < lines.IMPATIENT_PLACES

    def leave(self, took: float) -> None:
        """One of them was answered: the next one's turn, after every request that came meanwhile, and after a rest if it was refused.

        Whoever has waited for too long is told so, or has a thread if it was refused nothing: then it waits for seconds at most.
        """
        if self.is_refused(self.waiting[0]):
            self.stops.wait(min(took, lines.IMPATIENT_REST))
        now = clock.monotonic()
        with self.lock:
            answered = self.waiting.popleft()
            overdue = [each for each in self.waiting if now - each.since > self.patience(each)]
            for each in overdue:
                self.waiting.remove(each)
            if answered.came_refused:
                self.prefer_unrefused()
            following = self.waiting[0] if self.waiting else None
            if following:
                following.since = now  # since when it has the thread
        for each in overdue:
            self.give(self.refuse(each.channel) if self.is_refused(each) else each.channel)
        if following:
            self.give(following)

    def is_refused(self, waiting: InLine) -> bool:
        """Whether its session had a form refused, or was told to wait, and that is not over."""
        return self.told_to_wait.running(waiting.session) is not None

    def patience(self, waiting: InLine) -> float:
        """The seconds that it waits at most."""
        return lines.SIGN_IN_SECONDS if self.is_refused(waiting) else lines.NEW_BROWSER_SECONDS

    def prefer_unrefused(self) -> None:
        """Put the first whose session was refused nothing in front: neither kind waits for all of the other."""
        first = next((each for each in self.waiting if not self.is_refused(each)), None)
        if first:
            self.waiting.remove(first)
            self.waiting.appendleft(first)

    def refuse(self, channel: Any) -> Any:
        """The same connection, whose request the server itself answers. The log says so, but once in a while: it stands in no other."""
        channel.requests[0].error = told_to_wait.LineFull()
        now = clock.monotonic()
        if now - self.refusals_told >= lines.REFUSED_SECONDS:
            self.refusals_told = now
            log.warning("posts after a refusal or during a pause were answered 429 by the server: too many of them wait")
        return channel
