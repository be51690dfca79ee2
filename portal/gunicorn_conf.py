"""How the portal is served: gunicorn reads it as `python:portal.gunicorn_conf`, in the repository by gunicorn.conf.py."""

import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from gunicorn.glogging import Logger

from portal.settings.config import WEB_THREADS

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

host = os.environ.get("HOST", "127.0.0.1")
bind = f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT', '5000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = WEB_THREADS
timeout = 60  # longer than the database's busy time-out, so that a worker that waits is never taken for a dead one
graceful_timeout = 10
control_socket_disable = True
limit_request_line = 8190  # the longest that it reads: a search of the length that its field takes fits, in any script

MAILED = re.compile(r"/(set-up-again|new-password|confirm-address|not-me)/[\w-]+")


class Discreet(Logger):  # type: ignore[misc, unused-ignore]  # gunicorn has no types
    """The addresses that we mail are keys: no log names them whole, however loud it is."""

    def atoms(self, *about: Any) -> dict[str, Any]:
        return {name: mask(value) for name, value in super().atoms(*about).items()}

    def debug(self, msg: str, *args: object, **kwargs: Any) -> None:
        super().debug(msg, *map(mask, args), **kwargs)


def mask(value: object) -> object:
    return MAILED.sub(r"/\1/…", value) if isinstance(value, str) else value


logger_class = Discreet


def on_starting(server: "Arbiter") -> None:
    """Check the settings before the first worker starts: a wrong one is said once, and nothing is tried again."""
    import portal.wsgi  # noqa: F401 (ends the process where a setting is wrong)


# Popen waits for the end of a pipe that a process forked meanwhile would hold open as long as it lives.
STARTING = threading.Lock()
os.register_at_fork(before=STARTING.acquire, after_in_parent=STARTING.release, after_in_child=STARTING.release)


def keep_worker(pid: int) -> None:
    """Run the queue's worker beside the pages; one that dies, by whatever hand, is started again."""
    while True:
        start_worker(pid).wait()
        threading.Event().wait(1)


def start_worker(pid: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flask", "--app", "portal.wsgi", "queue", "work", "--beside", str(pid)]
    with STARTING:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 nothing of it comes from outside


def when_ready(server: "Arbiter") -> None:
    """`make run` is one command: it carries texts and mails, too. Elsewhere the worker is a service of its own."""
    if os.environ.get("PORTAL_WORKER", "0") == "1":
        threading.Thread(target=keep_worker, args=(os.getpid(),), daemon=True).start()
