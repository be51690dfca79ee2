"""What lies in the queue and was not signed by the portal is refused before it becomes an object: tasks are pickles."""

import os
import pickle

import pytest


class Bomb:
    """An object whose loading makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made"


def test_the_bomb_goes_off_where_nothing_is_signed(folder):
    pickle.loads(pickle.dumps(Bomb(folder)))  # noqa: S301 (that is what it shows)
    assert folder.exists()


@pytest.mark.parametrize("signature", [b"", b":" + b"0" * 40, b":" + b"0" * 64, b":"], ids=["none", "sha1", "sha256", "empty"])
def test_a_task_that_the_portal_did_not_sign_is_not_even_loaded(app, folder, signature):
    huey = app.extensions["queue"].huey
    huey.storage.flush_queue()  # of what other tests have left
    huey.storage.enqueue(pickle.dumps(Bomb(folder)) + signature)
    with pytest.raises(ValueError, match=r"mismatch|not found"):
        huey.dequeue()
    assert not folder.exists()
