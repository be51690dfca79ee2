"""Compiles the functions that build the portal's addresses once, not in each portal that a test starts.

werkzeug writes two functions for each route, as syntax trees, which takes more than half of the time in which an app is created. What
they do depends on the route alone: they look the converters up in the rule that they are bound to.
"""

import logging
import marshal
import os
import tempfile
from types import FunctionType

from werkzeug.routing.rules import Rule

from portal import create_app
from portal.settings.environment import load_settings

CODES = {}  # (route, its parts, its defaults, whether further arguments become a query) -> code
compile_anew = Rule._compile_builder


def compile_once(rule, append_unknown=True):
    """Returns a route's function, as werkzeug compiles it. The values of defaults are written in its code; its arguments have none."""
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in CODES:
        CODES[key] = compile_anew(rule, append_unknown).__code__
    return FunctionType(CODES[key], {}, None, ("",) * len(rule.defaults or ()))


def share():
    """Makes every app in this process and its forks use what an earlier one has compiled."""
    Rule._compile_builder = compile_once


def pytest_configure():
    """Shares them in each of the run's workers."""
    share()


def learn():
    """Compiles all routes before the first fork: in a fork of its own, so that this process creates no app."""
    share()
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        logging.disable()
        with tempfile.TemporaryDirectory() as folder, os.fdopen(writing, "wb") as parent:
            create_app(load_settings({"PORTAL_INSTANCE": folder, "PORTAL_TEST_BENCH": "1", "PORTAL_PASSKEYS": "1"}))
            parent.write(marshal.dumps(CODES))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as child:
        CODES.update(marshal.loads(child.read()))  # noqa: S302 - written by this process's own fork
    os.waitpid(pid, 0)
