"""Two PostgreSQL servers of Debian under Patroni, which agree by etcd on which of them is the primary."""

import contextlib
import json
import secrets
import signal
import subprocess
import urllib.request
from pathlib import Path

from tests.cluster.daemon import NOBODY, Daemon, belongs_to_nobody, family, send, until

BINARIES = Path("/usr/lib/postgresql/15/bin")
# A primary that can't renew its lock for `ttl` seconds is no longer one. Two attempts and a pause have to fit in.
LOCK = {"ttl": 15, "loop_wait": 2, "retry_timeout": 5}
# A commit waits for the standby, and only a standby that has every commit may become the primary (synchronous_mode). A crashed
# primary is not waited for (primary_start_timeout). Without etcd a primary that reaches all others goes on (failsafe_mode).
SAFE = {"synchronous_mode": True, "primary_start_timeout": 0, "failsafe_mode": True, "maximum_lag_on_failover": 0}
PARAMETERS = {
    "max_connections": 60,
    "shared_buffers": "64MB",
    "wal_log_hints": True,
    "max_wal_size": "96MB",
    "min_wal_size": "32MB",
    "wal_keep_size": "32MB",
    "unix_socket_directories": "",
    "logging_collector": False,
    "timezone": "Asia/Seoul",  # not UTC, so that a lost time zone shows
}
REJOIN = {
    "use_pg_rewind": True,
    "remove_data_directory_on_rewind_failure": True,
    "remove_data_directory_on_diverged_timelines": True,
}


class Node(Daemon):
    """Patroni with its PostgreSQL: the daemon is Patroni, which starts the other as a process that is not its child."""

    number = 0
    rest_port = 0

    @property
    def data(self):
        return self.folder / "disk" / "data"

    def postmaster(self):
        """Returns the IDs of PostgreSQL's processes, the first of them before the others; none if it is not running."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            if b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return family(pid)
        return []

    def pids(self):
        return super().pids() + self.postmaster()

    def kill_postgres(self):
        """Kills PostgreSQL at one moment. Patroni lives on."""
        pids = self.postmaster()
        send(signal.SIGSTOP, pids)
        send(signal.SIGKILL, pids)

    def role(self):
        """Returns "primary", "sync_standby", "replica" or "" by Patroni's own word."""
        with contextlib.suppress(OSError, ValueError):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest_port}/patroni", timeout=2) as answer:
                told = json.load(answer)
            role = {"master": "primary"}.get(told["role"], told["role"])
            return ("sync_standby" if told.get("sync_standby") else role) if told["state"] == "running" else ""
        return ""

    def is_ready(self):
        return self.is_alive()


class Postgres:
    """etcd and the two nodes, on ports from `port` on: etcd takes two, each node two."""

    def __init__(self, folder, port):
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.etcd = self.make_etcd(port)
        self.superuser, self.replication, self.rest, self.portal = (secrets.token_urlsafe(12) for _ in range(4))
        self.nodes = [self.make_node(f"postgres-{letter}", port + 2 + 2 * at) for at, letter in enumerate("ab")]

    def make_etcd(self, port):
        (folder := self.folder / "etcd").mkdir()
        client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
        words = {
            "name": "one",
            "data-dir": folder / "data",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"one={peer}",
        }
        what = "keeps the lock of the primary (in production three or five of them)"
        return Daemon("etcd", what, ["etcd", *(f"--{name}={value}" for name, value in words.items())], folder, port)

    def make_node(self, name, port):
        (folder := self.folder / name).mkdir()
        belongs_to_nobody(folder)
        what = "Patroni with PostgreSQL 15"
        node = Node(name, what, ["patroni", folder / "patroni.json"], folder, port, unprivileged=True)
        node.rest_port = port + 1
        return node

    def configure(self, node):
        """Writes a node's configuration, with passwords, for its account alone."""
        users = {"superuser": ("postgres", self.superuser), "replication": ("standby", self.replication)}
        text = {
            "scope": "portal",
            "name": node.name,
            "etcd3": {"host": f"127.0.0.1:{self.etcd.port}"},
            "restapi": {
                "listen": f"127.0.0.1:{node.rest_port}",
                "connect_address": f"127.0.0.1:{node.rest_port}",
                "authentication": {"username": "patroni", "password": self.rest},
            },
            "bootstrap": {
                "dcs": LOCK | SAFE | {"postgresql": REJOIN | {"parameters": PARAMETERS}},
                "initdb": ["data-checksums", {"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{node.port}",
                "connect_address": f"127.0.0.1:{node.port}",
                "data_dir": str(node.data),
                "bin_dir": str(BINARIES),
                "basebackup": [{"checkpoint": "fast"}],
                "pgpass": str(node.folder / "pgpass"),
                "authentication": {kind: {"username": name, "password": word} for kind, (name, word) in users.items()},
                "pg_hba": ["host all all 127.0.0.1/32 scram-sha-256", "host replication standby 127.0.0.1/32 scram-sha-256"],
            },
        }
        file = node.folder / "patroni.json"
        file.write_text(json.dumps(text, indent=1))  # JSON is YAML
        file.chmod(0o600)
        belongs_to_nobody(file)
        node.data.parent.mkdir(exist_ok=True)  # a disk of its own may be there
        belongs_to_nobody(node.data.parent)

    def daemons(self):
        return [self.etcd, *self.nodes]

    def start(self):
        """Starts etcd, a primary, and its standby; makes the portal's role and database."""
        self.etcd.start()
        for node in self.nodes:
            self.configure(node)
        self.nodes[0].launch()
        if not until(self.primary):
            raise RuntimeError(f"PostgreSQL did not start:\n{self.nodes[0].log.read_text()[-2000:]}")
        self.execute(f"CREATE ROLE portal LOGIN PASSWORD '{self.portal}'")
        self.execute("CREATE DATABASE portal OWNER portal")
        self.nodes[1].launch()
        if not until(self.is_whole):
            raise RuntimeError(f"The standby did not follow:\n{self.nodes[1].log.read_text()[-2000:]}")
        return self

    def primary(self):
        """Returns the node that Patroni calls the primary, or None."""
        return next((node for node in self.nodes if node.role() == "primary"), None)

    def standby(self):
        """Returns the other node."""
        return next(node for node in self.nodes if node is not self.primary())

    def is_whole(self):
        """Returns whether there is a primary, and a standby whose word each commit waits for."""
        return sorted(node.role() for node in self.nodes) == ["primary", "sync_standby"]

    def execute(self, statement, database="postgres"):
        """Executes a statement on the primary, as the superuser; returns psql's bare output."""
        return self.program("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement, "-d", database).strip()

    def program(self, name, *words, **options):
        """Runs one of PostgreSQL's programs against the primary, as the superuser; returns what it prints."""
        place = ["-h", "127.0.0.1", "-p", str(self.primary().port), "-U", "postgres"]
        environment = {"PGPASSWORD": self.superuser, "LC_ALL": "C.UTF-8"}
        command = [BINARIES / name, *place, *words]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, **options, **NOBODY).stdout
