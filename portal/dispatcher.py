"""Which request gets a thread next: the one that came first, but passwords at sign-in wait in a line of their own, and so do guesses.

A sign-in waits for processor time, so a crowd of them would hold every thread. Waiting in this line takes no thread, and every other
page is answered meanwhile. Whoever had a form refused, or was told to wait, and posts on waits in another line, and so does a code from a
new browser while somebody guesses. One of them at a time has a thread, those who came refused and the others in turns; after a refusal,
the line rests as long as that took, up to a limit. Soon those who were told to wait are turned away. So ten thousand guesses a minute
stand in nobody's way. Probes have a thread that nothing else takes: a portal that is busy is not dead.
"""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import takewhile
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from portal import clock, passwords, told_to_wait
from portal.settings import config
from portal.turned_away import turning_away
from portal.watch.probes import ALIVE, READY

log = logging.getLogger(__name__)
SIGN_IN = ("POST", "/sign-in")
PROBES = {ALIVE, READY}
PROBE_THREADS = 2  # whoever asks whether the process is alive does not wait for the database


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """A process's threads, with a line for sign-ins: few of them have threads, many may wait, and one more is told so.

    And one for whoever was refused or told to wait, or may be about to guess.
    """

    def __init__(self) -> None:
        super().__init__()
        self.in_line: deque[InLine] = deque()
        self.signing_in = 0  # those that have a thread, or have one next
        self.told_to_wait = told_to_wait.ToldToWait()
        self.impatient: deque[InLine] = deque()  # the first of them has a thread, or has one next
        self.from_new_browsers = 0  # codes that have a thread without having stood in that line
        self.stops = threading.Event()
        self.refusals_told = -math.inf  # when the log was last told of refusals
        self.probes = ThreadedTaskDispatcher()
        self.probes.set_thread_count(PROBE_THREADS)

    def add_task(self, channel: Any) -> None:
        """Take a connection's next request."""
        request = channel.requests[0]
        if not request.error and request.path in PROBES:
            self.probes.add_task(channel)
            return
        task = channel if request.error else self.task_for(channel, request)
        if task:
            super().add_task(task)

    def task_for(self, channel: Any, request: Any) -> Any:
        """What a thread has to do with a request now; None while it waits."""
        is_sign_in = (request.command, request.path) == SIGN_IN
        pause = self.told_to_wait.pause_of(request.headers, request.path) if request.command == "POST" else None
        if not pause or (is_sign_in and not pause.told_at(request.path)):
            return self.line_up(channel) if is_sign_in else channel
        if not pause.until and self.lets_in():
            return InLine(channel, self.let_out)
        if not self.has_place_for(pause):
            return self.refuse(channel) if pause.told_at(request.path) else channel
        if self.told_to_wait.is_too_much(pause, request.path):
            return TurnedAway(channel, turning_away)
        return self.let_others_first(channel, pause)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        self.stops.set()
        self.probes.shutdown(cancel_pending, timeout)
        has_ended: bool = super().shutdown(cancel_pending, timeout)
        return has_ended

    def line_up(self, channel: Any) -> "InLine | TurnedAway | None":
        """What a thread has to do with a sign-in now; None while it waits."""
        with self.lock:
            if self.signing_in < config.SIGN_INS_AT_ONCE:
                self.signing_in += 1
                return InLine(channel, self.leave)
            if len(self.in_line) >= config.SIGN_INS_WAITING:
                return TurnedAway(channel, passwords.without_place)
            self.in_line.append(InLine(channel, self.leave))
            return None

    def leave(self, _took: float) -> None:
        """A sign-in was answered: the next one's turn. Whoever has waited for too long meanwhile is told so."""
        latest = clock.monotonic() - config.SIGN_IN_SECONDS
        with self.lock:
            overdue = list(takewhile(lambda each: each.since < latest, self.in_line))
            for _ in overdue:
                self.in_line.popleft()
            following = self.in_line.popleft() if self.in_line else None
            if following is None:
                self.signing_in -= 1
        for each in overdue:
            super().add_task(TurnedAway(each.channel, passwords.without_place))
        if following:
            super().add_task(following)

    def lets_in(self) -> bool:
        """Whether a code from a new browser has a thread at once: while nobody guesses, for a few of them."""
        with self.lock:
            has_room = self.from_new_browsers < config.NEW_BROWSERS_AT_ONCE and not self.told_to_wait.somebody_guesses()
            self.from_new_browsers += has_room
            return has_room

    def let_out(self, _took: float) -> None:
        """Such a code was answered."""
        with self.lock:
            self.from_new_browsers -= 1

    def has_place_for(self, pause: told_to_wait.Pause) -> bool:
        """Whether one more of this session may stand in the line of those who let others go first.

        None who was refused nothing, if that line hardly moves: then the database is slow, and everybody waits for it.
        """
        with self.lock:
            if not pause.until and self.impatient and self.impatient[0].since < clock.monotonic() - config.NEW_BROWSER_SECONDS:
                return False
            own = sum(each.session == pause.session for each in self.impatient)
            return len(self.impatient) < config.IMPATIENT_WAITING and own < config.IMPATIENT_PLACES

    def let_others_first(self, channel: Any, pause: told_to_wait.Pause) -> "InLine | None":
        """What a thread has to do now with a request that lets others go first; None while it waits."""
        task = InLine(channel, self.call_impatient, pause)
        with self.lock:
            self.impatient.append(task)
            return task if len(self.impatient) == 1 else None

    def call_impatient(self, took: float) -> None:
        """One of them was answered: the next one's turn, after every request that came meanwhile, and after a rest if it was refused.

        Whoever has waited for too long is told so, or has a thread if it was refused nothing: then it waits for seconds at most.
        """
        if self.is_refused(self.impatient[0]):
            self.stops.wait(min(took, config.IMPATIENT_REST))
        now = clock.monotonic()
        with self.lock:
            answered = self.impatient.popleft()
            overdue = [each for each in self.impatient if now - each.since > self.patience(each)]
            for each in overdue:
                self.impatient.remove(each)
            if answered.came_refused:
                self.prefer_unrefused()
            following = self.impatient[0] if self.impatient else None
            if following:
                following.since = now  # since when it has the thread
        for each in overdue:
            super().add_task(self.refuse(each.channel) if self.is_refused(each) else each.channel)
        if following:
            super().add_task(following)

    def is_refused(self, waiting: "InLine") -> bool:
        """Whether its session had a form refused, or was told to wait, and that is not over."""
        return self.told_to_wait.running(waiting.session) is not None

    def patience(self, waiting: "InLine") -> float:
        """The seconds that it waits at most."""
        return config.SIGN_IN_SECONDS if self.is_refused(waiting) else config.NEW_BROWSER_SECONDS

    def prefer_unrefused(self) -> None:
        """Put the first whose session was refused nothing in front: neither kind waits for all of the other."""
        first = next((each for each in self.impatient if not self.is_refused(each)), None)
        if first:
            self.impatient.remove(first)
            self.impatient.appendleft(first)

    def refuse(self, channel: Any) -> Any:
        """The same connection, whose request the server itself answers. The log says so, but once in a while: it stands in no other."""
        channel.requests[0].error = told_to_wait.LineFull()
        now = clock.monotonic()
        if now - self.refusals_told >= config.REFUSED_SECONDS:
            self.refusals_told = now
            log.warning("posts after a refusal or during a pause were answered 429 by the server: too many of them wait")
        return channel


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
