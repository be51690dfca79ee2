"""The help article, walked in a browser through the cluster's door, while an application server is killed."""

import json
import os
import re
import subprocess
import sys
import threading
import time

from tests.cluster.daemon import ROOT, until
from tests.cluster.guard import guarded
from tests.cluster.whole import running_cluster

WALKS = ("tests/guide/test_patient_app.py", "tests/guide/test_provider.py", "tests/guide/test_backup_codes.py")
KILL_SECONDS = 20  # after the beginning: the first pages are open by then
WALK_SECONDS = 900
# As the article has it, which knows no passkeys; the others are those of the town that it is walked in otherwise.
SETTINGS = {"PORTAL_PASSKEYS": "0", "PORTAL_CONFIRM_NEW_BROWSERS": "choice", "PORTAL_LANGUAGES": "en,en-XA"}


def walk_guide(cluster):
    """Runs the article's walks against the cluster; returns pytest's last line, and whether all passed."""
    settings = cluster.folder / "settings.json"
    settings.write_text(json.dumps(cluster.environment))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--database=sqlite", *WALKS]
    environment = os.environ | {"CLUSTER_SETTINGS": str(settings)}
    threading.Thread(target=kill_in_the_middle, args=(cluster,), daemon=True).start()
    options = {"cwd": ROOT, "env": environment, "timeout": WALK_SECONDS, "check": False}
    done = subprocess.run(command, capture_output=True, text=True, **options)
    summary = re.sub(r" in .*", "", done.stdout.strip().splitlines()[-1])
    return (summary if not done.returncode else done.stdout[-3000:]), not done.returncode


def kill_in_the_middle(cluster):
    """Kills an application server, and starts it again."""
    time.sleep(KILL_SECONDS)
    server = cluster.servers[0]
    server.kill()
    time.sleep(2)
    server.launch()
    until(server.is_ready)


def main(folder):
    """Starts a cluster and walks the article in it; returns 1 if that fails."""
    with running_cluster(folder, int(os.environ.get("PORT") or 5000), **SETTINGS) as cluster:
        said, passed = walk_guide(cluster)
    print(f"The help article, through nginx, with an application server killed in the middle: {said}", flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(guarded("guide", main))
