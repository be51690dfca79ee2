"""The kinds of faults: what each breaks, and how it is mended, while people go on."""

import contextlib
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

from tests.cluster.daemon import ROOT, send, until
from tests.faults.arena import fill

FAILOVER_SECONDS = 60
TAKEN_UP_SECONDS = 3  # after which the door sends people to a server that is ready again (fail_timeout in nginx.conf)
STOPPED_SECONDS, FULL_SECONDS, STEP_SECONDS = 10, 8, 120
MIGRATION = '''"""A column that only the next version knows. Written by `make faults`."""

import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade():
    op.add_column("users", sa.Column("rolled", sa.String(8)))
    op.create_index("ix_sessions_rolled", "sessions", ["created_at", "level"])


def downgrade():
    op.drop_index("ix_sessions_rolled", "sessions")
    op.drop_column("users", "rolled")
'''


@dataclass(frozen=True)
class Kind:
    """A fault: how often it is among forty, what happens, and the deed that breaks and mends."""

    name: str
    times: int
    words: str
    deed: object


def kill_server(here, chance):
    """An application server with all its processes; it starts anew two seconds later."""
    server = chance.choice(here.cluster.servers)
    server.kill()
    time.sleep(2)
    server.launch()
    until(server.is_ready)


def kill_worker(here, chance):
    """A worker, in the middle of whatever it does."""
    worker = chance.choice(here.cluster.workers)
    worker.kill()
    time.sleep(2)
    worker.launch()


def kill_postgres(here, chance):
    """The primary's PostgreSQL, all processes at once; Patroni lives."""
    primary = here.cluster.postgres.primary()
    primary.kill_postgres()
    take_over(here, primary)


def kill_node(here, chance):
    """The primary's PostgreSQL and its Patroni, as a machine that loses power: the lock has to run out."""
    primary = here.cluster.postgres.primary()
    primary.kill()
    take_over(here, primary)
    primary.launch()


def take_over(here, former):
    """Waits until another node is the primary."""
    if not until(lambda: here.cluster.postgres.primary() not in (None, former), FAILOVER_SECONDS):
        raise RuntimeError("no other node became the primary")


def kill_redis_master(here, chance):
    """The master of the queue; Sentinels make the replica the master."""
    redis = here.cluster.redis
    former = redis.master()
    former.kill()
    until(lambda: redis.master() not in (None, former))
    former.launch()


def kill_redis(here, chance):
    """Both Redis servers and all Sentinels, for ten seconds."""
    here.cluster.redis.kill()
    time.sleep(10)
    here.cluster.redis.restart()


def stop_postgres(here, chance):
    """The primary's PostgreSQL does nothing for ten seconds (SIGSTOP), and then goes on as if nothing had been."""
    pids = here.cluster.postgres.primary().postmaster()
    send(signal.SIGSTOP, pids)
    time.sleep(STOPPED_SECONDS)
    send(signal.SIGCONT, pids)


def fill_disk(here, chance):
    """The primary's disk is full to the last byte, for eight seconds."""
    primary = here.cluster.postgres.primary()
    filler = fill(primary.data.parent)
    for _ in range(3):
        with contextlib.suppress(subprocess.CalledProcessError, AttributeError):
            here.cluster.postgres.execute("SELECT pg_switch_wal()")
    time.sleep(FULL_SECONDS)
    filler.unlink()


def step_clock(here, chance):
    """One application server's clock is two minutes ahead or behind, for eight seconds, and then right again."""
    server = chance.choice(here.cluster.servers)
    server.step_clock(chance.choice((STEP_SECONDS, -STEP_SECONDS)))
    time.sleep(FULL_SECONDS)
    server.step_clock(0)


def roll(here, chance):
    """A migration runs, then one application server after the other is stopped in order and started with the next version."""
    release = make_release(here)
    here.cluster.flask("db", "upgrade", code=release)
    for code in (release, ROOT):
        for server in here.cluster.servers:
            server.stop()
            server.code = code
            server.launch()
            until(server.is_ready)
            time.sleep(TAKEN_UP_SECONDS)
    here.cluster.flask("db", "downgrade", "--", "-1", code=release)


def make_release(here):
    """Returns a folder with the next version: this one, with one migration more."""
    release = here.cluster.folder / "next"
    if not release.exists():
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "portal", release / "portal", ignore=leave)
        for name in ("wsgi.py", "gunicorn.conf.py"):
            shutil.copy(ROOT / name, release / name)
        head = max(file.name[:4] for file in (release / "portal" / "migrations").glob("[0-9]*.py"))
        (release / "portal" / "migrations" / "9001_rolling.py").write_text(MIGRATION.format(head=head))
    return release


KINDS = (
    Kind("PostgreSQL's primary killed", 14, "kill -9 of all its processes; Patroni makes the standby the primary", kill_postgres),
    Kind("primary's machine lost", 6, "kill -9 of PostgreSQL and Patroni together; the lock runs out first", kill_node),
    Kind("application server killed", 4, "kill -9 of gunicorn and its processes", kill_server),
    Kind("worker killed", 3, "kill -9 in the middle of its work", kill_worker),
    Kind("Redis master killed", 3, "kill -9; the Sentinels make the replica the master", kill_redis_master),
    Kind("all of Redis killed", 2, "kill -9 of both servers and all Sentinels for ten seconds", kill_redis),
    Kind("PostgreSQL stopped", 2, "SIGSTOP of the primary for ten seconds", stop_postgres),
    Kind("disk full", 2, "the primary's file system filled to the last byte for eight seconds", fill_disk),
    Kind("clock stepped", 2, "one application server two minutes ahead or behind for eight seconds", step_clock),
    Kind("rolling restart", 2, "a migration, then both application servers to the next version and back", roll),
)
