"""The folder that processes count into: empty at the start, nobody else's, gone at the end."""

import stat

from tests.canary.test_watched import counted_in
from tests.support.server import running_server
from tests.support.watched import READ, samples, value_of
from tests.support.wire import Wire


def test_a_server_begins_at_nothing_and_takes_its_folder_along(site):
    folders = []
    for _ in range(2):
        with running_server(site, workers=1, **READ) as server:
            folders.append(counted_in(server))
            assert stat.S_IMODE(folders[-1].stat().st_mode) == 0o700
            Wire(server).sign_in("maria")
            assert value_of(samples(Wire(server).get("/metrics").text), "portal_sign_ins_total", result="signed_in") == 1
            assert server.stop() == 0
    assert folders[0] != folders[1] and not any(folder.exists() for folder in folders)
