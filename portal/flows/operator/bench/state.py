"""What the test bench itself remembers: one sealed file in the instance folder, apart from the product's tables.

Several processes share it: a change holds a lock, and replaces the file whole, so that a reader always finds one that is complete.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.crypto import Keyring, SealBroken

FILE, LOCK, TURN = "test-bench.state", "test-bench.lock", "test-bench.turn"
PLACE = "test-bench:state"  # the keys of scanned QR codes are in it, so it is sealed
OWNER_ONLY = 0o600
State = dict[str, Any]


def read_state(keys: Keyring, folder: Path) -> State:
    """The whole state, a part by name; {} before the first change, and if the encryption keys are others now. `folder`: the instance."""
    try:
        found = json.loads(keys.open((folder / FILE).read_bytes(), PLACE))
    except (FileNotFoundError, SealBroken):
        return {}
    return dict(found)


@contextmanager
def change_state(keys: Keyring, folder: Path) -> Iterator[State]:
    """The state to change in place: written at the end of the block, and left as it was if the block raises."""
    with open_own(folder / LOCK) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = read_state(keys, folder)
        yield state
        fresh = folder / f"{FILE}.new"
        with open_own(fresh) as file:
            file.write(keys.seal(json.dumps(state), PLACE))
        fresh.replace(folder / FILE)


@contextmanager
def take_turn(folder: Path) -> Iterator[None]:
    """Wait until nobody else puts people in place or starts over: each takes several transactions, which must not mix."""
    with open_own(folder / TURN) as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def open_own(path: Path) -> Any:
    """The file, emptied, for its owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "wb")
