"""Whatever is done to one row of the trail is found, whichever row it is."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from portal.flows.audit.encoding import FORMATS
from portal.models import Event, EventSeal

EVENTS, SEALS = Event.__table__, EventSeal.__table__
EXAMPLES = 200 if os.environ.get("SOAK_SEED") else 25
TEXTS = [name for name in FORMATS[1] if name not in ("at", "actor_id", "subject_id", "times", "minute_key")]
SHORT = st.text(st.characters(codec="ascii", min_codepoint=32), max_size=8)


@st.composite
def deeds(draw):
    """Returns what is done: its name, which row (by its place), and with what."""
    deed = draw(st.sampled_from(["change", "count", "hurry", "remove", "copy", "exchange", "unseal", "cut", "shift"]))
    return deed, draw(st.integers(0, 10_000)), draw(st.sampled_from(TEXTS)), draw(SHORT)


def tamper(connection, deed, place, column, text):
    """Does it; returns whether a row is another one now."""
    rows = connection.execute(select(EVENTS).order_by(EVENTS.c.id)).all()
    seals = connection.execute(select(SEALS).order_by(SEALS.c.number)).all()
    row, other, seal = rows[place % len(rows)], rows[(place * 7 + 1) % len(rows)], seals[place % len(seals)]
    this = EVENTS.c.id == row.id
    values = {
        "change": {column: text},
        "count": {"times": row.times + 1},
        "hurry": {"at": row.at.replace(microsecond=(row.at.microsecond + 1) % 1_000_000)},
        "exchange": {name: other._mapping[name] for name in FORMATS[1] if name != "minute_key"},
    }
    if deed in values:
        connection.execute(update(EVENTS).where(this).values(values[deed]))
        return any(row._mapping[name] != value for name, value in values[deed].items())
    if deed == "remove":
        connection.execute(delete(EVENTS).where(this))
    elif deed == "copy":
        connection.execute(insert(EVENTS).values(row._asdict() | {"id": 50_000 + place, "minute_key": None}))
    elif deed == "shift":
        connection.execute(update(EVENTS).where(this).values(id=60_000 + place))
    elif deed == "unseal":
        connection.execute(delete(SEALS).where(SEALS.c.number == seal.number))
        return seal != seals[-1]  # the last one is for the anchors
    else:
        connection.execute(update(SEALS).where(SEALS.c.number == seal.number).values(tags=bytes(seal.tags)[:-1]))
    return True


@pytest.fixture
def grown(trail):
    """A trail of some seals, the last of them two hours after the others."""
    trail.fill(9, 1, 5)
    trail.clock.move(hours=2)
    trail.fill(1)
    return trail


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=EXAMPLES == 25
)
@given(deed=deeds())
def test_it_is_found(grown, world, deed):
    assert grown.report().found == 0
    kept = world.site and snapshot(grown)
    with grown.engine.begin() as connection:
        is_another = tamper(connection, *deed)
    found = grown.report().found
    put_back(grown, kept)
    assert (found > 0) is is_another, deed


def snapshot(trail):
    """Returns the rows of both tables."""
    with trail.engine.connect() as connection:
        return {table: [row._asdict() for row in connection.execute(select(table))] for table in (EVENTS, SEALS)}


def put_back(trail, kept):
    with trail.engine.begin() as connection:
        for table, rows in kept.items():
            connection.execute(delete(table))
            connection.execute(insert(table), rows)
