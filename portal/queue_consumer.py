"""huey's consumer, which no signal ends in the middle of a delivery."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huey import Huey
    from huey.consumer import Consumer

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def stop_signals_held() -> Iterator[None]:
    """Signals to stop wait until the consumer takes them, so that none ends the process in the middle of a delivery."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def make_consumer(huey: "Huey", **options: object) -> "Consumer":
    """huey's consumer, which takes signals once it has started: huey 3.5.4 starts its threads first, and minds signals afterward."""
    from huey.consumer import Consumer

    class Listening(Consumer):  # type: ignore[misc]  # huey has no types
        def start(self) -> None:
            super().start()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    return Listening(huey, **options)
