"""The folder that processes count into: empty at the start, nobody else's, gone at the end, or with the next start."""

import stat
import subprocess
import sys

import pytest

from portal.watch import metrics_folder
from tests.canary.test_watched import counted_in
from tests.support.processes import ROOT
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


def test_what_a_killed_server_left_goes_with_the_next_start_and_nothing_of_a_living_one(site, tmp_path):
    with running_server(site, workers=1, **READ) as killed:
        left = counted_in(killed)
        killed.kill()
    assert left.exists()
    with running_server(site, workers=1, **READ) as living:
        assert not left.exists()
        with running_server(site, workers=1, **READ) as other:
            assert {counted_in(living).exists(), counted_in(other).exists()} == {True}
            assert value_of(samples(Wire(living).get("/metrics").text), "portal_ready") == 1


def test_only_folders_that_nobody_holds_are_abandoned(tmp_path):
    held, left, other = (tmp_path / name for name in ("portal-metrics-held", "portal-metrics-left", "other"))
    for folder in (held, left, other):
        folder.mkdir()
    (tmp_path / "portal-metrics-link").symlink_to(other)
    (left / "counter_1.db").write_bytes(b"x")
    assert metrics_folder.hold(str(held))
    metrics_folder.remove_abandoned(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other", "portal-metrics-held", "portal-metrics-link"]
    assert not metrics_folder.hold(str(left)), "it is gone"


LIMIT = "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
COUNTING = """
import os, resource
from portal.watch import metrics_folder

{before}
metrics_folder.make()
from portal.watch import metrics

if child := os.fork():
    os.waitpid(child, 0)
    print(len(os.listdir(os.environ[metrics_folder.VARIABLE])) if metrics_folder.VARIABLE in os.environ else "no folder")
    metrics_folder.remove()
else:
    {after}
    metrics_folder.reserve()
    metrics.count_request("/sign-in", 200, 0.1)
    metrics.count_events([{{"event": "password_ok", "result": "ok", "reason": None, "factor": None}}])
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [("", "", "4"), (LIMIT, "", "no folder"), ("", LIMIT, "2")],
    ids=["room", "none at the start", "none for a process that starts later"],
)
def test_a_process_that_finds_no_room_does_not_count(before, after, told):
    """Where memory is short, a file that was mapped without any would end the process at the first number that it writes."""
    code = COUNTING.format(before=before, after=after or "pass")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == told
    assert ("does not count: no room in" in done.stderr) is (told != "4")


def test_what_a_process_counts_fits_into_the_room_that_it_has_taken(site):
    with running_server(site, workers=1, **READ) as server:
        Wire(server).sign_in("maria")
        files = list(counted_in(server).glob("*.db"))
        assert {file.name.partition("_")[0] for file in files} == set(metrics_folder.KINDS)
        assert {(file.stat().st_size, file.stat().st_blocks * 512) for file in files} == {(metrics_folder.FILE_BYTES,) * 2}
        assert max(int.from_bytes(file.read_bytes()[:4], sys.byteorder) for file in files) < metrics_folder.FILE_BYTES // 4
