"""A site's database through plain SQL, independent of the portal's code."""

import contextlib
import re
import subprocess

import sqlalchemy

FACTS = """
SELECT u.two_factor,
 (SELECT count(*) FROM authenticators a WHERE a.user_id = u.id),
 (SELECT count(*) FROM bindings b WHERE b.user_id = u.id),
 (SELECT count(*) FROM backup_code_sets s WHERE s.user_id = u.id AND s.replaced_at IS NULL),
 (SELECT count(*) FROM backup_codes c JOIN backup_code_sets s ON s.id = c.set_id WHERE s.user_id = u.id),
 (SELECT count(*) FROM events e WHERE e.subject_id = u.id AND e.event = 'authenticator_added'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.template = 'two_factor_on')
FROM users u WHERE u.username = :username
"""
OFF = ("off", 0, 0, 0, 0, 0, 0)
BEGUN = ("off", 0, 1, 0, 0, 0, 0)
ON = ("on", 1, 0, 1, 10, 1, 1)


class Rows:
    """Queries and changes a site's rows."""

    def __init__(self, site):
        self.engine = sqlalchemy.create_engine(site.database_url, poolclass=sqlalchemy.NullPool)

    @property
    def is_sqlite(self):
        return self.engine.dialect.name == "sqlite"

    def all(self, statement, **values):
        """Returns the rows of a query."""
        with self.engine.begin() as connection:
            return connection.execute(sqlalchemy.text(statement), values).all()

    def one(self, statement, **values):
        """Returns the first column of the first row."""
        return self.all(statement, **values)[0][0]

    def change(self, *statements, **values):
        """Executes statements in one transaction; returns the last one's row count."""
        with self.engine.begin() as connection:
            return [connection.execute(sqlalchemy.text(statement), values).rowcount for statement in statements][-1]

    def state(self, username):
        """Returns the facts of "on": state, authenticators, bindings, live sets, codes, events, notices (see OFF, BEGUN, ON)."""
        return tuple(self.all(FACTS, username=username)[0])

    def refusals(self, username):
        """Returns the number of refused codes of a person, by reason."""
        counted = (
            "SELECT reason, count(*) FROM events e JOIN users u ON u.id = e.subject_id"
            " WHERE u.username = :username AND event = 'authn_login_fail' GROUP BY reason"
        )
        return dict(tuple(row) for row in self.all(counted, username=username))

    def failures(self, username):
        """Returns the number of failures counted against the account, in both purses."""
        return self.one("SELECT code_failures + own_failures FROM users WHERE username = :username", username=username)

    def tables(self):
        """Returns the names of all tables."""
        return sqlalchemy.inspect(self.engine).get_table_names()

    @contextlib.contextmanager
    def held(self, statement="LOCK TABLE users IN ACCESS EXCLUSIVE MODE"):
        """Locks the database as another process would: SQLite's write lock, or what `statement` locks on PostgreSQL."""
        with contextlib.closing(self.engine.raw_connection()) as connection:
            if self.is_sqlite:
                connection.driver_connection.isolation_level = None
                statement = "BEGIN IMMEDIATE"
            connection.cursor().execute(statement)
            yield
            connection.rollback()

    def texts(self):
        """Returns every cell of every table that holds text or numbers, fractions of a second cut off."""
        cells = [cell for table in self.tables() for row in self.all(f'SELECT * FROM "{table}"') for cell in row]
        return [re.sub(r"\.\d{6}", "", str(cell)) for cell in cells if cell is not None and not isinstance(cell, bytes)]


def loot(site, postgres):
    """Returns a full dump of the database as bytes."""
    if postgres:
        return postgres.dump(site.folder.name).encode()
    files = sorted(site.folder.glob("portal.sqlite3*"))
    assert files, "there is no database to search"
    program = "import sqlite3, sys; print('\\n'.join(sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True).iterdump()))"
    dumped = subprocess.run(["python3", "-c", program, str(files[0])], check=True, capture_output=True).stdout
    return b"\n".join([dumped, *(path.read_bytes() for path in files)])
