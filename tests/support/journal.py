"""Answers a request as the portal has answered it before, in the same state: its writes, its cookies, its page.

Most tests sign somebody in on a fresh database before they come to their subject. A worker makes each such request once, and then
repeats what it wrote and answered. A state is known by all that was written since the fresh database, whoever wrote it, so a row that a
test changes itself makes another state. A test that replaces a part of the portal, reads its log, or counts its queries makes every
request itself. tests/test_journal.py compares the two.
"""

import threading
from dataclasses import dataclass, field

from sqlalchemy import event

from portal import clock, passwords

NAME = "journal"  # in app.extensions
KEPT = 1_000  # answers, of some 20 kB each
BUSY = 500  # from here on, answers hang on what the process is doing
READS = ("SELECT", "BEGIN", "PRAGMA")
TRACES = "portal.watch.transactions"  # listens to every engine once a test has imported it, and hears those that are traced
WATCHED = ("before_cursor_execute", "after_cursor_execute", "begin", "commit", "rollback")


@dataclass(frozen=True)
class Answer:
    """What a request left behind."""

    after: int  # the state that it ends in
    writes: list = field(repr=False)  # (statement, parameters)
    cookies: dict = field(repr=False)
    response: object


class Journal:
    """The answers of a worker's portal, and the state of its database: a number, None if it is unknown."""

    def __init__(self, engine):
        self.engine = engine
        self.answers = {}
        self.state = None
        self.written = []
        self.bench_is_used = False  # in this test: what it remembers lies in no row
        self.lost = False  # something was written and rolled back, which a repetition would leave out
        self.thread = threading.get_ident()
        event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", self._discard)
        event.listen(engine, "rollback_savepoint", self._discard)
        self.ears = self._count_ears()

    def begin(self, follows):
        """Begins a test on a fresh database; `follows` says whether it may repeat answers."""
        self.written.clear()
        self.state = 0 if follows else None
        self.bench_is_used = False

    def travel(self, client, path, **request):
        """Returns the response to a request of a test client, of the portal or as it was before."""
        self.bench_is_used |= path.startswith("/test-bench") and request.get("method") == "POST"
        if self.bench_is_used or not self._can_follow():
            return client.open(path, **request)
        way = (self.state, clock.now(), path, repr(request), tuple(sorted(map(repr, client._cookies.values()))))
        if way in self.answers:
            self.answers[way] = self.answers.pop(way)  # the dict ends with what was needed last
            return self._repeat(self.answers[way], client)
        mark, self.lost = len(self.written), False
        response = client.open(path, **request)
        if self.state is not None and not self.lost and clock.now() == way[1] and response.status_code < BUSY:
            self.answers[way] = Answer(self.state, self.written[mark:], dict(client._cookies), response)
            if len(self.answers) > KEPT:
                del self.answers[next(iter(self.answers))]
        return response

    def _repeat(self, answer, client):
        if answer.writes:
            with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
                for statement, parameters in answer.writes:
                    connection.exec_driver_sql(statement, parameters)
        client._cookies = dict(answer.cookies)
        self.state = answer.after
        return answer.response

    def _can_follow(self):
        """Returns whether nothing but rows and the request decides: nobody listens, holds a connection, or hashes a password."""
        is_watched = self._count_ears() != self.ears or threading.get_ident() != self.thread
        is_hashing = passwords.TURNS or passwords.PLACES._value < passwords.PLACES._initial_value or passwords.is_kept_out()
        return self.state is not None and not (is_watched or is_hashing or self.engine.pool.checkedout())

    def _count_ears(self):
        ears = [ear for name in WATCHED for ear in getattr(self.engine.dispatch, name)]
        return len([ear for ear in ears if ear.__module__ != TRACES])

    def _note(self, connection, cursor, statement, parameters, context, executemany):
        if not statement.lstrip().startswith(READS):
            connection.info.setdefault(NAME, []).append((statement, parameters))

    def _commit(self, connection):
        written = connection.info.pop(NAME, [])
        if written:
            self.written += written
            in_turn = self.state is not None and threading.get_ident() == self.thread
            self.state = hash((self.state, repr(written))) if in_turn else None

    def _discard(self, connection, *savepoint):
        if connection.invalidated:  # what it had is gone with it
            self.lost = True
            return
        self.lost |= bool(connection.info.get(NAME))
        if not savepoint:
            connection.info.pop(NAME, None)
