"""Charts of the demo practices, with invented people; created only if a practice has none."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.db import db
from portal.models import Chart, ChartNote, Practice, User

NONE_KNOWN = "None known"
# name, birth date, reason for the next visit, days until then, allergies, medications
CHARTS = {
    "Riverside Family Practice": (
        ("Maria Reyes", date(1984, 3, 12), "Check-up", 6, "Penicillin", "None"),
        ("Samuel Okoye", date(1971, 11, 2), "Blood pressure", 1, NONE_KNOWN, "Lisinopril 10 mg, once a day"),
        ("Jun Park", date(1996, 7, 25), "Flu shot", 20, NONE_KNOWN, "None"),
        ("Rosa Alvarez", date(1958, 1, 30), "Diabetes, every three months", 3, "Sulfonamides", "Metformin 500 mg, twice a day"),
        ("Theo Lindgren", date(2016, 9, 8), "School check", 12, "Peanuts", "Epinephrine injector, at hand"),
        ("Grace Mbeki", date(1990, 5, 17), "Second trimester", 2, NONE_KNOWN, "Prenatal vitamins"),
    ),
    "Lakeside Clinic": (
        ("Olga Petrova", date(1949, 12, 5), "Knee pain", 4, "Ibuprofen", "Paracetamol 500 mg, when needed"),
        ("Caleb Stone", date(2001, 2, 20), "Asthma review", 9, NONE_KNOWN, "Salbutamol inhaler, when needed"),
        ("Amara Diallo", date(1988, 8, 14), "New patient", 1, "Latex", "None"),
    ),
}
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
    """Add the charts of practices that have none; part of the open transaction."""
    db.session.flush()
    authors = {
        name: user_id for user_id, name in db.session.execute(select(User.id, User.username).where(User.role == "provider"))
    }
    day = now.replace(hour=15, minute=0, second=0, microsecond=0)
    for name, rows in CHARTS.items():
        practice = practices[name]
        if db.session.scalar(select(Chart.id).where(Chart.practice_id == practice.id).limit(1)):
            continue
        charts = {row[0]: make_chart(practice.id, day, *row) for row in rows}
        db.session.add_all(charts.values())
        db.session.flush()
        for patient, author, days_ago, text in NOTES[name]:
            if author in authors:
                written_at = day - timedelta(days=days_ago)
                note = ChartNote(chart_id=charts[patient].id, author_id=authors[author], text=text, written_at=written_at)
                db.session.add(note)


def make_chart(
    practice_id: int, day: datetime, name: str, born_on: date, reason: str, days: int, allergies: str, medicines: str
) -> Chart:
    return Chart(
        practice_id=practice_id,
        patient_name=name,
        born_on=born_on,
        reason=reason,
        visit_at=day + timedelta(days=days),
        allergies=allergies,
        medicines=medicines,
    )
