"""Team Members > For your auditor: an administrator downloads a folder about the own practice, after showing who they are."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from portal.models import Event, Practice, User
from portal.settings import auditing
from tests.support import folders
from tests.support.folders import PAGE, download
from tests.support.moving import START
from tests.support.team import hire

TEAM = "/ehr/settings/team"


def made(database):
    """Returns the events that record a folder."""
    return [(event.actor_id, event.reason) for event in database.all(Event, Event.event == "auditor_folder_made")]


def test_one_press_brings_the_folder(browser, admin_lee, database, tmp_path):
    browser.enter(admin_lee).open(TEAM)
    browser.press("For your auditor")
    assert (browser.path, browser.heading) == (PAGE, "For your auditor")
    answer = download(browser)
    assert answer.status_code == 200 and answer.content_type == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=audit-riverside-family-practice-1-2026-03-02-")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    folder = folders.unpacked(answer, tmp_path)
    assert folders.sums_are_right(folder) and folders.signature_is_right(folder)
    [lee] = database.all(User, User.username == "admin.lee")
    assert made(database) == [(lee.id, "2026-03-02/2027-03-01")]


def test_the_form_is_sent_without_a_script_and_shows_the_last_year(browser, admin_lee):
    browser.enter(admin_lee).open(PAGE)
    [form] = [each for each in browser.page.all("form") if each["action"] == PAGE]
    assert form.attributes.get("hx-post") is None and form["method"] == "post"
    assert (browser.field("First day")["value"], browser.field("Last day")["value"]) == ("2026-03-02", "2027-03-01")


def test_the_page_shows_the_fingerprint_of_the_key_in_the_folder(plain, admin_lee, tmp_path):
    plain.enter(admin_lee).open(PAGE)
    folder = folders.unpacked(download(plain), tmp_path)
    assert folders.fingerprint(folder) in plain.text.replace(" ", "")


def test_it_is_about_the_own_practice_alone(plain, admin_lee, dr_novak, app, tmp_path):
    hire(app, 3, practice_id=2)
    folder = folders.unpacked(download(plain.enter(admin_lee), practice="2", practice_id="2"), tmp_path)
    people = {*folders.told(folder, "factors", 1), *folders.told(folder, "without", 1)}
    assert people == {"admin.lee", "dr.okafor", "dr.chen"}
    assert dr_novak.name not in folders.report(folder) and "Member 0" not in folders.report(folder)
    assert json.loads((folder / "manifest.json").read_text())["practice"]["name"] == "Riverside Family Practice"
    assert not (folder / "text-messages.csv").exists()  # figures of the whole portal


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("", "2027-03-01", "Enter the first day of the period."),
        ("2027-01-01", "", "Enter the last day of the period."),
        ("2027-02-30", "2027-03-01", "Enter the first day as year, month, and day, such as 2027-03-15."),
        ("2027-01-01", "yesterday", "Enter the last day as year, month, and day, such as 2027-03-15."),
        ("2027-01-01", "2027-03-02", "The period can't end in the future."),
        ("2027-03-02", "2027-03-01", "The period can't end in the future."),
        ("2027-02-02", "2027-02-01", "The period ends before it begins."),
        ("2021-02-28", "2027-03-01", f"Records are kept for {auditing.FOLDER_YEARS} years."),
    ],
)
def test_a_wrong_period_is_told_and_kept(browser, admin_lee, database, first, last, said):
    browser.enter(admin_lee).open(PAGE)
    browser.fill("Download", First_day=first, Last_day=last)
    assert browser.status == 422 and said in browser.problems[0]
    assert (browser.field("First day").attributes.get("value", ""), browser.field("Last day").attributes.get("value", "")) == (
        first,
        last,
    )
    assert made(database) == []


def test_both_ends_of_what_is_kept_are_allowed(plain, admin_lee):
    plain.enter(admin_lee)
    assert download(plain, first_day="2021-03-01").status_code == 200
    assert download(plain, first_day="2027-03-01").status_code == 200


def test_a_proof_is_due_and_the_period_outlives_it(browser, admin_lee, clock, database):
    browser.enter(admin_lee).open(PAGE)
    clock.move(minutes=6)
    browser.fill("Download", First_day="2026-05-05", Last_day="2026-06-06")
    assert browser.heading == "Confirm it's you" and made(database) == []
    browser.fill("Continue", Current_password=admin_lee.password, Verification_Code=admin_lee.code())
    assert browser.path == PAGE and browser.field("First day")["value"] == "2026-05-05"
    assert download(browser).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_provider_gets_none(plain, dr_okafor, database, method):
    plain.enter(dr_okafor).open("/ehr/charts")
    answer = plain.get(PAGE) if method == "get" else download(plain)
    assert answer.status_code == 403 and made(database) == []


def test_days_are_those_of_the_practice(plain, admin_lee, app, database, clock, tmp_path):
    """An event of 23:30 in Honolulu is of that day, although it is the next one in UTC."""
    database.change(update(Practice).where(Practice.id == 1).values(time_zone="Pacific/Honolulu"))
    [chen] = database.all(User, User.username == "dr.chen")
    common = {
        "event": "authn_login_lock",
        "result": "refused",
        "subject_id": chen.id,
        "request_id": "x",
        "ip": "",
        "user_agent": "",
    }
    for day in (14, 15):
        at = START.replace(day=1, month=2, hour=9, minute=30) + timedelta(days=day)
        database.change(insert(Event).values(**common, at=at, app_version="1", factor="password"))
    folder = folders.unpacked(download(plain.enter(admin_lee), first_day="2027-02-14", last_day="2027-02-14"), tmp_path)
    assert folders.table(folder, "sign-ins") == [["2027-02", "0", "0", "0", "0", "0", "1", "0", "0"]]


def test_one_process_makes_one_at_a_time(plain, admin_lee, monkeypatch):
    from portal.blueprints.ehr import auditor

    plain.enter(admin_lee)
    monkeypatch.setattr(auditing, "FOLDER_WAIT_SECONDS", 0.01)
    with auditor.making:
        assert download(plain).status_code == 422
    assert download(plain).status_code == 200


def test_one_waits_for_its_turn_without_a_connection_and_a_second_is_told_at_once(plain, admin_lee, app, database, monkeypatch):
    """Whoever presses again and again takes neither the threads nor the connections of those who sign in."""
    from portal.blueprints.ehr import auditor

    held = []

    class Turn:
        def acquire(self, timeout):
            held.append(app.extensions["engine"].pool.checkedout())
            return False

    plain.enter(admin_lee)
    monkeypatch.setattr(auditor, "making", Turn())
    assert download(plain).status_code == 422
    assert held == [0] and not auditor.waiting.locked()
    with auditor.waiting:
        assert download(plain).status_code == 422
    assert held == [0], "the second one didn't even wait"
    assert made(database) == []


def test_an_administrator_makes_so_many_folders_an_hour(browser, admin_lee, database, monkeypatch, clock):
    monkeypatch.setattr(auditing, "FOLDERS", 2)
    browser.enter(admin_lee)
    assert [download(browser).status_code for _ in range(2)] == [200, 200]
    browser.open(PAGE)
    browser.fill("Download", First_day="2027-01-01", Last_day="2027-02-01")
    assert browser.status == 422 and "You can make the next one in 1 hour." in browser.problems[0]
    assert browser.field("First day")["value"] == "2027-01-01" and len(made(database)) == 2
    clock.move(hours=1, seconds=1)
    browser.enter(admin_lee)
    assert download(browser).status_code == 200
