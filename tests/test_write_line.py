"""SQLite's one write lock goes to the threads of a process in the order in which they asked, and to processes in turn."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from portal.engines import make_engine
from portal.settings import config
from portal.write_line import TURNS_IN_A_ROW, WriteLine
from tests.support.processes import Fork

WRITERS = 50


@pytest.fixture
def engine(tmp_path):
    """An engine of its own, with one table and connections enough for every thread."""
    engine = make_engine(f"sqlite:///{tmp_path}/line.sqlite3", {}, pool_size=WRITERS)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE turns (number INTEGER)"))
    yield engine
    engine.dispose()


def writing(engine):
    """Begins a write transaction, which the block commits."""
    return engine.execution_options(writes=True).begin()


def test_turns_come_in_the_order_of_asking():
    line, order, threads = WriteLine(""), [], []
    assert line.enter(1)

    def wait(number):
        assert line.enter(10)
        order.append(number)
        line.leave()

    for number in range(20):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(line._waiting) <= number:
            time.sleep(0.001)
    line.leave()
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    assert line.enter(0), "nobody is left in it"


def test_whoever_gave_up_is_not_called():
    line = WriteLine("")
    assert line.enter(1) and not line.enter(0.01)
    line.leave()
    assert line.enter(0)


def test_fifty_writers_at_once_all_get_their_turn_while_the_database_idles(engine):
    """Each holds the lock for 60 ms: three seconds in all, in which SQLite alone lets the unlucky wait for more than five."""
    started = threading.Barrier(WRITERS)

    def write(number):
        started.wait(30)
        began = time.monotonic()
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO turns VALUES (:number)"), {"number": number})
            time.sleep(0.06)
        return time.monotonic() - began

    with ThreadPoolExecutor(WRITERS) as pool:
        waits = list(pool.map(write, range(WRITERS)))
    assert max(waits) < config.DATABASE_WAIT_SECONDS
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM turns")) == WRITERS


COUNT = text("SELECT count(*) FROM turns")


def written(engine):
    """Returns how many turns were taken by those who write without a pause."""
    with engine.connect() as reader:
        return reader.scalar(COUNT)


def test_a_process_gets_its_turn_while_the_threads_of_another_write_without_a_pause(engine, tmp_path):
    """SQLite alone lets it wait for hundreds of turns."""
    waited = []
    crowd = Fork(["tests.support.writers", str(engine.url)], dict(os.environ), tmp_path / "log")
    try:
        while written(engine) < WRITERS:
            time.sleep(0.01)
        for _ in range(20):
            before = written(engine)
            with writing(engine) as connection:
                waited.append(connection.scalar(COUNT) - before)
            time.sleep(0.01)
    finally:
        crowd.kill()
        crowd.wait()
    assert max(waited) < 10 * TURNS_IN_A_ROW


def test_where_no_file_can_be_locked_people_are_served_all_the_same(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("portal.write_line.TURNS_IN_A_ROW", 0)
    (tmp_path / "line.sqlite3-door").mkdir()
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO turns VALUES (1)"))


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "invalidate"])
def test_the_turn_ends_with_the_transaction(engine, end):
    connection = engine.connect().execution_options(writes=True)
    connection.execute(text("INSERT INTO turns VALUES (1)"))
    getattr(connection, end)()
    with writing(engine) as other:
        other.execute(text("INSERT INTO turns VALUES (2)"))


def test_the_turn_ends_where_another_process_holds_the_lock(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(config, "DATABASE_WAIT_SECONDS", 0.2)
    process = make_engine(f"sqlite:///{tmp_path}/line.sqlite3", {})  # with a line of its own, as another process has
    with writing(process):
        for _ in range(2):
            with pytest.raises(OperationalError, match="locked"), writing(engine):
                pass
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO turns VALUES (1)"))
    process.dispose()


def test_a_wait_in_line_is_bounded_and_is_part_of_the_whole_wait(engine, monkeypatch):
    monkeypatch.setattr(config, "DATABASE_WAIT_SECONDS", 0.3)
    with writing(engine):
        began = time.monotonic()
        with pytest.raises(PoolTimeoutError), writing(engine):
            pass
        assert time.monotonic() - began < 2
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO turns VALUES (1)"))


def test_reading_needs_no_turn(engine):
    with writing(engine), engine.connect() as reader:
        assert reader.scalar(text("SELECT count(*) FROM turns")) == 0
