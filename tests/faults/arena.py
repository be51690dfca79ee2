"""The cluster that rounds break, with a gateway for texts and a mail server that count what they get."""

import contextlib
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from portal import create_app
from portal.settings.environment import load_settings
from tests.cluster.daemon import until
from tests.cluster.whole import Cluster
from tests.support.gateway import Gateway
from tests.support.mail_server import MailServer
from tests.support.rows import Rows
from tests.support.wire import PASSWORD, Wire

DISK_MEGABYTES = 400
PROBE_SECONDS = 0.25


class Arena:
    """A running cluster, and everything that a round needs to break it and to look at it."""

    def __init__(self, folder, port):
        self.gateway, self.mail = Gateway(), MailServer().up()
        carriers = {"PORTAL_SMS_URL": self.gateway.url(), "PORTAL_SMTP_URL": self.mail.url, "PORTAL_TEST_BENCH": "0"}
        self.cluster = Cluster(folder, port, **carriers)
        self.front = SimpleNamespace(host="127.0.0.1", port=port)
        self.has_small_disks = [give_small_disk(node) for node in self.cluster.postgres.nodes] == [True, True]
        self.texts = self.gateway.texts_to
        self.ledgers = []  # of everybody of all rounds
        self.repeated = 0  # emails that came twice under one Message-ID

    def start(self, say):
        """Starts everything, and the portal once more in this process, which makes the people."""
        self.cluster.start(say)
        self.app = create_app(load_settings(self.cluster.environment))
        password, port = self.cluster.postgres.portal, self.cluster.haproxy.port
        url = f"postgresql+psycopg://portal:{password}@127.0.0.1:{port}/portal"
        self.rows = Rows(SimpleNamespace(database_url=url))  # past the pool, and by no code of the portal's
        return self

    def stop(self):
        self.cluster.stop()
        self.gateway.close()
        self.mail.down()


def give_small_disk(node):
    """Gives a node a file system of its own, which can be filled; returns whether this account may."""
    disk = node.data.parent
    disk.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=755", "cluster", str(disk)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


class Probe:
    """Somebody who signs in again and again through the door, to say how long nobody could."""

    def __init__(self, front):
        self.wire = Wire(front, ip="127.9.9.9")
        self.seen = []  # (when a try began, when it ended, whether it worked)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.ended.wait(PROBE_SECONDS):
            began = time.monotonic()
            works = self.works()
            self.seen.append((began, time.monotonic(), works))

    def works(self):
        """Returns whether a whole sign-in works: it reads, hashes, and writes."""
        self.wire.cookies.pop("session", None)
        with contextlib.suppress(Exception):
            self.wire.get("/sign-in")
            return self.wire.post("/sign-in", username="maria", password=PASSWORD).location == "/home"
        return False

    def end(self):
        """Ends it; returns the longest time, in seconds, from the beginning of a try to the end of the first one that worked."""
        until(lambda: self.seen and self.seen[-1][2], 60)
        self.ended.set()
        self.thread.join()
        worked = [ended for _, ended, works in self.seen if works]
        return max(min((ended for ended in worked if ended > began), default=float("inf")) - began for began, _, _ in self.seen)


def fill(folder):
    """Fills a file system to the last byte; returns the file that does it."""
    file = Path(folder) / "filler"
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as out:
        block = bytes(1 << 20)
        while True:
            out.write(block)
    with contextlib.suppress(OSError), file.open("ab", buffering=0) as out:
        while True:
            out.write(bytes(512))
    return file
