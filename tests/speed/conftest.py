"""Counts what each request asks of the database."""

import flask
import pytest
from sqlalchemy import event

NOT_ASKING = ("BEGIN", "PRAGMA")  # how SQLite is told to begin; on PostgreSQL the driver does it unseen


class Queries:
    """The statements of each request, in the order in which requests came: [endpoint, statements]."""

    def __init__(self):
        self.requests = []

    def begin(self, app, **_):
        """Notes that a request came, which may ask nothing."""
        self.requests.append([flask.request.endpoint, []])

    def ask(self, connection, cursor, statement, *_):
        """Notes a statement of the request that is under way."""
        if not statement.startswith(NOT_ASKING):
            self.requests[-1][1].append(statement)

    @property
    def counts(self):
        """Returns (endpoint, number of statements) of each request."""
        return [(endpoint, len(statements)) for endpoint, statements in self.requests]

    def forget(self):
        """Begins the list anew."""
        self.requests.clear()


@pytest.fixture
def queries(app):
    """The list of the portal that runs in this test."""
    found = Queries()
    engine = app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", found.ask)
    with flask.request_started.connected_to(found.begin, app):
        yield found
    event.remove(engine, "before_cursor_execute", found.ask)
