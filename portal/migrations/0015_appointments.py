"""One table of appointments, by the practice's clock, instead of the portal's and the next visit in each chart; results have a date.

An appointment keeps its row and is tied to its practice, which is made if only its name was known, and to the chart of that name there. A
chart's next visit is the same one if it has the same reason within a day: then what the patient was told stays. Otherwise it becomes a
row of its own, which no portal account sees: a name alone shows nobody's visits to anybody.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from portal import zones

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT, CLOCK = sa.DateTime(timezone=True), sa.DateTime()
SAME_VISIT = timedelta(days=1)
PRACTICES = sa.table("practices", *map(sa.column, ("id", "name", "city", "phone", "address", "time_zone")))
USERS = sa.table("users", *map(sa.column, ("id", "full_name")))
CHARTS = sa.table(
    "charts", *map(sa.column, ("id", "practice_id", "patient_name", "reason")), sa.column("visit_at", MOMENT)
)  # fmt: skip
APPOINTMENTS = sa.table(
    "appointments", *map(sa.column, ("id", "practice_id", "patient_id", "chart_id", "with_whom", "place", "reason")),
    sa.column("at", MOMENT), sa.column("starts_at", CLOCK),
)  # fmt: skip
RESULTS = sa.table("results", sa.column("id"), sa.column("taken_at", MOMENT), sa.column("taken_on", sa.Date()))


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("appointments", sa.Column("practice_id", sa.Integer(), nullable=True))
    op.add_column("appointments", sa.Column("chart_id", sa.Integer(), nullable=True))
    op.add_column("appointments", sa.Column("starts_at", CLOCK, nullable=True))
    op.add_column("appointments", sa.Column("minutes", sa.Integer(), server_default="30", nullable=False))
    op.add_column("results", sa.Column("taken_on", sa.Date(), nullable=True))
    with op.batch_alter_table("appointments") as changed:
        changed.alter_column("patient_id", existing_type=sa.Integer(), nullable=True)
        changed.alter_column("at", existing_type=MOMENT, nullable=True)
        changed.alter_column("place", existing_type=sa.String(length=255), nullable=True)
    connection = op.get_bind()
    tie_appointments(connection)
    add_visits(connection)
    for each in connection.execute(sa.select(RESULTS.c.id, RESULTS.c.taken_at)).all():
        connection.execute(RESULTS.update().where(RESULTS.c.id == each.id).values(taken_on=utc(each.taken_at).date()))
    with op.batch_alter_table("appointments") as changed:
        changed.drop_column("at")
        changed.drop_column("place")
        changed.alter_column("practice_id", existing_type=sa.Integer(), nullable=False)
        changed.alter_column("starts_at", existing_type=CLOCK, nullable=False)
        changed.create_foreign_key(op.f("fk_appointments_practice_id_practices"), "practices", ["practice_id"], ["id"])
        changed.create_foreign_key(op.f("fk_appointments_chart_id_charts"), "charts", ["chart_id"], ["id"])
    op.create_index("ix_appointments_chart_id_starts_at", "appointments", ["chart_id", "starts_at"])
    for column in ("reason", "visit_at"):  # not in a batch, which makes the table anew: notes refer to it
        op.drop_column("charts", column)
    with op.batch_alter_table("results") as changed:
        changed.drop_column("taken_at")
        changed.alter_column("taken_on", existing_type=sa.Date(), nullable=False)


def utc(at: datetime) -> datetime:
    """SQLite stores no time zone."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def local(at: datetime, zone: str | None) -> datetime:
    """The clock time of a moment at a practice; one without a zone has the operator's, as the portal shows it."""
    return zones.to_local(utc(at), zones.first_zone(zone, os.environ.get("PORTAL_TIME_ZONE")))


def tie_appointments(connection: sa.Connection) -> None:
    """Give each appointment its practice, its chart, and its clock time."""
    practices = {name: (key, zone) for key, name, zone in connection.execute(sa.select(PRACTICES.c.id, PRACTICES.c.name, PRACTICES.c.time_zone))}
    charts = chart_of_names(connection)
    rows = sa.select(APPOINTMENTS, USERS.c.full_name).join(USERS, USERS.c.id == APPOINTMENTS.c.patient_id)
    for each in connection.execute(rows).all():
        if each.place not in practices:
            made = connection.execute(PRACTICES.insert().values(name=each.place, city="", phone="", address="").returning(PRACTICES.c.id))
            practices[each.place] = (made.scalar_one(), None)
        practice_id, zone = practices[each.place]
        values = {"practice_id": practice_id, "chart_id": charts.get((practice_id, each.full_name)), "starts_at": local(each.at, zone)}
        connection.execute(APPOINTMENTS.update().where(APPOINTMENTS.c.id == each.id).values(values))


def chart_of_names(connection: sa.Connection) -> dict[tuple[int, str], int]:
    """(practice, name) -> chart, where one chart there and one account have that name."""
    found: dict[tuple[int, str], list[int]] = {}
    for key, practice_id, name in connection.execute(sa.select(CHARTS.c.id, CHARTS.c.practice_id, CHARTS.c.patient_name)):
        found.setdefault((practice_id, name), []).append(key)
    once = sa.select(USERS.c.full_name).group_by(USERS.c.full_name).having(sa.func.count() == 1)
    names = set(connection.scalars(once))
    return {place: charts[0] for place, charts in found.items() if len(charts) == 1 and place[1] in names}


def add_visits(connection: sa.Connection) -> None:
    """Make a row of each chart's next visit, unless it is one of those already there."""
    rows = sa.select(APPOINTMENTS.c.chart_id, APPOINTMENTS.c.reason, APPOINTMENTS.c.at).where(APPOINTMENTS.c.chart_id.is_not(None))
    known = [tuple(row) for row in connection.execute(rows)]
    values = list(new_visits(connection, known))
    if values:
        connection.execute(APPOINTMENTS.insert(), values)


def new_visits(connection: sa.Connection, known: list[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """The rows of the visits that only charts know."""
    charts = sa.select(CHARTS, PRACTICES.c.time_zone).join(PRACTICES, PRACTICES.c.id == CHARTS.c.practice_id)
    for chart in connection.execute(charts).all():
        at = utc(chart.visit_at)
        if any(key == chart.id and reason == chart.reason and abs(utc(other) - at) < SAME_VISIT for key, reason, other in known):
            continue
        starts_at = local(at, chart.time_zone)
        yield {"practice_id": chart.practice_id, "chart_id": chart.id, "with_whom": "", "reason": chart.reason, "starts_at": starts_at}


def downgrade() -> None:
    """Downgrade schema. Visits of charts without a portal account go back into their charts, the earliest of each."""
    # Their defaults are for the rows of this moment: SQLite adds no column that is NOT NULL without one.
    op.add_column("charts", sa.Column("reason", sa.String(length=255), server_default="", nullable=False))
    op.add_column("charts", sa.Column("visit_at", MOMENT, server_default="2000-01-01 00:00:00", nullable=False))
    op.add_column("appointments", sa.Column("at", MOMENT, nullable=True))
    op.add_column("appointments", sa.Column("place", sa.String(length=255), nullable=True))
    op.add_column("results", sa.Column("taken_at", MOMENT, nullable=True))
    connection = op.get_bind()
    untie_appointments(connection)
    for key, day in connection.execute(sa.select(RESULTS.c.id, RESULTS.c.taken_on)).all():
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        connection.execute(RESULTS.update().where(RESULTS.c.id == key).values(taken_at=noon))
    op.drop_index("ix_appointments_chart_id_starts_at", "appointments")
    with op.batch_alter_table("appointments") as changed:
        for name in ("practice_id_practices", "chart_id_charts"):
            changed.drop_constraint(op.f(f"fk_appointments_{name}"), type_="foreignkey")
        for column in ("practice_id", "chart_id", "starts_at", "minutes"):
            changed.drop_column(column)
        changed.alter_column("patient_id", existing_type=sa.Integer(), nullable=False)
        changed.alter_column("at", existing_type=MOMENT, nullable=False)
        changed.alter_column("place", existing_type=sa.String(length=255), nullable=False)
    with op.batch_alter_table("results") as changed:
        changed.drop_column("taken_on")
        changed.alter_column("taken_at", existing_type=MOMENT, nullable=False)


def untie_appointments(connection: sa.Connection) -> None:
    """Write the columns of before."""
    rows = sa.select(APPOINTMENTS, PRACTICES.c.name, PRACTICES.c.time_zone).join(PRACTICES, PRACTICES.c.id == APPOINTMENTS.c.practice_id)
    for each in connection.execute(rows.order_by(APPOINTMENTS.c.starts_at.desc())).all():
        at = zones.to_instant(each.starts_at, zones.first_zone(each.time_zone, os.environ.get("PORTAL_TIME_ZONE")))
        connection.execute(APPOINTMENTS.update().where(APPOINTMENTS.c.id == each.id).values(at=at, place=each.name))
        connection.execute(CHARTS.update().where(CHARTS.c.id == each.chart_id).values(reason=each.reason, visit_at=at))
    connection.execute(APPOINTMENTS.delete().where(APPOINTMENTS.c.patient_id.is_(None)))
