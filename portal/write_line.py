"""A fair line for SQLite's one write lock: SQLite itself lets whoever asks at the right moment go first, and starves the others.

The threads of a process stand in line. After some turns of theirs in a row, the first of them waits at a door that is common to all
processes, a lock on a file beside the database, until the process inside the door has got SQLite's lock. So a process that has written
lets another one go first.
"""

import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from portal import clock

MILLISECONDS = 1000
LOOK_SECONDS = 0.001  # between two looks whether another process has gone on
TURNS_IN_A_ROW = 4  # to change the process at each turn costs a sixth of the writes
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


class WriteLine:
    """A lock that the threads of this process get in the order in which they asked; `door` is the file that all processes lock."""

    def __init__(self, door: str) -> None:
        self.door = door
        self.turns = 0  # since one of this process was at the door
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


@contextmanager
def at_door(path: str, latest: float) -> Iterator[None]:
    """Hold the lock on the door's file for the block; without it, if it could not be had in time or the folder takes no file.

    The file is opened anew each time: forks that shared it would share the lock.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        while not is_locked(file) and clock.monotonic() < latest:
            look_again()
        yield
    finally:
        os.close(file)


def is_locked(file: int) -> bool:
    """Whether this process has got the lock on an open file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def look_again() -> None:
    threading.Event().wait(LOOK_SECONDS)


class LinedConnection(sqlite3.Connection):
    """A connection that leaves the line when its write transaction has ended, however it ends."""

    line: WriteLine | None = None  # the one it is first in

    def begin_in_turn(self, line: WriteLine, seconds: float) -> bool:
        """Begin a write transaction when it is this connection's turn; False if SQLite refuses, or another process writes for too long.

        Raises PoolTimeoutError if too many threads of this process were first.
        """
        latest = clock.monotonic() + seconds
        if not line.enter(seconds):
            raise PoolTimeoutError("too many write transactions of this process are waiting")
        self.line = line
        line.turns += 1
        if line.turns <= TURNS_IN_A_ROW and self.begin_before(0):
            return True
        line.turns = 0
        with at_door(line.door, latest):
            return self.begin_before(latest)

    def begin_before(self, latest: float) -> bool:
        """Begin, and try again until then while another process writes."""
        while True:
            try:
                self.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.Error as error:
                if not error.sqlite_errorname.startswith(BUSY) or clock.monotonic() >= latest:
                    return False
            look_again()

    def set_patience(self, seconds: float) -> None:
        """How long SQLite waits by itself for a lock, asleep for up to a tenth of a second while it is free."""
        self.execute(f"PRAGMA busy_timeout={int(seconds * MILLISECONDS)}")

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
