"""The EHR: its side, its charts, and what each sign-in asks."""

import pytest
from sqlalchemy import update

from portal.models import Chart, ChartNote, Event, User
from portal.settings import config
from tests.support.mailbox import mails

CHARTS = "/ehr/charts"
RIVERSIDE, LAKESIDE = 1, 7  # the first chart of each practice


def events(database, name):
    """Returns how often something was recorded."""
    return sum(row.event == name for row in database.all(Event))


# --- the side


def test_the_ehrs_door_bears_its_name(plain):
    plain.open("/ehr")
    assert plain.path == "/sign-in" and plain.page.one("html")["data-brand"] == "ehr"
    assert plain.page.one("title").text == "Sign in – DigitalPatientChart"
    plain.fill("Sign in", Username="nobody", Password="wrong on purpose")
    assert plain.status == 422 and plain.page.one("html")["data-brand"] == "ehr"


def test_the_portals_door_bears_its_own(plain):
    plain.open("/")
    assert plain.page.one("title").text == "Sign in – Medximity"


@pytest.mark.parametrize("side", ["/", "/ehr"])
def test_each_account_is_led_to_its_own_home(plain, side, request):
    for name, home in {"maria": "/home", "dr_okafor": CHARTS, "admin_lee": CHARTS, "support": "/support"}.items():
        person, browser = request.getfixturevalue(name), plain.another()
        browser.open(side)
        browser.fill("Sign in", Username=person.username, Password=person.password)
        if browser.path == "/sign-in/code":
            browser.fill("Verify", Verification_Code=person.code())
        assert browser.path == home
        browser.open(side)
        assert browser.path == home


def test_a_deep_link_survives_the_sign_in(plain, dr_okafor):
    plain.open(f"{CHARTS}/2")
    assert plain.path == "/sign-in" and plain.page.one("html")["data-brand"] == "ehr"
    plain.fill("Sign in", Username=dr_okafor.username, Password=dr_okafor.password)
    assert plain.page.one("html")["data-brand"] == "ehr"
    plain.fill("Verify", Verification_Code=dr_okafor.code())
    assert plain.path == f"{CHARTS}/2"


def test_patients_do_not_come_in(plain, maria, database):
    plain.enter(maria).open(CHARTS)
    assert plain.path == "/home"
    assert plain.post(f"{CHARTS}/1", {"note": "Hello"}).status_code == 403
    assert (database.all(Event)[-1].event, database.all(Event)[-1].reason) == ("authz_fail", "other_side")


def test_the_sidebar_leads_to_charts_and_settings(plain, dr_okafor):
    plain.enter(dr_okafor)
    side = next(part for part in plain.page.all("nav") if "side" in part.classes)
    assert [link.text for link in side.all("a")] == ["Charts", "Settings"]
    plain.open("/help")
    assert plain.page.one("html")["data-brand"] == "ehr" and plain.offers("Charts")


def test_every_sign_in_asks_a_code_and_offers_no_trust(plain, dr_okafor, clock):
    for _ in range(2):
        plain.sign_in(dr_okafor)
        assert plain.path == "/sign-in/code" and plain.page.all("input", type="checkbox") == []
        plain.post("/sign-in/code", {"code": dr_okafor.code(), "trust": "1"})
        assert plain.cookie("trusted") is None
        plain.open(CHARTS).press("Sign out")
        clock.next_code()


def test_a_trusted_browsers_cookie_counts_for_nothing(plain, sam, dr_okafor):
    plain.sign_in(sam)
    plain.tick("Don't ask for a code on this browser for 30 days")
    plain.fill("Verify", Verification_Code=sam.code()).press("Sign out")
    assert plain.cookie("trusted")
    plain.sign_in(dr_okafor)
    assert plain.path == "/sign-in/code"


# --- charts


def test_charts_of_the_own_practice_are_listed_by_name(plain, dr_okafor, dr_novak):
    plain.enter(dr_okafor)
    names = [row.all("td")[0].text for row in plain.page.one("tbody").all("tr")]
    assert names == sorted(names) and "Rosa Alvarez" in names and "Olga Petrova" not in names
    other = plain.another().enter(dr_novak)
    assert "Olga Petrova" in other.text and "Rosa Alvarez" not in other.text


def test_a_chart_has_its_patients_name_and_data(plain, dr_okafor):
    plain.enter(dr_okafor).press("Rosa Alvarez")
    assert plain.heading == "Rosa Alvarez's chart"
    for words in ("Jan 30, 1958", "Sulfonamides", "Metformin", "HbA1c", "Dr. Ada Okafor"):
        assert words in plain.text


@pytest.mark.parametrize("path", [f"{CHARTS}/{LAKESIDE}"])
def test_a_chart_of_another_practice_is_not_there_and_that_is_recorded(plain, dr_okafor, database, path):
    plain.enter(dr_okafor)
    before = len(database.all(ChartNote))
    assert plain.open(path).status == 404
    assert events(database, "authz_fail") == 1
    plain.open(CHARTS)
    assert plain.post(path, {"note": "Not mine"}).status_code == 404
    assert events(database, "authz_fail") == 2
    assert len(database.all(ChartNote)) == before


@pytest.mark.parametrize("number", ["999", "0", str(2**31), "9" * 40])
def test_a_chart_that_nobody_has_is_not_there(plain, dr_okafor, database, number):
    plain.enter(dr_okafor)
    assert plain.open(f"{CHARTS}/{number}").status == 404
    assert events(database, "authz_fail") == 0


def test_a_provider_without_a_practice_sees_an_empty_list(plain, dr_okafor, database):
    database.change(update(User).where(User.username == "dr.okafor").values(practice_id=None))
    plain.enter(dr_okafor)
    assert "Your practice has no charts yet." in plain.text
    assert plain.open(f"{CHARTS}/{RIVERSIDE}").status == 404


def test_more_charts_than_a_page_holds_are_paged(plain, dr_okafor, database):
    row = database.all(Chart)[0]
    columns = {name: getattr(row, name) for name in ("practice_id", "born_on", "allergies", "medicines")}
    for number in range(config.CHARTS_PAGE):
        database.change(Chart.__table__.insert().values(patient_name=f"Zoe {number:03}", **columns))
    plain.enter(dr_okafor)
    assert len(plain.page.one("tbody").all("tr")) == config.CHARTS_PAGE
    plain.press("Next")
    assert len(plain.page.one("tbody").all("tr")) == 6
    plain.press("Previous")
    for odd in ("0", "-1", "x", "99999999999"):
        assert plain.open(f"{CHARTS}?page={odd}").status == 200


# --- notes


def test_a_note_is_written_and_read(browser, dr_okafor, database):
    browser.enter(dr_okafor).press("Jun Park")
    browser.fill("Add note", Note="Flu shot given.\nLeft arm.")
    assert "Your note was added to the chart." in browser.notices
    note = database.all(ChartNote)[-1]
    assert (note.text, note.author_id) == ("Flu shot given.\nLeft arm.", database.user(dr_okafor).id)
    assert "Flu shot given." in browser.text
    assert events(database, "chart_note_added") == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write a note first."),
        (" \r\n ", "Write a note first."),
        ("\0\x07", "Write a note first."),
        ("x" * 2001, "A note can have up to 2,000 characters. Shorten it, or write two."),
    ],
)
def test_what_is_no_note_is_refused_and_kept(browser, dr_okafor, database, typed, said):
    browser.enter(dr_okafor).open(f"{CHARTS}/1")
    before = len(database.all(ChartNote))
    browser.fill("Add note", Note=typed)
    assert (browser.status, browser.problems) == (422, [said])
    assert browser.field("Note").raw_text.strip() == typed.replace("\0\x07", "").strip()
    assert len(database.all(ChartNote)) == before


def test_markup_in_a_note_stays_words(plain, dr_okafor):
    plain.enter(dr_okafor).open(f"{CHARTS}/1")
    plain.fill("Add note", Note="<script>alert(1)</script>\0")
    assert "<script>alert(1)</script>" in plain.text


def test_a_second_press_writes_one_note(plain, dr_okafor, database, clock):
    plain.enter(dr_okafor).open(f"{CHARTS}/1")
    before = len(database.all(ChartNote))
    for _ in range(2):
        plain.post(f"{CHARTS}/1", {"note": "Same words."})
    assert len(database.all(ChartNote)) == before + 1
    clock.move(minutes=2)
    plain.post(f"{CHARTS}/1", {"note": "Same words."})
    assert len(database.all(ChartNote)) == before + 2


# --- who helps


def test_a_provider_without_a_code_is_told_whom_to_ask_by_name(plain, dr_okafor, dr_novak):
    plain.sign_in(dr_okafor)
    plain.press("Can't access your code?")
    assert "Ask your practice administrator first: Robin Lee." in plain.text and "text" not in plain.text.lower()
    other = plain.another()
    other.sign_in(dr_novak)
    other.press("Can't access your code?")
    assert "administrator" not in other.text and "Contact Support" in other.text


def test_the_article_for_providers_speaks_of_policy_and_not_of_law(plain):
    plain.open("/help").press("Set it up in the EHR")
    assert "our policy" in plain.text and "HIPAA" not in plain.text


# --- Team Members


def test_team_members_is_for_administrators(plain, admin_lee, dr_okafor, database):
    plain.enter(admin_lee).open("/ehr/settings")
    plain.press("Team Members")
    assert plain.heading == "Team Members" and plain.offers("Security Status")
    other = plain.another().enter(dr_okafor)
    other.open("/ehr/settings")
    assert not other.offers("Team Members")
    assert other.open("/ehr/settings/team").status == 403
    assert database.all(Event)[-1].reason == "not_administrator"


def test_a_demoted_administrator_is_shut_out_at_the_next_click(plain, admin_lee, database):
    plain.enter(admin_lee).open("/ehr/settings/team")
    database.change(update(User).where(User.username == "admin.lee").values(role="provider"))
    assert plain.open("/ehr/settings/team").status == 403


# --- mails


def test_a_providers_mails_speak_of_their_own_account(plain, dr_okafor, database):
    plain.sign_in(dr_okafor)
    plain.fill("Verify", Verification_Code=dr_okafor.codes[0])
    mail = next(mail for mail in mails(plain, to="dr.okafor@example.test") if "backup code" in mail.subject.lower())
    assert "DigitalPatientChart account" in mail.text and "Settings, Account Security" in mail.text
    assert "Medximity account" not in mail.text
