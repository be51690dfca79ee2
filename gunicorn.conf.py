"""Gunicorn's configuration in the repository, the same as the wheel's: see portal/gunicorn_conf.py."""

from portal.gunicorn_conf import *  # noqa: F403 every name in it is a setting or a hook
