"""`python -m tests.support.writers URL`: threads of one process that write without a pause, until it is killed."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from portal.engines import make_engine
from portal.settings import config

HELD_SECONDS = 0.003  # by each transaction

if __name__ == "__main__":
    engine = make_engine(sys.argv[1], {}).execution_options(writes=True)

    def write(_):
        while True:
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO turns VALUES (1)"))
                time.sleep(HELD_SECONDS)

    with ThreadPoolExecutor(config.WEB_THREADS) as crowd:
        list(crowd.map(write, range(config.WEB_THREADS)))
