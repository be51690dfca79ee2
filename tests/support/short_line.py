"""`wsgi.py` with a short line at sign-in, for which a small crowd is too long. gunicorn serves it in tests: nothing else imports it."""

from portal.settings import lines
from wsgi import app  # noqa: F401 what gunicorn looks for

lines.SIGN_INS_WAITING = 5  # instead of a hundred
