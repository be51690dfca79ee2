"""How busy each process of the server is, for all of them to see: who has more to do than another leaves it the next connection.

A connection stays with the process that took it. Of fifty people who came at once, one process of two took up to 42, who waited for twice
as long as the others.
"""

import math
import mmap
import struct
from functools import cache

from portal import clock

ENTRY = struct.Struct("dd")  # when it was told, by a clock that all processes share, and how many connections are busy
PLACES = 64  # of processes; each new one takes the next
STALE_SECONDS = 2.0  # a process tells it each second at least, unless it hangs or has ended
MARGIN = 1


class Busyness:
    """Memory that is common to the processes that are forked from the one that makes it."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, ENTRY.size * PLACES)

    def tell(self, number: int, connections: int) -> None:
        """Say how many connections process `number` is busy with."""
        ENTRY.pack_into(self.memory, number % PLACES * ENTRY.size, clock.monotonic(), connections)

    def leave(self, number: int) -> None:
        """Be compared with no more: a process that stops takes no connections."""
        ENTRY.pack_into(self.memory, number % PLACES * ENTRY.size, -math.inf, 0)

    def has_its_share(self, number: int, connections: int) -> bool:
        """Whether another process has less to do than process `number`, which is busy with so many connections."""
        latest = clock.monotonic() - STALE_SECONDS
        entries = enumerate(ENTRY.iter_unpack(self.memory))
        others = [busy for place, (told, busy) in entries if told > latest and place != number % PLACES]
        return connections > min(others, default=math.inf) + MARGIN


@cache
def busyness_of(master: int) -> Busyness:
    """That of a server's processes, by the id of the process which forks them: it asks before it forks the first one."""
    return Busyness()
