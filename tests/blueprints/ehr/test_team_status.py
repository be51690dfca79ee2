"""Team Members > Security Status: who is protected how, for the practice's administrator alone; reminders to those without."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.models import Authenticator, BackupCode, BackupCodeSet, Event, Outbox, Practice, User
from portal.names import sort_key
from portal.settings import config
from tests.support.mailbox import mails
from tests.support.team import hire, row_of

TEAM = "/ehr/settings/team"
STATUS = f"{TEAM}/security"
RIVERSIDE, LAKESIDE = "Riverside Family Practice", "Lakeside Clinic"
WITHOUT = "Send a reminder to the one person without it"


def events(database, name):
    """Returns the events of a name."""
    return database.all(Event, Event.event == name)


def names(browser):
    """Returns the names in the table, in order."""
    return [row.all("td")[0].one("b").text for table in browser.page.all("tbody") for row in table.all("tr")]


def change(database, person, **columns):
    database.change(update(User).where(User.username == person.username).values(**columns))


# --- the way there


def test_the_guides_way_leads_there(plain, admin_lee):
    plain.enter(admin_lee).press("Settings")
    plain.press("Team Members")
    assert plain.heading == "Team Members"
    plain.press("Security Status")
    assert (plain.path, plain.heading) == (STATUS, "Security Status")
    assert names(plain) == ["Dr. Ada Okafor", "Dr. Lian Chen", "Robin Lee"]


def test_a_row_says_how_somebody_is_protected(plain, admin_lee, dr_okafor, dr_chen):
    plain.enter(admin_lee).open(STATUS)
    assert row_of(plain, dr_okafor).startswith(
        "Dr. Ada Okafor Provider On Authenticator App since Mar 1, 2027 10 left No sealed copy Can still sign in Never Not locked"
    )
    assert row_of(plain, dr_chen).startswith("Dr. Lian Chen Provider Off None Not set up Never Not locked Send a reminder")
    assert "Practice administrator On" in row_of(plain, admin_lee)


def test_the_top_counts_and_draws_the_share(plain, admin_lee, database, dr_okafor):
    plain.enter(admin_lee).open(STATUS)
    assert "2 of 3 have two-factor authentication on" in plain.text
    bar = plain.page.one("svg", **{"class": "bar"})
    assert [(part["class"], round(float(part["width"]))) for part in bar.all("rect")] == [("on", 67), ("off", 33)]
    change(database, dr_okafor, two_factor="reset")
    plain.open(STATUS)
    assert [item.text for item in plain.page.one("ul", **{"class": "counts"}).all("li")] == ["1 On", "1 Off", "1 Reset"]


def test_the_sealed_copy_and_used_codes_are_seen(plain, admin_lee, dr_okafor, database, clock):
    own = BackupCodeSet.user_id == database.user(dr_okafor).id
    [codes] = database.all(BackupCodeSet, own)
    database.change(update(BackupCodeSet).where(own).values(sealed_copy_given_at=clock.now))
    spent = update(BackupCode).where(BackupCode.set_id == codes.id, BackupCode.number > 4)
    database.change(spent.values(used_at=clock.now))
    plain.enter(admin_lee).open(STATUS)
    assert "4 left Sealed copy handed over" in row_of(plain, dr_okafor)


def test_a_lock_is_seen_until_it_ends(plain, admin_lee, dr_okafor, database, clock):
    change(database, dr_okafor, codes_paused_until=clock.now + timedelta(minutes=10))
    plain.enter(admin_lee).open(STATUS)
    assert "Paused until 4:10 AM Pacific Time" in row_of(plain, dr_okafor)
    clock.move(minutes=10)
    plain.open(STATUS)
    assert "Not locked" in row_of(plain, dr_okafor)
    own = update(Authenticator).where(Authenticator.user_id == database.user(dr_okafor).id)
    database.change(own.values(strangers_disabled_at=clock.now))
    plain.open(STATUS)
    assert "App blocked in new browsers" in row_of(plain, dr_okafor)
    database.change(own.values(disabled_at=clock.now))
    plain.open(STATUS)
    assert "App blocked" in row_of(plain, dr_okafor) and "new browsers" not in row_of(plain, dr_okafor)


@pytest.mark.parametrize("lost", ["used up", "never saved"])
def test_one_lost_phone_away_from_lockout(plain, admin_lee, dr_okafor, database, clock, lost):
    own = BackupCodeSet.user_id == database.user(dr_okafor).id
    if lost == "used up":
        [codes] = database.all(BackupCodeSet, own)
        database.change(update(BackupCode).where(BackupCode.set_id == codes.id).values(used_at=clock.now))
    if lost == "never saved":
        database.change(update(BackupCodeSet).where(own).values(saved_at=None))
    plain.enter(admin_lee).open(STATUS)
    assert "Locked out" in row_of(plain, dr_okafor)
    if lost == "never saved":
        database.change(update(BackupCodeSet).where(own).values(sealed_copy_given_at=clock.now))
        plain.open(STATUS)
        assert "Can still sign in" in row_of(plain, dr_okafor)


def test_a_second_app_is_a_way_in(plain, admin_lee, dr_okafor, database, clock):
    user = database.user(dr_okafor)
    database.change(update(BackupCodeSet).where(BackupCodeSet.user_id == user.id).values(saved_at=None))
    [app] = database.all(Authenticator, Authenticator.user_id == user.id)
    columns = {column.key: getattr(app, column.key) for column in Authenticator.__table__.columns}
    database.change(Authenticator.__table__.insert().values(**{**columns, "id": "f" * 32}))
    plain.enter(admin_lee).open(STATUS)
    assert "Can still sign in" in row_of(plain, dr_okafor)


def test_a_number_from_days_as_a_patient_counts_for_nothing(plain, admin_lee, dr_okafor, database):
    database.change(update(Authenticator).where(Authenticator.user_id == database.user(dr_okafor).id).values(method="sms"))
    plain.enter(admin_lee).open(STATUS)
    assert "No app" in row_of(plain, dr_okafor) and "Text Message (SMS)" in row_of(plain, dr_okafor)


def test_no_secret_and_no_address_is_on_the_page(plain, admin_lee, dr_okafor):
    plain.enter(admin_lee).open(STATUS)
    assert "@" not in plain.text and dr_okafor.key not in plain.response.text


# --- filter, search, sort, pages


@pytest.mark.parametrize(
    ("state", "found"), [("On", ["Dr. Ada Okafor", "Robin Lee"]), ("Off", ["Dr. Lian Chen"]), ("Reset", []), ("All", [1, 2, 3])]
)
def test_the_list_is_filtered_by_state(browser, admin_lee, state, found):
    browser.enter(admin_lee).open(STATUS)
    browser.type("Two-factor authentication", state)
    browser.press("Show")
    assert browser.path == STATUS and len(names(browser)) == len(found)
    assert state == "All" or names(browser) == found
    assert browser.offers("Show everyone") is (state == "Reset")


def test_search_is_by_a_part_of_the_name_whatever_its_capitals(browser, admin_lee):
    browser.enter(admin_lee).open(STATUS)
    browser.fill("Show", Search_team_members="  oKaF ")
    assert names(browser) == ["Dr. Ada Okafor"]
    assert browser.field("Search team members")["value"] == "oKaF"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Dr. Émile Roux", "emil"),
        ("Dr. Emile Roux", "ÉMIL"),
        ("Ольга Ильина", "ОЛЬГА"),
        ("Nguyễn Thị Hồng", "nguyen thi"),
        ("Strauß", "strauss"),
        ("Łukasz Żak", "żak"),
    ],
)
def test_search_folds_accents_and_capitals_as_the_order_does(plain, admin_lee, dr_okafor, database, name, typed):
    change(database, dr_okafor, full_name=name, name_key=sort_key(name))
    plain.enter(admin_lee).open(STATUS)
    plain.fill("Show", Search_team_members=typed)
    assert names(plain) == [name]


@pytest.mark.parametrize("name", ["100% Ada", "Ada_Okafor", "Ada 'O' \"K\" \\ /"])
def test_signs_of_a_search_are_plain_signs(plain, admin_lee, dr_okafor, database, name):
    change(database, dr_okafor, full_name=name, name_key=sort_key(name))
    plain.enter(admin_lee)
    for sign in {each for each in name if not each.isalnum() and each != " "}:
        plain.open(STATUS)
        plain.fill("Show", Search_team_members=sign)
        assert names(plain) == [name], sign


@pytest.mark.parametrize(
    "query", ["state=on%27--&sort=password", "page=0", "page=-1", "page=x", "q=%00%0d%0a", "q=" + "x" * 5000]
)
def test_an_address_that_makes_no_sense_is_a_page(plain, admin_lee, query):
    plain.enter(admin_lee)
    assert plain.open(f"{STATUS}?{query}").status == 200


def test_the_order_can_be_chosen(plain, admin_lee, dr_okafor, database, clock):
    change(database, dr_okafor, last_sign_in_at=clock.now + timedelta(hours=1))
    plain.enter(admin_lee).open(STATUS)
    for words, first in {
        "Off and reset first": "Dr. Lian Chen",
        "Last sign-in, newest first": "Dr. Ada Okafor",
        "Backup codes, fewest first": "Dr. Ada Okafor",
        "Name": "Dr. Ada Okafor",
    }.items():
        plain.fill("Show", Sort_by=words)
        assert names(plain)[0] == first, words
    plain.fill("Show", Sort_by="Last sign-in, newest first")
    assert names(plain) == ["Dr. Ada Okafor", "Robin Lee", "Dr. Lian Chen"]


def test_names_are_sorted_as_people_do_whoever_wrote_them(plain, admin_lee, dr_okafor, app, monkeypatch):
    monkeypatch.setattr(config, "TEAM_PAGE", 2)
    monkeypatch.setattr(config, "TEAM_CHUNK", 2)
    create = [
        "accounts",
        "create",
        "--role",
        "provider",
        "--practice",
        "Riverside Family Practice",
        "--password",
        "seven green umbrellas",
    ]
    for name in ("Zoe Adler", "Émile Roux", "Emily Roux", "emil roux"):
        assert "Created" in app.test_cli_runner().invoke(args=[*create, name.replace(" ", "."), "--name", name]).output
    plain.another().enter(dr_okafor).open("/ehr/settings/profile/name").fill("Save", Name="Émil Roux")
    order = ["Dr. Lian Chen", "emil roux", "Émil Roux", "Émile Roux", "Emily Roux", "Robin Lee", "Zoe Adler"]
    plain.enter(admin_lee).open(STATUS)
    found = names(plain)
    while plain.offers("Next"):
        found += names(plain.press("Next"))
    assert found == order
    rows = plain.get(f"{STATUS}/export").text.splitlines()
    assert [next(name for name in order if name in row) for row in rows if any(name in row for name in order)] == order


def test_fifty_are_on_a_page_and_the_question_goes_with_it(browser, admin_lee, app):
    hire(app, 70)
    browser.enter(admin_lee).open(STATUS)
    browser.fill("Show", Search_team_members="Member")
    assert len(names(browser)) == config.TEAM_PAGE
    first = names(browser)
    browser.press("Next")
    assert len(names(browser)) == 20 and set(first).isdisjoint(names(browser)) and browser.arguments["q"] == "Member"
    browser.press("Send a reminder")
    assert browser.arguments["page"] == "2" and browser.arguments["q"] == "Member"
    browser.press("Previous")
    assert names(browser) == first


# --- who may look


def test_somebody_elses_practice_is_never_seen(plain, admin_lee, dr_novak):
    plain.enter(admin_lee)
    for address in (STATUS, f"{STATUS}/export", f"{STATUS}?practice=2", f"{STATUS}/export?practice_id=2&q=Novak"):
        assert "Novak" not in plain.get(address).text


def test_opening_and_exporting_are_events(plain, admin_lee, database):
    plain.enter(admin_lee).open(STATUS)
    plain.get(f"{STATUS}/export?state=off")
    own = database.user(admin_lee).id
    assert [(row.actor_id, row.result) for row in events(database, "team_list_opened")] == [(own, "ok")]
    assert [(row.actor_id, row.reason) for row in events(database, "team_list_exported")] == [(own, "off")]
    plain.open("/ehr/settings/security/activity")
    assert "You downloaded the security status of your practice." in plain.text


ADDRESSES = [
    ("GET", TEAM), ("GET", STATUS), ("GET", f"{STATUS}/export"), ("GET", f"{TEAM}/deadline"),
    ("POST", f"{STATUS}/reminders"), ("POST", f"{STATUS}/4/reminder"), ("POST", f"{TEAM}/deadline"), ("POST", f"{TEAM}/deadline/remove"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_it_is_shut_to_providers_and_that_is_recorded(browser, dr_okafor, database, method, path):
    browser.enter(dr_okafor)
    swapped = {"HX_Request": "true"} if browser.guise == "htmx" else {}
    answer = browser.get(path, **swapped) if method == "GET" else browser.post(path, **swapped)
    assert answer.status_code == 403
    assert events(database, "authz_fail")[-1].reason == "not_administrator"
    assert database.all(Outbox, Outbox.template == "set_up_reminder") == []


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_a_demoted_administrators_open_page_does_nothing_more_and_says_what_to_do(browser, admin_lee, database, method, path):
    browser.enter(admin_lee).open(STATUS)
    change(database, admin_lee, role="provider")
    swapped = {"HX_Request": "true"} if browser.guise == "htmx" else {}
    answer = browser.get(path, **swapped) if method == "GET" else browser.post(path, **swapped)
    assert answer.status_code == 403
    assert "You don't have access to this page" in answer.text and "Contact Support" in answer.text
    assert database.all(Outbox, Outbox.template == "set_up_reminder") == []


def test_an_administrator_of_no_practice_sees_nothing(plain, admin_lee, database):
    change(database, admin_lee, practice_id=None)
    plain.enter(admin_lee).press("Settings")
    assert not plain.offers("Team Members") and not plain.offers("Waiting for your approval")
    assert plain.get(STATUS).status_code == 403


def test_a_practice_without_an_administrator_is_closed_to_everyone(plain, dr_novak, admin_lee):
    plain.enter(dr_novak)
    assert plain.get(STATUS).status_code == 403
    other = plain.another().enter(admin_lee)
    other.open(f"{STATUS}?q=Novak")
    assert names(other) == []


def test_whose_account_is_shut_or_no_staff_is_not_listed(plain, admin_lee, dr_chen, maria, database, clock):
    change(database, dr_chen, disabled_at=clock.now)
    change(database, maria, practice_id=1)
    plain.enter(admin_lee).open(STATUS)
    assert names(plain) == ["Dr. Ada Okafor", "Robin Lee"] and "2 of 2 have" in plain.text


# --- reminders


def test_a_reminder_goes_to_one(browser, admin_lee, dr_chen, database):
    browser.enter(admin_lee).open(STATUS)
    browser.press("Send a reminder")
    assert browser.notices == ["A reminder is on its way to 1 person."]
    assert "Reminded Mar 1, 2027" in row_of(browser, dr_chen)
    [mail] = mails(browser, to="dr.chen@example.test", subject="Set up two-factor authentication")
    assert "Robin Lee, your practice administrator at Riverside Family Practice" in mail.text and mail.link.endswith("/ehr")
    [event] = events(database, "set_up_reminder")
    assert (event.actor_id, event.subject_id) == (database.user(admin_lee).id, database.user(dr_chen).id)


def test_a_reminder_comes_once_a_day_at_most(plain, admin_lee, dr_chen, database, clock):
    path = f"{STATUS}/{database.user(dr_chen).id}/reminder"
    plain.enter(admin_lee).open(STATUS)
    assert plain.post(path).status_code == 303
    answer = plain.post(path)
    assert answer.status_code == 422 and "reminded less than a day ago" in answer.text
    plain.open(STATUS)
    assert not plain.offers(WITHOUT) and "Everyone without it was reminded less than a day ago." in plain.text
    plain.fill("Show", Search_team_members="Robin")
    answer = plain.post(f"{STATUS}/reminders")
    assert answer.status_code == 422 and "Everyone without two-factor authentication was reminded" in answer.text
    assert len(database.all(Outbox, Outbox.template == "set_up_reminder")) == 1
    clock.move(days=1)
    clock.next_code()
    plain.enter(admin_lee).open(STATUS).press("Send a reminder")
    assert len(database.all(Outbox, Outbox.template == "set_up_reminder")) == 2


def test_a_link_makes_the_list_claim_no_reminders(plain, admin_lee, clock):
    plain.enter(admin_lee)
    for forged in ("reminded=3&left=7", f"done=reminded~3~7.{int(clock.now.timestamp())}.{'0' * 64}"):
        assert plain.open(f"{STATUS}?{forged}").notices == []
    plain.press("Send a reminder")
    address = f"{plain.path}?{plain.query}"
    assert plain.open(address).notices == ["A reminder is on its way to 1 person."]
    assert plain.open(address.replace("reminded~1~0.", "reminded~3~7.")).notices == []


def test_who_has_it_on_is_not_reminded(plain, admin_lee, dr_okafor, database):
    plain.enter(admin_lee).open(STATUS)
    answer = plain.post(f"{STATUS}/{database.user(dr_okafor).id}/reminder")
    assert answer.status_code == 422 and "No reminder is needed." in answer.text


def test_all_without_are_reminded_in_handfuls(browser, admin_lee, app, database, monkeypatch):
    hire(app, 5)
    monkeypatch.setattr(config, "REMINDERS_AT_ONCE", 4)
    browser.enter(admin_lee).open(STATUS)
    browser.press("Send a reminder to all 6 without it")
    assert browser.notices == ["Reminders are on their way to 4 people. 2 more people still need one. Send again to reach them."]
    browser.press("Send a reminder to the other 2 without it")
    assert browser.notices == ["Reminders are on their way to 2 people."]
    assert len(events(database, "set_up_reminder")) == 6


def test_the_button_counts_those_it_will_reach(plain, admin_lee, dr_chen, app):
    hire(app, 2)
    plain.enter(admin_lee).open(f"{STATUS}?q=Chen").press("Send a reminder")
    plain.open(STATUS).press("Send a reminder to the other 2 without it")
    assert plain.notices == ["Reminders are on their way to 2 people."]
    assert "Everyone without it was reminded less than a day ago." in plain.text
    hire(app, 1)
    assert plain.open(STATUS).offers("Send a reminder to the other person without it")


@pytest.mark.parametrize("query", ["", "&state=off", "&q=Chen"])
def test_a_page_after_the_last_leads_to_the_first(plain, admin_lee, query):
    plain.enter(admin_lee).open(f"{STATUS}?page=9{query}")
    assert "There's nothing on this page." in plain.text and "Nobody matches" not in plain.text
    plain.press("See the first page")
    assert "Dr. Lian Chen" in plain.text


def test_somebody_who_was_reset_is_told_of_their_link(plain, admin_lee, dr_chen, database):
    change(database, dr_chen, two_factor="reset")
    plain.enter(admin_lee).open(STATUS).press("Send a reminder")
    [mail] = mails(plain, to="dr.chen@example.test", subject="Set up two-factor authentication")
    assert "Yours was reset" in mail.text and mail.links == ()


def test_the_reminder_names_the_last_day(plain, admin_lee, database, clock):
    database.change(update(Practice).values(deadline_at=clock.now + timedelta(days=14)))
    plain.enter(admin_lee).open(STATUS).press("Send a reminder")
    [mail] = mails(plain, to="dr.chen@example.test", subject="Set up two-factor authentication")
    assert "The last day to do it is March 15, 2027." in mail.text


def test_a_person_of_another_practice_is_not_there_and_that_is_recorded(plain, admin_lee, dr_novak, database):
    plain.enter(admin_lee).open(STATUS)
    assert plain.post(f"{STATUS}/{database.user(dr_novak).id}/reminder").status_code == 404
    assert events(database, "authz_fail")[-1].reason == "not_own"
    for nobody in ("999", str(2**31), "9" * 30):
        assert plain.post(f"{STATUS}/{nobody}/reminder").status_code == 404
    assert len(events(database, "authz_fail")) == 1


def test_a_reminder_needs_the_forms_token(plain, admin_lee, dr_chen, database):
    plain.enter(admin_lee).open(STATUS)
    assert plain.post(f"{STATUS}/{database.user(dr_chen).id}/reminder", token=None).status_code == 403


# --- the file


def export(browser, query=""):
    """Returns (file name, rows) of the download."""
    answer = browser.get(f"{STATUS}/export{query}")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.data.decode("utf-8-sig")
    return answer.headers["Content-Disposition"], list(csv.reader(io.StringIO(text, newline="")))


def test_the_file_has_date_and_practice_in_its_name_and_everyone_in_it(plain, admin_lee):
    plain.enter(admin_lee).open(STATUS)
    assert plain.offers("Download CSV")
    name, (head, *rows) = export(plain)
    assert name.startswith("attachment; filename=security-status-riverside-family-practice-2027-03-01.csv;")
    assert head[:3] == ["Name", "Role", "Two-factor authentication"]
    assert rows[0] == [
        "Dr. Ada Okafor", "Provider", "On", "Authenticator App", "2027-03-01 12:00", "10", "Not handed over", "", "No", "No", "",
    ]  # fmt: skip
    assert [row[0] for row in rows] == ["Dr. Ada Okafor", "Dr. Lian Chen", "Robin Lee"]
    assert rows[1][2:7] == ["Off", "", "", "", ""] and rows[1][9] == ""


def test_who_asks_for_the_file_without_a_session_lands_beside_it(plain, admin_lee):
    plain.open(f"{STATUS}/export?state=off&_external=1")
    plain.fill("Sign in", Username=admin_lee.username, Password=admin_lee.password)
    plain.fill("Verify", Verification_Code=admin_lee.code())
    assert (plain.path, plain.query, plain.heading) == (STATUS, "state=off&_external=1", "Security Status")


def test_a_search_of_thousands_of_signs_is_cut_short(plain, admin_lee):
    plain.enter(admin_lee).open(f"{STATUS}?q={'x' * 7000}")
    assert plain.status == 200 and "Nobody matches" in plain.text


def test_the_file_holds_what_was_asked_for(plain, admin_lee):
    plain.enter(admin_lee).open(f"{STATUS}?state=off&q=chen&page=3")
    plain.open(f"{STATUS}?state=off&q=chen")
    link = next(each for each in plain.page.all("a") if each.text == "Download CSV")
    assert link["href"] == f"{STATUS}/export?q=chen&state=off"
    assert [row[0] for row in export(plain, "?q=chen&state=off")[1][1:]] == ["Dr. Lian Chen"]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "\t="])
def test_a_name_is_never_a_formula_nor_a_line(plain, admin_lee, dr_okafor, database, begin):
    change(database, dr_okafor, full_name=f'{begin}HYPERLINK("http://x","y"),\r\n"z";=1')
    plain.enter(admin_lee)
    rows = export(plain)[1]
    assert len(rows) == 4 and {len(row) for row in rows} == {11}
    [cell] = [row[0] for row in rows if "HYPERLINK" in row[0]]
    assert cell.startswith("'") and "\n" not in cell and "\r" not in cell


def test_a_practices_name_is_no_path(plain, admin_lee, database):
    database.change(update(Practice).where(Practice.name == RIVERSIDE).values(name='../"; x=\r\n Ärzte & Co'))
    plain.enter(admin_lee)
    name, _ = export(plain)
    assert name == (
        "attachment; filename=security-status-x-arzte-co-2027-03-01.csv; filename*=UTF-8''security-status-x-%C3%A4rzte-co-2027-03-01.csv"
    )


def test_everyone_is_in_the_file_once_whatever_the_size_of_a_handful(plain, admin_lee, app, monkeypatch):
    hire(app, 23, same_name=True)
    monkeypatch.setattr(config, "TEAM_CHUNK", 4)
    plain.enter(admin_lee)
    assert len(export(plain)[1]) == 1 + 3 + 23
