"""Sees to it that nothing of a cluster outlives it, even if its own process is killed."""

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.cluster.daemon import family, send

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def guarded(name, work):
    """Runs `work(folder)` in a process of its own, with a new folder; then ends what it left behind, and removes the folder.

    Orphans, such as a PostgreSQL whose Patroni has been killed, become children of this process, so it finds them all. If this
    process is killed, the other one gets SIGTERM. Returns the exit code.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp"))  # a socket's path is limited to about a hundred characters
    folder.chmod(0o755)  # nobody, who runs PostgreSQL, has to pass through it
    guard, child = os.getpid(), os.fork()
    if not child:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        for each in (signal.SIGINT, signal.SIGTERM):  # as Ctrl-C, which a shell has its background processes ignore
            signal.signal(each, signal.default_int_handler)
        code = run(work, folder)
        if os.getppid() != guard:
            remove(folder)
        os._exit(code)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to both
    signal.signal(signal.SIGTERM, lambda *_: send(signal.SIGTERM, [child]))
    try:
        return wait_for(child)
    finally:
        end_all()
        remove(folder)


def run(work, folder):
    """Returns the exit code of the work."""
    try:
        return work(folder) or 0
    except KeyboardInterrupt:
        return 0
    except Exception:  # noqa: BLE001 whatever it was, it ends this process
        import traceback

        traceback.print_exc()
        return 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()


def wait_for(child):
    """Returns a child's exit code, and reaps the orphans that end meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def end_all():
    """Kills every process below this one."""
    while len(pids := family(os.getpid())) > 1:
        send(signal.SIGKILL, pids[1:])
        with contextlib.suppress(ChildProcessError):
            os.wait()


def remove(folder):
    """Removes the folder, and unmounts the small file systems in it."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]
    libc = ctypes.CDLL(None, use_errno=True)
    for place in mounted:
        libc.umount2(place.encode(), 2)  # MNT_DETACH
    shutil.rmtree(folder, ignore_errors=True)
