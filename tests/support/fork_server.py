"""Forks portal processes from one that has already imported the portal, so that its second of imports is paid once.

It is a separate, single-threaded process that creates no app: each fork reads its own settings and runs `gunicorn wsgi:app` or
`flask --app wsgi …` unchanged, but for the cost of a password's hash and of routes that are compiled already. It reads one request per
line and writes one reply per line, and exits when standard input closes.
"""

import gc
import importlib
import json
import os
import runpy
import sys

from tests.support import compiled, hashing, routes

IMPORTED = (
    "flask.cli",
    "flask_alembic.cli",  # what the portal itself imports only for a command or once it runs
    "structlog.stdlib",
    "jinja2.ext",
    "gunicorn.app.wsgiapp",
    "portal.server.worker",
    "huey.consumer",
    "portal.blueprints.test_bench.whole",
    "portal.gateways.mail",
    "portal.gateways.number",
    "portal.gateways.text",
)


def serve():
    """Handles requests until there are no more: start a process, report its exit code."""
    for name in IMPORTED:
        importlib.import_module(name)
    compiled.share()
    hashing.hash_cheaply()
    routes.learn()
    gc.collect()
    gc.freeze()  # forks do not scan shared objects, so they stay shared
    for line in sys.stdin:
        order = json.loads(line)
        answer = wait_for(order["ended"]) if "ended" in order else start(**order)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def wait_for(pid):
    """Returns the exit code of a fork as subprocess does: negative if a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def start(words, environment, out, err, leads):
    """Forks `python -m words…` with its output in files, in a session of its own where it leads; returns the process id."""
    if pid := os.fork():
        return pid
    if leads:
        os.setsid()
    for path, number in (("/dev/null", 0), (out, 1), (err, 2)):
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    sys.exit()  # a normal exit: joins threads and runs atexit handlers


if __name__ == "__main__":
    serve()
