"""The portal inside the test's own process, on a site of its own, at the time that it is."""

import contextlib

from portal import create_app
from portal.settings.environment import load_settings


@contextlib.contextmanager
def application(site, **settings):
    """Yields the app on a site; closes its connections afterwards, so that none is left for the garbage to complain about."""
    app = create_app(load_settings(site.environment | settings))
    try:
        yield app
    finally:
        app.extensions["engine"].dispose()
