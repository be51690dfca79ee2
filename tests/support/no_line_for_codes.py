"""`wsgi.py` in which codes from new browsers wait for one another no second, so that they race. gunicorn serves it in tests."""

from portal.settings import lines
from wsgi import app  # noqa: F401 what gunicorn looks for

assert lines.NEW_BROWSER_SECONDS > 0, "the line is ruled by another setting now"
lines.NEW_BROWSER_SECONDS = -1
