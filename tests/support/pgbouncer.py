"""PgBouncer in front of the tests' PostgreSQL, with exactly the configuration of docs/deployment/pgbouncer.ini."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.support.processes import ROOT
from tests.support.server import free_port

PROGRAM = "/usr/sbin/pgbouncer"
DOCUMENTED = ROOT / "docs" / "deployment" / "pgbouncer.ini"
USER, PASSWORD = "postgres", "pooled"  # the tests' PostgreSQL asks for no password, PgBouncer does
START_SECONDS = 20
SERVER, PLACE = "host=127.0.0.1 port=5432 dbname=portal", "/var/run/postgresql"


class PgBouncer:
    """A running pooler of one site; `pooled` is the site as its portal reaches it."""

    def __init__(self, folder, postgres, site, pool, wait=5):
        self.folder, self.site, self.port, self.process = Path(folder), site, free_port(), None
        self.log = self.folder / "pgbouncer.log"
        self.pooled = replace(site, database_url=f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/portal")
        text = DOCUMENTED.read_text()
        for given, here in (
            (SERVER, f"host={postgres.folder / 'socket'} dbname={site.folder.name}"),
            ("listen_port = 6432", f"listen_port = {self.port}"),
            ("/etc/pgbouncer/userlist.txt", str(self.folder / "userlist.txt")),
            ("/var/log/postgresql/pgbouncer.log", str(self.log)),
            ("/var/run/postgresql/pgbouncer.pid", str(self.folder / "pgbouncer.pid")),
            ("default_pool_size = 20", f"default_pool_size = {pool}"),
            ("query_wait_timeout = 5", f"query_wait_timeout = {wait}"),
        ):
            assert text.count(given) == 1, given
            text = text.replace(given, here)
        (self.folder / "pgbouncer.ini").write_text(text)
        (self.folder / "userlist.txt").write_text(f'"{USER}" "{PASSWORD}"\n')
        self.owner = {}
        if os.geteuid() == 0:  # which it refuses, as PostgreSQL does
            self.owner = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self.folder, "nobody", "nogroup")

    def start(self):
        """Starts it and waits until it accepts connections."""
        command = [PROGRAM, "-q", self.folder / "pgbouncer.ini"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **self.owner
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.accepts():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        return self

    def accepts(self):
        """Returns whether it accepts connections."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self):
        """Kills it, with all connections, as a crash would."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running_pgbouncer(postgres, site, pool, wait=5):
    """Yields a PgBouncer of `pool` server connections, for whom a client waits `wait` seconds."""
    with tempfile.TemporaryDirectory(prefix="pgbouncer-", dir="/tmp") as folder:  # nobody can't enter pytest's folders
        pooler = PgBouncer(folder, postgres, site, pool, wait).start()
        try:
            yield pooler
        finally:
            pooler.kill()
