"""Seeds of the long randomized tests: short and fixed in `make test`, full and new in `make soak`."""

import os

SEED = os.environ.get("SOAK_SEED")  # a number; `make soak` prints it, to repeat the run


def seed_or(usual):
    """Returns the seed of a run."""
    return int(SEED) if SEED else usual


def length(brief, whole):
    """Returns how much of a run there is to do."""
    return whole if SEED else brief
