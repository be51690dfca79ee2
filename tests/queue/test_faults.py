"""Many texts, a gateway that fails a third of them at random, and a worker that is killed again and again meanwhile.

`make soak` takes 500 texts and ten kills, by a seed of its own. The worker is in a hurry (tests/support/hasty.py): the real claims,
leases, back-off and sweep, with shorter waits.
"""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest

from portal import clock
from portal.models import Outbox
from tests.support.application import application
from tests.support.outbox import HASTY, Worker, put_texts, row_of, until
from tests.support.rows import Rows
from tests.support.soak import length, seed_or

TEXTS, SHORT_LIVED, KILLS = length(100, 450), length(30, 50), length(3, 10)
BRIEF_SECONDS = 20  # some of the short-lived are sent in it, the others die
FAULTS = ("busy", "refuse", "break off", "take and break off", "hang", "take and hang")


def choose(chance):
    """Returns what a bad day's gateway does with the next text."""
    return chance.choice(FAULTS) if chance.random() < 1 / 3 else "accept"


@pytest.mark.long
def test_no_text_is_lost_doubled_or_late(site, gateway):
    chance = random.Random(seed_or(20261124))  # noqa: S311 (a walk that a seed repeats)
    gateway.choose = lambda text: choose(chance)
    words = [f"{number:06} is your Medximity code" for number in range(TEXTS + SHORT_LIVED)]
    worker, rows = Worker(site, HASTY, PORTAL_SMS_URL=gateway.url(rto=1)), Rows(site)
    with application(site) as app:
        began = clock.now()
        lasting = put_texts(app, began, words[:TEXTS], timedelta(minutes=10))
        brief = put_texts(app, began, words[TEXTS:], timedelta(seconds=BRIEF_SECONDS))
        try:
            for _ in range(KILLS):
                asked = len(gateway.asked)
                worker.start()
                assert until(lambda asked=asked: len(gateway.asked) > asked + 12 or is_over(rows), 90), worker.log.read_text()[
                    -2000:
                ]
                time.sleep(chance.random() / 2)
                worker.kill()
            worker.start()
            assert until(lambda: is_over(rows), 120), rows.all("SELECT state, count(*) FROM outbox GROUP BY state")
        finally:
            worker.end()
        found = [row_of(app, each) for each in lasting + brief]
    check(found, words, gateway)


def is_over(rows):
    """Returns whether nothing waits and nothing is under way."""
    return not rows.one("SELECT count(*) FROM outbox WHERE state IN ('queued', 'claimed')")


def check(rows: list[Outbox], words, gateway):
    """Sent or told, once, in time, and no word left."""
    taken = Counter(gateway.words())
    assert max(taken.values()) == 1, "a code went out twice under one row"
    assert {row.state for row in rows} <= {"sent", "failed", "expired"}
    assert all(taken[text] for row, text in zip(rows, words, strict=True) if row.state == "sent"), "sent, and never taken"
    assert not any(taken[text] for row, text in zip(rows, words, strict=True) if row.state == "expired"), "dead, and yet taken"
    assert not any(row.body_sealed for row in rows)
    moments = {said: moment for _, said, moment in gateway.taken}
    deaths = {text: row.expires_at.timestamp() for row, text in zip(rows, words, strict=True)}
    assert [said for said, moment in moments.items() if moment > deaths[said]] == []
    assert sum(row.state == "sent" for row in rows) > TEXTS / 2
