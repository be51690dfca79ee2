"""Nothing of a cluster outlives it, however it ends; and its files are what the programs accept."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.daemon import ROOT, until
from tests.cluster.proxies import make_haproxy, make_nginx
from tests.cluster.whole import PORTS, Cluster, PortsTakenError
from tests.support.server import free_port

# A work whose daemon has a child of its own that leaves its parent, as PostgreSQL leaves Patroni.
WORK = """
import sys, signal
from tests.cluster.daemon import Daemon, until
from tests.cluster.guard import guarded

def work(folder):
    daemon = Daemon("sleeper", "", ["sh", "-c", f"(sleep 1000 &) ; touch {{folder}}/left ; exec sleep 1000"], folder).start()
    assert until(lambda: (folder / "left").exists(), 10)  # killed before, the daemon would have no such child
    print(folder, daemon.process.pid, flush=True)
    {then}

sys.exit(guarded("guarded", work))
"""


def begin(then):
    """Starts a guarded work; returns (guard, its folder, the ID of its daemon's process group)."""
    guard = subprocess.Popen([sys.executable, "-c", WORK.format(then=then)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    folder, group = guard.stdout.readline().split()
    return guard, Path(folder), int(group)


def is_empty(group):
    """Returns whether no process of a group runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def child_of(pid):
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@pytest.mark.parametrize(
    "end",
    [
        lambda guard: os.kill(child_of(guard.pid), signal.SIGKILL),
        lambda guard: os.kill(child_of(guard.pid), signal.SIGINT),
        lambda guard: guard.terminate(),
        lambda guard: guard.kill(),
    ],
    ids=["killed", "interrupted", "terminated", "its guard killed"],
)
def test_no_process_and_no_file_is_left(end):
    then = """
    try:
        signal.pause()
    finally:
        daemon.kill()
    """.strip()
    guard, folder, group = begin(then)
    assert not is_empty(group)
    end(guard)
    guard.wait(20)
    guard.stdout.close()
    survives = guard.returncode == -signal.SIGKILL  # then the orphan is nobody's any more, and only what was started is found
    if survives:
        assert until(lambda: not folder.exists(), 10)
        os.killpg(group, signal.SIGKILL)
    assert until(lambda: is_empty(group) and not folder.exists(), 10)


def test_what_fails_ends_with_a_code_and_leaves_nothing():
    guard, folder, group = begin("raise RuntimeError('no')")
    assert guard.wait(20) == 1
    guard.stdout.close()
    assert is_empty(group) and not folder.exists()


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            PortsTakenError, match=rf"^PORT: port {port} is in use, and the cluster needs {port} to {port + PORTS - 1}\.$"
        ):
            Cluster(tmp_path, port)


def test_the_proxies_take_what_is_written_for_them(tmp_path):
    nodes = Cluster(tmp_path, free_run()).postgres.nodes
    (other := tmp_path / "other").mkdir()
    haproxy, nginx = make_haproxy(other, free_port(), nodes), make_nginx(other, free_port(), [free_port(), free_port()])
    subprocess.run(["/usr/sbin/haproxy", "-c", "-f", other / "haproxy" / "haproxy.cfg"], check=True, capture_output=True)
    checked = subprocess.run(["/usr/sbin/nginx", "-t", *nginx.command[1:]], check=True, capture_output=True, text=True)
    assert "test is successful" in checked.stderr and haproxy.port
    text = (other / "nginx" / "nginx.conf").read_text()
    assert len(re.findall(r"server 127\.0\.0\.1:\d+ fail_timeout=2s;", text)) == 2


def free_run():
    """Returns the first of as many free ports in a row as a cluster needs."""
    return next(port for port in range(20000, 30000, PORTS) if all(is_free(each) for each in range(port, port + PORTS)))


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
