"""Runs the garbage collector less often: imported modules and collected tests live as long as the run, and scanning them is wasted.

That took a sixth of the page tests' time. pytest still collects everything at the end, and fails for unclosed resources.
"""

import gc

SELDOM = (100_000, 20, 100)  # instead of 700, 10, 10


def pytest_collection_finish(session):
    """Freezes all existing objects, and collects the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
