"""The WSGI entry point in the repository: `gunicorn wsgi:app`, `flask --app wsgi …`. In the wheel it is `portal.wsgi`."""

from portal.wsgi import app as app
