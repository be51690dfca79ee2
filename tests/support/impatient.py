"""The portal with little patience for slow clients and little room for them, and beside it an app that is slow or wordy on demand.

It is what gunicorn serves in tests: nothing else imports it. The numbers are in tests/support/slow.py.
"""

import time

from portal import gunicorn_worker as worker
from portal.settings import config
from portal.wsgi import app as portal
from tests.support import slow

worker.LOOP_SECONDS = 0.1
worker.LONGEST |= slow.PATIENCE
config.SEND_SECONDS = slow.SEND_SECONDS
config.CONNECTIONS_PER_ADDRESS, config.CONNECTIONS = slow.PER_ADDRESS, slow.ALL
MEGABYTE = b"a" * 1024 * 1024


def app(environ, start_response):
    """/slow answers after a second, /wordy with forty megabytes, and everything else is the portal's."""
    path = environ["PATH_INFO"]
    if path not in ("/slow", "/wordy"):
        return portal(environ, start_response)
    parts = [b"a"] if path == "/slow" else [MEGABYTE] * 40
    time.sleep(path == "/slow")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(sum(map(len, parts))))])
    return parts


app.extensions = portal.extensions
