"""The portal for a WSGI server in this folder: `gunicorn wsgi:app`, `flask --app wsgi …`. Installed, it is `portal.wsgi`."""

from portal.wsgi import app as app
