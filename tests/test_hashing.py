"""What hashes needed is given back: a process is as small after a crowd has signed in as it was before."""

import json
import subprocess
import sys

from tests.support.processes import ROOT

# In a process of its own, because allocations of others would count. Prints megabytes: before, after many hashes, after a rest.
CROWD = """
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from argon2 import PasswordHasher
from portal.hashing import HashingThreads, config, share_arena
share_arena()
hashing, hasher = HashingThreads(config.HASHES_AT_ONCE), PasswordHasher(config.ARGON2_PASSES, config.ARGON2_MEMORY_KIB, config.ARGON2_LANES)
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
with ThreadPoolExecutor(config.WEB_THREADS) as crowd:
    begun = resident()
    list(crowd.map(lambda _: hashing.run(hasher.hash, "harbor-lantern-2026"), range(8)))
    crowded = resident()
config.HASHES_REST_SECONDS = 0
hashing.rest()
print(json.dumps([begun, crowded, resident()]))
"""


def test_a_process_is_as_small_after_a_crowd_as_before():
    command = [sys.executable, "-c", CROWD]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    begun, crowded, rested = json.loads(said)
    assert crowded - begun < 2 * 20 + 5, "more threads keep a hash's memory than may hash at once"
    assert rested - begun < 5
