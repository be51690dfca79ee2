"""The portal in the test's process, on its own site, at the current time."""

import contextlib
import threading

from portal import create_app
from portal.settings.environment import load_settings

# Werkzeug parses Python for each route, and in CPython 3.11.7 two threads that parse at once can raise
# "SystemError: AST constructor recursion depth mismatch" (python/cpython#106905). The portal itself starts in one thread.
ONE_AT_A_TIME = threading.Lock()


@contextlib.contextmanager
def application(site, **settings):
    """Yields the app on a site and closes its connections afterward, so that no ResourceWarning is raised."""
    with ONE_AT_A_TIME:
        app = create_app(load_settings(site.environment | settings))
    try:
        yield app
    finally:
        app.extensions["engine"].dispose()
