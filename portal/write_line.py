"""A fair line for SQLite's one write lock: SQLite itself lets whoever asks at the right moment go first, and starves the others."""

import sqlite3
import threading
from collections import deque

from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from portal import clock

MILLISECONDS = 1000


class WriteLine:
    """A lock that the threads of this process get in the order in which they asked."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_held = False

    def enter(self, seconds: float) -> bool:
        """Wait for the turn; False if it did not come in time."""
        with self._mutex:
            if not self._is_held:
                self._is_held = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait(seconds)
        with self._mutex:
            if turn.is_set():
                return True
            self._waiting.remove(turn)
            return False

    def leave(self) -> None:
        """Let the next one in."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_held = False


class LinedConnection(sqlite3.Connection):
    """A connection that leaves the line when its write transaction has ended, however it ends."""

    line: WriteLine | None = None  # the one it is first in

    def take_turn(self, line: WriteLine, seconds: float) -> None:
        """Wait in line. What is left of `seconds` is for other processes, which BEGIN IMMEDIATE waits for. Raises PoolTimeoutError."""
        latest = clock.monotonic() + seconds
        if not line.enter(seconds):
            raise PoolTimeoutError("too many write transactions of this process are waiting")
        self.line = line
        self.execute(f"PRAGMA busy_timeout={max(0, int((latest - clock.monotonic()) * MILLISECONDS))}")

    def commit(self) -> None:
        super().commit()
        self.leave_line()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self.leave_line()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.leave_line()

    def leave_line(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            line.leave()
