"""`wsgi.py` with shorter waits in the queue, so that its fault tests take seconds.

All rules are the real ones: claims and leases, exponential backoff, the sweep. Only the numbers are smaller.
"""

from dataclasses import replace
from datetime import timedelta

from huey.consumer import Scheduler

from portal.flows.messages import outbox
from portal.settings import config
from wsgi import app  # noqa: F401 what `flask --app` looks for

LEASE = timedelta(seconds=6)  # instead of 30 for a text, 120 for an email
RETRY = (timedelta(seconds=1), timedelta(seconds=4))  # instead of 2 and 60, 5 and 1,800
SWEEP_SECONDS = 4  # instead of 60

config.TEXT_LEASE = LEASE
config.QUEUE_THREADS = 16  # instead of 8
for kind in outbox.KINDS:
    outbox.KINDS[kind] = replace(outbox.KINDS[kind], lease=LEASE, retry=RETRY)
Scheduler.periodic_task_seconds = SWEEP_SECONDS
