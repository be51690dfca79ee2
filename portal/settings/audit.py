"""Numbers of the audit trail's chain, each with its reason, and the folder of its anchors."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from portal.settings.addresses import SettingError
from portal.settings.queue import QUEUE_SWEEP_SECONDS

BATCH = 2_500  # events in one seal at most: some 60 ms of hashing, and all that has to be read again to find one changed row
BATCHES = 20  # in one run of the worker, each minute: ten million events of a running installation take three hours and a half
# From the end of an event's minute: above the longest that a request may run or wait (CLOCK_TOLERANCE), twice. A row that counts is
# changed until then.
SETTLE = timedelta(minutes=2)
# In which each run looks for rows that were committed late: far above any transaction of a page.
LOOK_BACK = timedelta(minutes=15)
LATE = timedelta(hours=1)  # an event that comes so long after the others of its time were sealed was added later
TAG_BYTES = 16  # kept of each event's HMAC: 128 bits
PAGE_SEALS, PAGE_EVENTS = 500, 10_000  # read at once, at most
NEAR = 64  # ids between two that are read by one statement: reading some rows in vain is cheaper than asking again
UNSEALED_AT_ONCE = 1_000  # events that no seal holds, exported at once: with what is NEAR and read in vain, 64,000 at most
IDS_AT_ONCE = 65_536  # compared at once, when events that no seal holds are looked for
FINDINGS_SHOWN = 20  # by `audit verify`, one by one
UNSEALED_MAX = timedelta(hours=1)  # after which `check` says that no worker seals
# The longest that an event waits for its seal: its minute, SETTLE, and the next sweep.
SEALED_WITHIN = timedelta(minutes=1) + SETTLE + timedelta(seconds=QUEUE_SWEEP_SECONDS)
# After which docs/deployment/alerts.yml tells. Before, a worker was restarted, or has many to seal.
UNSEALED_ALERT = 4 * SEALED_WITHIN
ANCHORS_FILE = "audit-anchors.jsonl"


def read_anchors(environ: Mapping[str, str]) -> Path | None:
    """The folder of PORTAL_AUDIT_ANCHORS; None if there is none. Whether it can be written is found by who writes: the worker."""
    text = environ.get("PORTAL_AUDIT_ANCHORS")
    if not text:
        return None
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise SettingError("PORTAL_AUDIT_ANCHORS must be an absolute path of a folder, such as /var/lib/portal-anchors.")
    return path
