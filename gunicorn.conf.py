"""How `gunicorn wsgi:app` serves from this folder: as everywhere, see portal/gunicorn_conf.py."""

from portal.gunicorn_conf import *  # noqa: F403 every name of it is a setting or a hook
