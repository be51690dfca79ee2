"""`wsgi.py` for a worker in a hurry: the portal's own queue with shorter waits, so that a test of its faults takes seconds.

Every rule is the real one: claims and leases, a rest that doubles up to the longest, the sweep. Only the numbers are smaller.
"""

from dataclasses import replace
from datetime import timedelta

from huey.consumer import Scheduler

from portal.flows.messages import outbox
from portal.settings import config
from wsgi import app  # noqa: F401 what `flask --app` looks for

LEASE = timedelta(seconds=6)  # of 30 for a text, of 120 for a mail
RETRY = (timedelta(seconds=1), timedelta(seconds=4))  # of 2 and 60, of 5 and 1,800
SWEEP_SECONDS = 4  # of 60

config.TEXT_LEASE = LEASE
config.QUEUE_THREADS = 16  # of 8
for kind in outbox.KINDS:
    outbox.KINDS[kind] = replace(outbox.KINDS[kind], lease=LEASE, retry=RETRY)
Scheduler.periodic_task_seconds = SWEEP_SECONDS
