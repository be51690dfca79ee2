"""The portal in the test's process, on its own site, at the current time."""

import contextlib

from portal import create_app
from portal.settings.environment import load_settings


@contextlib.contextmanager
def application(site, **settings):
    """Yields the app on a site and closes its connections afterward, so that no ResourceWarning is raised."""
    app = create_app(load_settings(site.environment | settings))
    try:
        yield app
    finally:
        app.extensions["engine"].dispose()
