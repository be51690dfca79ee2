"""What the test bench remembers: sealed, whole at every moment, and one for all processes."""

import threading

import pytest

from portal.crypto import Keyring
from portal.flows.operator.bench.state import FILE, change_state, read_state

KEYS = Keyring((("k1", b"1" * 32),))
OTHERS = Keyring((("k2", b"2" * 32),))


def test_at_first_there_is_nothing_and_reading_leaves_nothing_behind(tmp_path):
    assert read_state(KEYS, tmp_path) == {} and list(tmp_path.iterdir()) == []


def test_a_change_is_kept_sealed_and_for_the_owner_alone(tmp_path):
    with change_state(KEYS, tmp_path) as state:
        state["phones"] = {"sam": "JBSWY3DP"}
    assert read_state(KEYS, tmp_path) == {"phones": {"sam": "JBSWY3DP"}}
    assert b"JBSWY3DP" not in (tmp_path / FILE).read_bytes()
    assert [oct(file.stat().st_mode)[-3:] for file in tmp_path.iterdir()] == ["600", "600"]


def test_a_change_that_breaks_off_leaves_what_was_there(tmp_path):
    with change_state(KEYS, tmp_path) as state:
        state["phones"] = 1
    with pytest.raises(KeyError), change_state(KEYS, tmp_path) as state:
        state["phones"] = 2
        raise KeyError
    assert read_state(KEYS, tmp_path) == {"phones": 1}


def test_with_other_keys_it_begins_anew(tmp_path):
    with change_state(KEYS, tmp_path) as state:
        state["phones"] = 1
    assert read_state(OTHERS, tmp_path) == {}


def test_changes_at_one_moment_all_count(tmp_path):
    def count():
        for _ in range(20):
            with change_state(KEYS, tmp_path) as state:
                state["count"] = state.get("count", 0) + 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_state(KEYS, tmp_path) == {"count": 80}
