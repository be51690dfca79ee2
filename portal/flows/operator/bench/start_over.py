"""Start over: the demo data as they are on the first day, and the test bench's own state with them."""

from pathlib import Path

from sqlalchemy import delete, text

from portal import clock, passwords
from portal.crypto import Keyring
from portal.db import begin_write, change, db
from portal.flows.operator import demo
from portal.flows.operator.bench.state import change_state, take_turn
from portal.models import Base

# Against a row that refers to one that goes; a worker that reads is not waited for. SQLite has one writer at a time.
LOCK = f"LOCK TABLE {', '.join(sorted(Base.metadata.tables))} IN EXCLUSIVE MODE"


def start_over(keys: Keyring, folder: Path) -> None:
    """Forget what anybody did and seed anew, in one transaction. `folder`: the instance.

    The state goes first, so that the demo data are made by the real time. A worker that is sending something meanwhile finds no row
    to write its outcome to, and drops it.
    """
    with take_turn(folder):
        with change_state(keys, folder) as state:
            state.clear()
        seed_anew(keys)


def seed_anew(keys: Keyring) -> None:
    """The demo data and nothing else."""
    stored = passwords.hash_password(demo.PASSWORD)
    session = begin_write()
    session.execute(text(LOCK if db.engine.dialect.name == "postgresql" else "SELECT 1"))
    for table in reversed(Base.metadata.sorted_tables):
        change(delete(table))
    session.expunge_all()
    demo.add_people(keys, clock.now(), demo.PEOPLE, stored)
    db.session.commit()
