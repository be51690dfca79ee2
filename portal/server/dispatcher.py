"""Which request gets a thread next: the one that came first, but passwords at sign-in wait in a line of their own, and so do guesses.

A sign-in waits for processor time, so a crowd of them would hold every thread. Waiting in this line takes no thread, and every other
page is answered meanwhile. Whoever had a form refused, or was told to wait, and posts on waits in another line, and so does a code from a
new browser while somebody guesses. One of them at a time has a thread, those who came refused and the others in turns; after a refusal,
the line rests as long as that took, up to a limit. Soon those who were told to wait are turned away. So ten thousand guesses a minute
stand in nobody's way. Probes have a thread that nothing else takes: a portal that is busy is not dead.
"""

from typing import Any

from waitress.task import ThreadedTaskDispatcher

from portal.server.lines import ImpatientLine, SignInLine
from portal.server.told_to_wait import ToldToWait
from portal.watch.probes import ALIVE, READY

SIGN_IN = ("POST", "/sign-in")
PROBES = {ALIVE, READY}
PROBE_THREADS = 2  # whoever asks whether the process is alive does not wait for the database


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """A process's threads, with the two lines before them."""

    def __init__(self) -> None:
        super().__init__()
        self.told_to_wait = ToldToWait()
        self.sign_ins = SignInLine(super().add_task)
        self.impatient = ImpatientLine(self.told_to_wait, super().add_task)
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
        if pause and (pause.told_at(request.path) or not is_sign_in):
            return self.impatient.line_up(channel, request.path, pause)
        return self.sign_ins.line_up(channel) if is_sign_in else channel

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        self.impatient.stops.set()
        self.probes.shutdown(cancel_pending, timeout)
        has_ended: bool = super().shutdown(cancel_pending, timeout)
        return has_ended
