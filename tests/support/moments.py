"""TOTP time steps in real time: real processes use the real clock, so a test waits for a step that lasts long enough."""

import subprocess
import time

STEP = 30


def quiet(seconds=6):
    """Waits until the current step lasts at least this long; returns its middle as POSIX seconds."""
    left = STEP - time.time() % STEP
    if left < seconds:
        time.sleep(left + 0.05)
    return time.time() // STEP * STEP + STEP / 2


def before(moment):
    """Returns the time one step earlier: its code is accepted, and leaves later codes unspent."""
    return moment - STEP


def after(moment):
    """Returns the time one step later."""
    return moment + STEP


def wrong_codes(secret, count):
    """Returns codes that the key does not produce within twenty minutes of now."""
    start = int(time.time()) - 40 * STEP
    command = ["oathtool", "--totp", "--base32", "--window=80", f"--now=@{start}", "-"]
    made = subprocess.run(command, input=secret, check=True, capture_output=True, text=True).stdout.split()
    return [code for code in (f"{number:06}" for number in range(100_003, 999_999, 3_607)) if code not in made][:count]
