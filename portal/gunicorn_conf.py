"""Gunicorn's configuration: `-c python:portal.gunicorn_conf`; in the repository, gunicorn.conf.py imports it."""

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from gunicorn.glogging import Logger

from portal.gunicorn_worker import mask_link
from portal.settings.addresses import in_url, read_host
from portal.settings.config import WEB_THREADS

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

bind = f"{in_url(read_host(os.environ))}:{os.environ.get('PORT') or '5000'}"
worker_class = "portal.gunicorn_worker.BufferingWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = WEB_THREADS
timeout = 60  # longer than the database's timeouts, so that a waiting worker is not mistaken for a dead one
graceful_timeout = 10
control_socket_disable = True


class MaskingLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Masks the tokens of emailed links at every log level: each is a bearer credential."""

    def atoms(self, *args: Any) -> dict[str, Any]:
        return {name: mask_link(value) for name, value in super().atoms(*args).items()}

    def debug(self, msg: str, *args: object, **kwargs: Any) -> None:
        super().debug(msg, *map(mask_link, args), **kwargs)


logger_class = MaskingLogger


def on_starting(server: "Arbiter") -> None:
    """Check the settings before the first worker starts: an invalid one is reported once, without retries."""
    import portal.wsgi  # noqa: F401 (exits if a setting is invalid)


# Popen waits for a pipe to close. A process forked meanwhile would inherit the pipe and keep it open, so forks wait.
FORK_LOCK = threading.Lock()
os.register_at_fork(before=FORK_LOCK.acquire, after_in_parent=FORK_LOCK.release, after_in_child=FORK_LOCK.release)


def keep_worker(pid: int) -> None:
    """Run the queue worker beside the web workers, and restart it whenever it exits."""
    while True:
        start_worker(pid).wait()
        threading.Event().wait(1)


def start_worker(pid: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flask", "--app", "portal.wsgi", "queue", "work", "--beside", str(pid)]
    with FORK_LOCK:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 no part of it is user input


def when_ready(server: "Arbiter") -> None:
    """With PORTAL_WORKER=1 (`make run`), send texts and emails too. In production the worker is a separate service."""
    if os.environ.get("PORTAL_WORKER", "0") == "1":
        threading.Thread(target=keep_worker, args=(os.getpid(),), daemon=True).start()
