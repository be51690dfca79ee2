"""Imported first: from here on, no garbage is looked for until sweep() ends it.

What imports make is there to stay, and looking through it again and again took a sixth of the start.
"""

import gc

gc.disable()


def sweep() -> None:
    """Look for garbage from now on, but never in what is there by now: so it stays shared after a fork, too."""
    gc.freeze()
    gc.enable()
