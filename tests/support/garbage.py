"""Looks for garbage now and then: what was imported and collected lives as long as the run, and was looked through at every turn.

A sixth of the time that the page tests took went there. pytest still looks through everything at the end, and fails for what nobody
closed.
"""

import gc

SELDOM = (100_000, 20, 100)  # of 700, 10, 10


def pytest_collection_finish(session):
    """Takes everything that is there out of the search, and searches less often for the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
