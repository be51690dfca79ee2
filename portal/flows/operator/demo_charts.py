"""Charts of the demo practices, with invented people; created only if a practice has none."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal import zones
from portal.db import db
from portal.models import Appointment, Chart, ChartNote, Practice, User

NONE_KNOWN = "None known"
FRIDAY, SATURDAY = 4, 5


@dataclass(frozen=True)
class DemoVisit:
    """A visit so many days after the day on which it is made, by the clock of the practice."""

    reason: str
    days: int
    at: time
    with_whom: str


@dataclass(frozen=True)
class DemoChart:
    name: str
    born_on: date
    allergies: str
    medicines: str
    visits: tuple[DemoVisit, ...]
    username: str = ""  # of the patient's portal account


# name, birth date, allergies, medications, then visits: reason, days until then, clock time, with whom
CHARTS: dict[str, tuple[DemoChart, ...]] = {
    "Riverside Family Practice": (
        DemoChart("Maria Reyes", date(1984, 3, 12), "Penicillin", "None", (
            DemoVisit("Check-up", 6, time(7, 30), "Dr. Lian Chen"), DemoVisit("Flu shot", 20, time(10, 30), "Nurse Ito"),
        ), "maria"),
        DemoChart("Samuel Okoye", date(1971, 11, 2), NONE_KNOWN, "Lisinopril 10 mg, once a day", (
            DemoVisit("Blood pressure", 1, time(9, 15), "Dr. Ada Okafor"), DemoVisit("Check-up", 20, time(14, 0), "Dr. Lian Chen"),
        ), "sam"),
        DemoChart("Jun Park", date(1996, 7, 25), NONE_KNOWN, "None", (
            DemoVisit("Flu shot", 20, time(11, 0), "Nurse Ito"), DemoVisit("Check-up", 34, time(15, 30), "Dr. Lian Chen"),
        ), "jun"),
        DemoChart("Rosa Alvarez", date(1958, 1, 30), "Sulfonamides", "Metformin 500 mg, twice a day",
            (DemoVisit("Diabetes, every three months", 3, time(8, 0), "Dr. Ada Okafor"),)),
        DemoChart("Theo Lindgren", date(2016, 9, 8), "Peanuts", "Epinephrine injector, at hand",
            (DemoVisit("School check", 12, time(16, 0), "Dr. Lian Chen"),)),
        DemoChart("Grace Mbeki", date(1990, 5, 17), NONE_KNOWN, "Prenatal vitamins",
            (DemoVisit("Second trimester", 2, time(13, 45), "Dr. Ada Okafor"),)),
    ),
    "Lakeside Clinic": (
        DemoChart("Olga Petrova", date(1949, 12, 5), "Ibuprofen", "Paracetamol 500 mg, when needed",
            (DemoVisit("Knee pain", 4, time(9, 0), "Dr. Petra Novak"),)),
        DemoChart("Caleb Stone", date(2001, 2, 20), NONE_KNOWN, "Salbutamol inhaler, when needed",
            (DemoVisit("Asthma review", 9, time(10, 0), "Dr. Petra Novak"),)),
        DemoChart("Amara Diallo", date(1988, 8, 14), "Latex", "None", (DemoVisit("New patient", 1, time(15, 0), "Dr. Petra Novak"),)),
    ),
}  # fmt: skip
NOTED_AT = time(16, 40)
# practice -> (patient, author, days ago, text)
NOTES = {
    "Riverside Family Practice": (
        ("Rosa Alvarez", "dr.okafor", 92, "HbA1c 7.4 %. Walks half an hour a day now. Same dose, next look in three months."),
        ("Samuel Okoye", "dr.okafor", 30, "142/88 at home on average. Started lisinopril, kidney values in two weeks."),
        ("Maria Reyes", "dr.chen", 4, "All values in the usual range. Letter sent."),
    ),
    "Lakeside Clinic": (("Olga Petrova", "dr.novak", 21, "Swelling has gone down. Physiotherapy twice a week."),),
}


def seed_charts(now: datetime, practices: dict[str, Practice]) -> None:
    """Add the charts of practices that have none, with their visits; part of the open transaction."""
    db.session.flush()
    users = {name: (user_id, role) for user_id, name, role in db.session.execute(select(User.id, User.username, User.role))}
    nobody = (None, None)
    for name, rows in CHARTS.items():
        practice = practices[name]
        if db.session.scalar(select(Chart.id).where(Chart.practice_id == practice.id).limit(1)):
            continue
        zone = zones.first_zone(practice.time_zone)
        today = now.astimezone(zone).date()
        charts = {row.name: add_chart(practice.id, row, today, users.get(row.username, nobody)[0]) for row in rows}
        for patient, author, days_ago, text in NOTES[name]:
            author_id, role = users.get(author, nobody)
            if role == "provider":
                note = {"chart_id": charts[patient], "author_id": author_id, "text": text}
                db.session.add(ChartNote(**note, written_at=past_moment(now, days_ago, NOTED_AT, zone)))


def add_chart(practice_id: int, row: DemoChart, today: date, patient_id: int | None) -> int:
    """One chart with its visits; returns its id."""
    chart = Chart(
        practice_id=practice_id, patient_name=row.name, born_on=row.born_on, allergies=row.allergies, medicines=row.medicines
    )  # fmt: skip
    db.session.add(chart)
    db.session.flush()
    whose = {"practice_id": practice_id, "chart_id": chart.id, "patient_id": patient_id}
    for visit in row.visits:
        starts_at = datetime.combine(working_day(today + timedelta(days=visit.days)), visit.at)
        db.session.add(Appointment(**whose, starts_at=starts_at, with_whom=visit.with_whom, reason=visit.reason))
    return chart.id


def past_moment(now: datetime, days_ago: int, at: time, zone: ZoneInfo) -> datetime:
    """A clock time that many days ago, or on the Friday before: the UTC moment of something written in a practice's hours."""
    day = now.astimezone(zone).date() - timedelta(days=days_ago)
    return zones.to_instant(datetime.combine(day - timedelta(days=max(0, day.weekday() - FRIDAY)), at), zone)


def working_day(day: date) -> date:
    """That day, or the Monday after it: the practices are closed at weekends."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day
