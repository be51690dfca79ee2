"""The operator says where practices are; wrong input is refused in a sentence, and nothing is done twice."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.models import Practice, User
from portal.zones import end_of_day, find_zone
from tests.cli.test_commands import run  # noqa: F401 a fixture

NAME = "Signal Hill Clinic"
SET = ("practices", "set", NAME)


def named(database):
    [row] = database.all(Practice, Practice.name == NAME)
    return row


def test_a_practice_is_made_and_changed(run, database):  # noqa: F811
    words = ("--time-zone", "America/St_Johns", "--phone", "(709) 555-0123", "--address", "1 Signal Hill Road, St. John's")
    assert run(*SET, *words) == (0, f"Created {NAME}.\n")
    assert run(*SET, *words) == run(*SET) == (0, "Nothing was changed.\n")
    row = named(database)
    assert (row.time_zone, row.phone, row.address, row.city) == ("America/St_Johns", words[3], words[5], "")
    assert run(*SET, "--time-zone", "America/Edmonton") == (0, f"Changed {NAME}.\n")
    assert f"{NAME}  America/Edmonton  (709) 555-0123  1 Signal Hill Road, St. John's" in run("practices", "list")[1]


@pytest.mark.parametrize(
    ("option", "typed", "said"),
    [
        ("--time-zone", "Mars/Olympus", "--time-zone: That isn't the name of a time zone."),
        ("--time-zone", "", "--time-zone: That isn't the name of a time zone."),
        ("--time-zone", "../../etc/passwd", "--time-zone: That isn't the name of a time zone."),
        ("--phone", "5" * 41, "--phone: That's too long for one line."),
        ("--address", "é" * 256, "--address: That's too long for one line."),
        ("--city", "Port\N{RIGHT-TO-LEFT OVERRIDE}land", "--city: That holds characters that can't be printed."),
    ],
)
def test_what_cannot_be_is_refused(run, database, option, typed, said):  # noqa: F811
    code, output = run(*SET, option, typed)
    assert code == 1 and said in output and database.all(Practice, Practice.name == NAME) == []


@pytest.mark.parametrize("to", ["Pacific/Honolulu", "Asia/Seoul"])
def test_a_deadline_stays_on_its_day_when_the_practice_moves(run, database, clock, to):  # noqa: F811
    day = clock.now.date()
    run(*SET, "--time-zone", "America/St_Johns")
    database.change(update(Practice).values(deadline_at=end_of_day(day, find_zone("America/St_Johns"))))
    run(*SET, "--time-zone", to)
    assert named(database).deadline_at == end_of_day(day, find_zone(to))


def test_check_names_practices_and_accounts_without_a_zone_that_exists(run, database, clock):  # noqa: F811
    assert run("check")[0] == 0
    run(*SET)
    database.change(update(Practice).where(Practice.name == "Lakeside Clinic").values(time_zone="America/Atlantis"))
    database.change(update(User).where(User.username == "maria").values(time_zone="Asia/Atlantis"))
    code, said = run("check")
    assert code == 1 and f"{NAME} has no time zone" in said and "1 accounts chose a time zone" in said
    assert "Lakeside Clinic has the time zone America/Atlantis, which is not in the data" in said


def test_a_practices_language_is_one_that_is_offered(app, run, database, monkeypatch):  # noqa: F811
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], languages=("en", "es")))
    assert run(*SET, "--language", "es") == (0, f"Created {NAME}.\n") and named(database).language == "es"
    assert run("practices", "list")[1].splitlines()[-1].endswith("  es")
    for typed in ("ko", "", "ES", "es\n"):
        code, said = run(*SET, "--language", typed)
        assert code == 1 and "--language: Choose one of PORTAL_LANGUAGES: en, es." in said
    assert named(database).language == "es"
