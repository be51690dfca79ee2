"""Gunicorn's configuration: `-c python:portal.gunicorn_conf`; in the repository, gunicorn.conf.py imports it."""

import errno
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn

from gunicorn.glogging import Logger

from portal.hashing import share_arena
from portal.server.worker import mask_link
from portal.settings.addresses import SettingError, in_url
from portal.settings.config import WEB_THREADS
from portal.settings.environment import read_processes, read_switch
from portal.settings.given import read_given
from portal.settings.serving import find_heartbeat_folder, read_host, read_port
from portal.settings.traces import read_traces_url
from portal.settings.watching import read_log, read_observers
from portal.watch import logs, metrics_folder

WORKER_BOOT_ERROR = 3  # gunicorn's exit code for "do not restart"

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker


def stop(error: SettingError) -> NoReturn:
    """End the start with the sentence that names the setting."""
    sys.stderr.write(f"The portal did not start. {error}\n")
    sys.exit(WORKER_BOOT_ERROR)


try:
    given = read_given(os.environ)
    workers = read_processes(given)
    bind = f"tcp://{in_url(read_host(given))}:{read_port(given)}"
    has_worker = read_switch(given, "PORTAL_WORKER")
    written = read_log(given)
    is_watched = bool(read_observers(given))
    is_traced = bool(read_traces_url(given))
    worker_tmp_dir = find_heartbeat_folder()
except SettingError as error:
    stop(error)
worker_class = "portal.server.worker.BufferingWorker"
threads = WEB_THREADS
timeout = 60  # longer than the database's timeouts, so that a waiting worker is not mistaken for a dead one
graceful_timeout = 10
control_socket_disable = True


class MaskingLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Masks the tokens of emailed links at every log level: each is a bearer credential. Writes as the portal's own log does."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.configure(written, [*self.error_log.handlers, *self.access_log.handlers], is_service=True)

    def atoms(self, *args: Any) -> dict[str, Any]:
        return {name: mask_link(value) for name, value in super().atoms(*args).items()}

    def debug(self, msg: str, *args: object, **kwargs: Any) -> None:
        super().debug(msg, *map(mask_link, args), **kwargs)


logger_class = MaskingLogger


def on_starting(server: "Arbiter") -> None:
    """Check the settings before the first worker starts: an invalid one is reported once, without retries."""
    share_arena()
    if is_watched:
        metrics_folder.make()  # before prometheus_client is imported
    import portal.wsgi  # noqa: F401 (exits if a setting is invalid)
    from portal import zones

    server.log.info("Time zones: tzdata %s", zones.data_version())
    if not {"GUNICORN_FD", "LISTEN_FDS"} & set(os.environ):  # the socket of another process: it is in use, and by us
        for address in server.cfg.address:
            check_address(address)


def post_fork(server: "Arbiter", worker: "Worker") -> None:
    metrics_folder.reserve()
    if is_traced:
        from portal.wsgi import app

        app.extensions["traces"].sender.start()  # its thread would not outlive a fork


def worker_exit(server: "Arbiter", worker: "Worker") -> None:
    if is_traced:
        from portal.wsgi import app

        app.extensions["traces"].sender.stop()


def child_exit(server: "Arbiter", worker: "Worker") -> None:
    metrics_folder.close(worker.pid)


def on_exit(server: "Arbiter") -> None:
    metrics_folder.remove()


def check_address(address: object) -> None:
    """Bind an address for a moment, because gunicorn would try for five seconds and name no setting."""
    if not isinstance(address, tuple):
        return
    host, port = address
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server(address, family=family).close()
    except (OSError, UnicodeError) as error:  # a name that can't be one is UnicodeError
        name = "PORT" if getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES) else "HOST"
        reason = str(getattr(error, "strerror", error)).partition(" (while")[0]  # create_server() repeats the address
        stop(SettingError(f"{name}: {in_url(host)}:{port} can't be served ({reason}). Set HOST and PORT to one that can."))


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
    if has_worker:
        threading.Thread(target=keep_worker, args=(os.getpid(),), daemon=True).start()
