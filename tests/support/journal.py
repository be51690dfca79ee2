"""Repeats a journey that another test has made from the same state: its rows, its cookies, and its last page, without the requests.

Most tests sign somebody in on a fresh database before they come to their subject. A worker makes each such journey once, through every
page, and then repeats what it wrote. It is made anew if the test has written anything else before, at another time, in another kind of
browser, and in each test that replaces a part of the portal, reads its log, or counts its queries. tests/test_journal.py compares the two.
"""

import functools
import itertools
import pickle
from dataclasses import dataclass, field

from sqlalchemy import event

NAME = "journal"  # in app.extensions
READS = ("SELECT", "BEGIN", "PRAGMA")


@dataclass(frozen=True)
class Journey:
    """What a journey left behind."""

    after: int  # the state that it ends in
    writes: list = field(repr=False)  # (statement, parameters)
    seen: bytes = field(repr=False)  # the browser and the person, pickled, because tests type into the page
    response: object


class Journal:
    """The journeys of a worker, and the state of its database: a number that stands for how it came about, None if that is unknown."""

    def __init__(self, engine):
        self.engine = engine
        self.journeys = {}
        self.states = itertools.count(1)
        self.state = None
        self.written = []
        event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", self._discard)

    def begin(self, follows):
        """Begins a test on a fresh database; `follows` says whether it may repeat journeys."""
        self.written.clear()
        self.state = 0 if follows else None

    def travel(self, journey, browser, person, *rest):
        """Makes a journey, or repeats it."""
        start = self.state
        if start is None or person.clock is None:
            return journey(browser, person, *rest)
        way = (start, journey.__name__, rest, person.clock.now, *look(browser), person.username, person.key, *person.codes)
        if way in self.journeys:
            self._repeat(self.journeys[way], browser, person)
            return browser
        self.state, mark, shown = start, len(self.written), len(browser.secrets)
        journey(browser, person, *rest)
        if person.clock.now == way[3]:
            self.state = next(self.states)
            seen = pickle.dumps((luggage(browser), browser.secrets[shown:], person.key, person.codes))
            self.journeys[way] = Journey(self.state, self.written[mark:], seen, browser.response)
        return browser

    def _repeat(self, journey, browser, person):
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            for statement, parameters in journey.writes:
                connection.exec_driver_sql(statement, parameters)
        (browser.page, browser.path, browser.query, browser.client._cookies), shown, person.key, person.codes = pickle.loads(
            journey.seen
        )
        browser.secrets += shown
        browser.response = journey.response
        self.state = journey.after

    def _note(self, connection, cursor, statement, parameters, context, executemany):
        if not statement.lstrip().startswith(READS):
            connection.info.setdefault(NAME, []).append((statement, parameters))

    def _commit(self, connection):
        written = connection.info.pop(NAME, [])
        if written:
            self.written += written
            self.state = None

    def _discard(self, connection):
        connection.info.pop(NAME, None)


def look(browser):
    """Returns what a browser brings along that the portal's answers may hang on."""
    cookies = tuple(sorted((name, cookie.value) for (*_, name), cookie in browser.client._cookies.items()))
    return browser.guise, browser.ip, browser.agent, cookies, tuple(browser.secrets)


def luggage(browser):
    """Returns what a browser has after a journey."""
    return browser.page, browser.path, browser.query, browser.client._cookies


def repeatable(journey):
    """Decorates a method of Browser that leads a person to another page, so that it is repeated if it can be."""

    @functools.wraps(journey)
    def travel(browser, person, *rest):
        journal = browser.app.extensions.get(NAME)
        return journal.travel(journey, browser, person, *rest) if journal else journey(browser, person, *rest)

    return travel
