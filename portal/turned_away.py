"""Whether this thread's request is turned away, since it posts the same form on and on (portal/server/told_to_wait.py)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

HERE = threading.local()


@contextmanager
def turning_away() -> Iterator[None]:
    """Answer with the page that turns away, whatever is asked."""
    HERE.turned_away = True
    try:
        yield
    finally:
        HERE.turned_away = False


def is_turned_away() -> bool:
    """Whether this thread is inside of turning_away()."""
    return getattr(HERE, "turned_away", False)
