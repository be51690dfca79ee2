"""A dump that is taken while people sign in, restored on another server: everybody signs in there."""

import subprocess
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

from tests.cluster.daemon import NOBODY, Daemon, belongs_to_nobody, until
from tests.cluster.portal import make_server
from tests.cluster.postgres import BINARIES
from tests.faults.check import Found, let_everybody_in
from tests.faults.ledger import Ledger
from tests.faults.people import APP, BACKUP, make_people
from tests.support.wire import Wire

CROWD = {APP: 20, BACKUP: 10}
ARRIVE_SECONDS = 4
PASSES = {"LC_ALL": "C.UTF-8"}


@dataclass
class Restored:
    """How long dump and restore took, how many accounts there were, and who did not get in afterward."""

    dumped: float
    restored: float
    accounts: int
    tried: int
    out: list


def restore_elsewhere(here, port):
    """Dumps the cluster's database under load, restores it on a new server, and signs everybody in at a portal of its own."""
    people = make_people(here.app, 0, CROWD)
    ledgers = [Ledger(each, Wire(here.front, ip=f"127.200.{at}.1"), here.texts) for at, each in enumerate(people, 1)]
    end = time.monotonic() + 120
    threads = [threading.Thread(target=come, args=(each, at, end), daemon=True) for at, each in enumerate(ledgers)]
    for each in threads:
        each.start()
    time.sleep(ARRIVE_SECONDS / 2)
    dump, began = here.cluster.folder / "portal.dump", time.monotonic()
    dump.write_bytes(b"")
    belongs_to_nobody(dump)
    here.cluster.postgres.program("pg_dump", "-Fc", "-f", dump, "portal")
    dumped = time.monotonic() - began
    for each in threads:
        each.join()
    other = start_server(here.cluster.folder / "other", port)
    try:
        began = time.monotonic()
        run("createdb", port, "portal")
        run("pg_restore", port, "--no-owner", "--exit-on-error", "-d", "portal", dump)
        restored = time.monotonic() - began
        accounts = int(run("psql", port, "-qAtX", "-d", "portal", "-c", "SELECT count(*) FROM users"))
        return Restored(dumped, restored, accounts, len(ledgers), sign_in_there(here, port, ledgers))
    finally:
        other.kill()


def come(ledger, at, end):
    time.sleep(ARRIVE_SECONDS * at / sum(CROWD.values()))
    ledger.live(end)


def start_server(folder, port):
    """Starts a PostgreSQL server that is none of the cluster's; returns its Daemon."""
    folder.mkdir()
    belongs_to_nobody(folder)
    data = folder / "data"
    prepare = [BINARIES / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(prepare, check=True, capture_output=True, cwd="/", env=PASSES, **NOBODY)
    serve = [BINARIES / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", ""]
    return Daemon("other", "PostgreSQL elsewhere", serve, folder, port, unprivileged=True).start()


def run(name, port, *words):
    """Runs a program of PostgreSQL against the other server; returns what it prints."""
    command = [BINARIES / name, "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/", env=PASSES, **NOBODY).stdout


def sign_in_there(here, port, ledgers):
    """Starts a portal on the restored database, and returns who could not sign in at it."""
    url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/portal"
    rest = {"PORTAL_DATABASE_URL": url, "PORTAL_DATABASE_POOLER": "none", "PORTAL_TRUSTED_PROXIES": "0"}
    place = {"PORTAL_BASE_URL": f"http://127.0.0.1:{port + 1}", "PORTAL_REDIS_URL": ""}
    server = make_server(here.cluster.folder, "portal-elsewhere", port + 1, here.cluster.environment | rest | place, 1)
    server.start()
    try:
        there, found = SimpleNamespace(front=SimpleNamespace(host="127.0.0.1", port=port + 1), texts=here.texts), Found()
        assert until(server.is_ready)
        let_everybody_in(there, ledgers, found)
        return found.locked_out
    finally:
        server.stop()
