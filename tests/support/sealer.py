"""`python -m tests.support.sealer`: a worker that seals in small batches, and says after each how many; killed by a test.

It says that it is ready, and begins when it is told to.
"""

import sys
from datetime import timedelta

from portal import clock, create_app
from portal.flows.audit import seal
from portal.settings import audit

BATCH = 10

if __name__ == "__main__":
    audit.BATCH, audit.BATCHES = BATCH, 1
    seal.NEXT_IDS = seal.NEXT_IDS.limit(BATCH)
    app = create_app()
    print("ready", flush=True)
    sys.stdin.readline()
    is_all = False
    while not is_all:
        with app.app_context():
            now = clock.now() + timedelta(minutes=10)
            done = seal.seal_events(app.extensions["keys"], now)
            is_all = not done and not seal.find_due(seal.read_head(), now)
        print(done, flush=True)
