"""The long runs by chance: brief and always the same in `make test`, whole and with a seed nobody has tried in `make soak`."""

import os

SEED = os.environ.get("SOAK_SEED")  # a number; what `make soak` printed repeats its run


def seed_or(usual):
    """Returns the seed of a run."""
    return int(SEED) if SEED else usual


def length(brief, whole):
    """Returns how much of a run there is to do."""
    return whole if SEED else brief
