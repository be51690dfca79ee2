"""The portal with little patience for slow clients and little room for them, and beside it an app that is slow or wordy on demand.

It is what gunicorn serves in tests: nothing else imports it. The numbers are in tests/support/slow.py.
"""

import time

from portal.server import worker
from portal.settings import config
from portal.wsgi import app as portal
from tests.support import slow

worker.LOOP_SECONDS = 0.1
worker.LONGEST |= slow.PATIENCE
config.SEND_SECONDS = slow.SEND_SECONDS
config.CONNECTIONS_PER_ADDRESS, config.CONNECTIONS = slow.PER_ADDRESS, slow.ALL
MEGABYTE = b"a" * 1024 * 1024
MEGABYTES = {"/slow": 0, "/long": 8, "/wordy": 40}


def app(environ, start_response):
    """/slow answers after a second, /long with eight megabytes, /wordy with forty, and everything else is the portal's."""
    path = environ["PATH_INFO"]
    if path not in MEGABYTES:
        return portal(environ, start_response)
    parts = [MEGABYTE] * MEGABYTES[path] or [b"a"]
    time.sleep(path == "/slow")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(sum(map(len, parts))))])
    return parts


app.extensions = portal.extensions
