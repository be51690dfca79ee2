"""A dump that is taken while people sign in, restored on another server: every account of the database signs in there."""

import subprocess
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

from tests.cluster.daemon import NOBODY, Daemon, belongs_to_nobody, until
from tests.cluster.portal import make_server, make_worker
from tests.cluster.postgres import BINARIES
from tests.faults.everybody import demo_people, ledgers_of, who_stays_out
from tests.faults.people import APP, BACKUP, make_people
from tests.support.documented import operators_command

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
    ledgers = ledgers_of(make_people(here.app, 0, CROWD), here, 200)
    end = time.monotonic() + 120
    threads = [threading.Thread(target=come, args=(each, at, end), daemon=True) for at, each in enumerate(ledgers)]
    for each in threads:
        each.start()
    time.sleep(ARRIVE_SECONDS / 2)
    dump, began = here.cluster.folder / "portal.dump", time.monotonic()
    dump.write_bytes(b"")
    belongs_to_nobody(dump)
    here.cluster.postgres.program("pg_dump", *operators_command("pg_dump", portal_dump=dump))
    dumped = time.monotonic() - began
    for each in threads:
        each.join()
    everybody = [*ledgers_of(demo_people(here.app), here, 201), *here.ledgers, *ledgers]
    other = start_server(here.cluster.folder / "other", port)
    try:
        began = time.monotonic()
        run("createdb", port, "portal")
        run("pg_restore", port, *operators_command("pg_restore", portal_dump=dump))
        restored = time.monotonic() - began
        names = set(run("psql", port, "-qAtX", "-d", "portal", "-c", "SELECT username FROM users").split())
        strangers = sorted(names ^ {each.person.username for each in everybody})
        out = [f"{name}: is in the database alone, or not in it" for name in strangers]
        return Restored(dumped, restored, len(names), len(everybody), out + sign_in_there(here, port, everybody))
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
    """Starts a portal and a worker on the restored database, and returns who could not sign in there."""
    url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/portal"
    rest = {"PORTAL_DATABASE_URL": url, "PORTAL_DATABASE_POOLER": "none", "PORTAL_TRUSTED_PROXIES": "0", "PORTAL_SMTP_URL": ""}
    place = {"PORTAL_BASE_URL": f"http://127.0.0.1:{port + 1}", "PORTAL_REDIS_URL": ""}
    environment, there = here.cluster.environment | rest | place, SimpleNamespace(host="127.0.0.1", port=port + 1)
    server = make_server(here.cluster.folder, "portal-elsewhere", port + 1, environment, 2)
    worker = make_worker(here.cluster.folder, "worker-elsewhere", environment)
    server.start()
    worker.launch()
    try:
        assert until(server.is_ready)
        return who_stays_out(SimpleNamespace(front=there, texts=here.texts), ledgers)
    finally:
        worker.kill()
        server.stop()
