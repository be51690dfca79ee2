"""The few threads that hash passwords, and their memory: a hash needs 19 MiB, which glibc keeps after it was freed.

Other C libraries give memory back by themselves, and have neither function.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from portal import clock
from portal.settings import config

Result = TypeVar("Result")
C_LIBRARY: Any = ctypes.CDLL(None)
M_ARENA_MAX = -8  # malloc.h
LOW_PRIORITY = 10  # a tenth of the usual share of a core, if that is scarce: nice(1)


class HashingThreads(ThreadPoolExecutor):
    """As many threads as may hash at once; whoever comes first is served first."""

    used_at: float | None = None  # by the monotonic clock, since memory was given back

    def __init__(self, threads: int) -> None:
        super().__init__(threads, "hashing", initializer=let_pages_go_first)

    def run(self, deed: Callable[..., Result], *facts: object) -> Result:
        """What `deed` returns or raises, done by one of the threads."""
        try:
            return self.submit(deed, *facts).result()
        finally:
            self.used_at = clock.monotonic()

    def rest(self) -> None:
        """Give the memory back after some idle seconds: a hash in memory that is new to the process takes a third longer."""
        if self.used_at is not None and clock.monotonic() - self.used_at > config.HASHES_REST_SECONDS:
            self.used_at = None
            if hasattr(C_LIBRARY, "malloc_trim"):
                C_LIBRARY.malloc_trim(0)


def let_pages_go_first() -> None:
    """Lower the priority of this thread: a hash can wait for the few milliseconds of a page. Only Linux has priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)


def share_arena() -> None:
    """Let all threads of this process and of its forks allocate from one place, where what one has freed serves the others.

    Otherwise each thread has its own, and each place keeps the most that it ever needed.
    """
    if hasattr(C_LIBRARY, "mallopt"):
        C_LIBRARY.mallopt(M_ARENA_MAX, 1)
