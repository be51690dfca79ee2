"""The whole cluster: everything that a health system would run on many machines, on one, and on loopback."""

import contextlib
import os
import subprocess
import sys

from tests.cluster.daemon import ROOT, accepts, until
from tests.cluster.portal import make_server, make_worker
from tests.cluster.postgres import Postgres
from tests.cluster.proxies import make_haproxy, make_nginx, make_pgbouncer
from tests.cluster.redis import Redis

PORTS = 24  # in a row, the first of which is nginx's


class PortsTakenError(RuntimeError):
    """Something else listens on a port of the cluster."""


class Cluster:
    """All processes, by the order in which they start. `port` is the first of PORTS ports in a row: the address that people use."""

    def __init__(self, folder, port, processes=2, **settings):
        taken = [each for each in range(port, port + PORTS) if accepts(each)]
        if taken:
            raise PortsTakenError(f"PORT: port {taken[0]} is in use, and the cluster needs {port} to {port + PORTS - 1}.")
        self.folder, self.port, self.host = folder, port, "127.0.0.1"
        self.url = f"http://127.0.0.1:{port}"
        self.postgres = Postgres(folder, port + 3)
        self.haproxy = make_haproxy(folder, port + 1, self.postgres.nodes)
        self.pgbouncer = make_pgbouncer(folder, port + 2, self.haproxy.port, self.postgres.portal)
        self.redis = Redis(folder, range(port + 10, port + 15))
        self.environment = self.make_environment() | settings
        self.servers = [make_server(folder, f"portal-{at}", port + 15 + at, self.environment, processes) for at in (1, 2)]
        self.workers = [make_worker(folder, f"worker-{at}", self.environment) for at in (1, 2)]
        self.nginx = make_nginx(folder, port, [server.port for server in self.servers])

    def make_environment(self):
        """Returns the settings that all processes of the portal share."""
        return {
            "PATH": os.defpath,
            "PORTAL_INSTANCE": str(self.folder / "instance"),
            "PORTAL_BASE_URL": self.url,
            "PORTAL_DATABASE_URL": f"postgresql+psycopg://portal:{self.postgres.portal}@127.0.0.1:{self.pgbouncer.port}/portal",
            "PORTAL_DATABASE_POOLER": "transaction",
            "PORTAL_REDIS_URL": self.redis.url,
            "PORTAL_TRUSTED_PROXIES": "1",
            "PORTAL_TEST_BENCH": "1",
            "PORTAL_SMS_COUNTRIES": "US,CA,KR",
            "PORTAL_PASSKEYS": "1",
        }

    def daemons(self):
        """Returns everything, in the order in which it starts."""
        below = [*self.postgres.daemons(), self.haproxy, self.pgbouncer, *self.redis.daemons()]
        return [*below, *self.servers, *self.workers, self.nginx]

    def start(self, say=lambda line: None):
        """Starts everything, migrates, and seeds the demo accounts; `say` is told what comes next."""
        say("etcd, PostgreSQL, HAProxy, PgBouncer")
        self.postgres.start()
        self.haproxy.start()
        self.pgbouncer.start()
        say("Redis and Sentinel")
        self.redis.start()
        say("migrations and demo accounts")
        self.flask("db", "upgrade")
        self.flask("demo", "seed")
        say("application servers, workers, nginx")
        for each in self.servers:
            each.launch()
        for each in self.workers:
            each.launch()
        self.nginx.start()
        if not all(until(each.is_ready) for each in self.servers):
            raise RuntimeError(f"The portal did not start:\n{self.servers[0].log.read_text()[-2000:]}")
        return self

    def flask(self, *words, code=ROOT):
        """Runs one of the portal's commands; returns what it prints."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        done = subprocess.run(command, cwd=code, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"flask {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def is_whole(self):
        """Returns whether everything runs, and everything that there are two of has its second."""
        parts = [each.is_alive() for each in self.daemons()], [each.is_ready() for each in self.servers]
        return all(map(all, parts)) and self.postgres.is_whole() and self.redis.is_whole()

    def stop(self):
        """Stops the portal's processes in order, and kills the rest, whose data ends with the cluster."""
        ours = [self.nginx, *self.servers, *self.workers]
        for each in ours:
            each.terminate()
        for each in ours:
            each.stop()
        for each in self.daemons():
            each.kill()


@contextlib.contextmanager
def running_cluster(folder, port, say=lambda line: None, **settings):
    """Yields a running Cluster."""
    cluster = Cluster(folder, port, **settings)
    try:
        yield cluster.start(say)
    finally:
        cluster.stop()
