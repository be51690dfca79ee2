"""`make cluster`: the whole cluster for looking at, until Ctrl-C."""

import os
import signal
import sys

from tests.cluster.guard import guarded
from tests.cluster.whole import PortsTakenError, running_cluster

PORT = 5000


def main(folder):
    """Starts the cluster, says what is where, and waits for Ctrl-C."""
    try:
        with running_cluster(
            folder, int(os.environ.get("PORT", PORT)), lambda line: print(f"Starting {line} …", flush=True)
        ) as here:
            print(describe(here), flush=True)
            signal.pause()
    except PortsTakenError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def describe(cluster):
    """Returns what each process is, where it listens, and where its log is."""
    rows = [(each.name, str(each.port or "–"), str(each.process.pid), each.what) for each in cluster.daemons()]
    lines = [
        f"{name:12} {port:>5}  {pid:>7}  {what}" for name, port, pid, what in [("process", "port", "pid", "what it is"), *rows]
    ]
    return "\n".join(
        [
            "",
            *lines,
            "",
            f"Primary: {cluster.postgres.primary().name}. Logs and data: {cluster.folder}, until the end.",
            f"The portal: {cluster.url}, its test bench: {cluster.url}/test-bench. Kill what you like by its pid; Ctrl-C ends all.",
        ]
    )


if __name__ == "__main__":
    sys.exit(guarded("cluster", main))
