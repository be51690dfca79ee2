"""Who waits for emergency access, on every page of those who may decide (AD-6)."""

import pytest
from sqlalchemy import update

from portal.models import EmergencyGrant, User
from portal.names import sort_key
from tests.blueprints.emergency.test_emergency_access import CHARTS, LISTED, TEAM, ask, decide, grant, let_in, path_of
from tests.support.emergency import approve

SAID = "Dr. Ada Okafor asks for emergency access, 30 minutes left."
EHR = [
    CHARTS,
    f"{CHARTS}/1",
    "/ehr/settings",
    "/ehr/settings/security",
    "/ehr/settings/profile",
    TEAM,
    f"{TEAM}/security",
    LISTED,
    "/help",
]


def notice(browser):
    """Returns the notice on the page, without its link, or None."""
    found = [part for part in browser.page.walk() if "urgent" in part.classes]
    assert len(found) < 2
    return found[0].text.partition(" See the request")[0].partition(" See emergency access")[0] if found else None


def count(browser):
    """Returns what the sidebar says that waits, or None."""
    found = [part for part in browser.page.walk() if "count" in part.classes and part.tag == "b"]
    return found[0].text if found else None


def test_it_is_on_every_page_of_the_ehr_of_who_may_decide(plain, dr_okafor, admin_lee):
    boss = plain.another().enter(admin_lee)
    assert notice(boss) is None and count(boss) is None
    ask(plain, dr_okafor)
    for path in EHR:
        assert notice(boss.open(path)) == SAID, path
        assert count(boss) == "1 request waits"
    assert boss.open("/ehr/nowhere").status == 404 and notice(boss) == SAID


def test_it_is_on_the_support_console(plain, dr_okafor, support):
    desk = plain.another().enter(support)
    ask(plain, dr_okafor)
    for path in ("/support", "/support/security", "/support/emergency"):
        assert notice(desk.open(path)) == SAID, path
    assert desk.press("See the request").heading == "Approve or refuse"


def test_it_leads_to_the_request_and_is_gone_there_and_after_the_decision(browser, dr_okafor, admin_lee, database):
    boss = browser.another().enter(admin_lee)
    ask(browser, dr_okafor)
    boss.open(CHARTS).press("See the request")
    assert boss.path == path_of(database) and notice(boss) is None and count(boss) == "1 request waits"
    approve(boss)
    assert any(note.startswith("Approved.") for note in boss.notices)
    assert notice(boss) is None and count(boss) is None


def test_a_swapped_step_brings_it_up_to_date(plain, dr_okafor, admin_lee, database):
    boss = plain.another().enter(admin_lee)
    ask(plain, dr_okafor)
    asked = {"HX_Request": "true", "HX_Target": "step"}
    assert "asks for emergency access" in boss.get(f"{TEAM}/security?sort=codes", **asked).text
    database.change(update(EmergencyGrant).values(refused_at=grant(database).asked_at))
    assert "asks for emergency access" not in boss.get(f"{TEAM}/security?sort=codes", **asked).text


@pytest.mark.parametrize("how", ["decided", "expired", "withdrawn"])
def test_a_request_that_ended_while_the_notice_shows_leads_to_a_clear_page(
    browser, dr_okafor, admin_lee, support, database, clock, how
):
    boss = browser.another().enter(admin_lee)
    ask(browser, dr_okafor)
    boss.open(CHARTS)
    if how == "decided":
        decide(browser.another(), support, "Refuse")
    elif how == "expired":
        clock.move(minutes=30)
        boss.enter(admin_lee)
        boss.open(path_of(database))
    else:
        clock.next_code()
        browser.another().enter(dr_okafor)
    if how != "expired":
        boss.press("See the request")
    said = {
        "decided": "Noor Haddad already refused this.",
        "expired": "Nobody answered within 30 minutes",
        "withdrawn": "withdrawn",
    }
    assert (boss.status, boss.heading) == (422, "This request is closed") and said[how] in boss.problems[0]
    assert notice(boss) is None and count(boss) is None and boss.offers("See open requests")


def test_a_closed_request_asks_for_no_code_first(plain, dr_okafor, admin_lee, database, clock):
    boss = plain.another().enter(admin_lee)
    ask(plain, dr_okafor)
    clock.move(minutes=6)
    plain.another().enter(dr_okafor)
    assert boss.open(path_of(database)).heading == "This request is closed"


def test_the_minutes_count_down_to_one(plain, dr_okafor, admin_lee, clock):
    ask(plain, dr_okafor)
    boss = plain.another()
    for minutes, left in ((2, "28 minutes"), (26, "2 minutes"), (1, "1 minute")):
        clock.move(minutes=minutes)
        boss = boss.another().enter(admin_lee)
        assert notice(boss) == f"Dr. Ada Okafor asks for emergency access, {left} left."
    clock.move(minutes=1)
    assert notice(boss.open(CHARTS)) is None


def test_the_notice_of_two_requests_lasts_as_long_as_the_second(plain, dr_okafor, dr_novak, support, clock):
    desk = plain.another().enter(support)
    ask(plain.another(), dr_okafor)
    clock.move(minutes=20)
    ask(plain.another(), dr_novak)
    desk = desk.another().enter(support).open("/support")
    assert notice(desk) == "Dr. Ada Okafor and one more person ask for emergency access."
    [shown] = [part for part in desk.page.walk() if "urgent" in part.classes]
    assert shown["data-left"] == str(30 * 60)


def test_two_requests_are_one_notice_that_leads_to_both(plain, dr_okafor, dr_novak, support, clock):
    desk = plain.another().enter(support)
    ask(plain.another(), dr_okafor)
    clock.move(seconds=5)
    ask(plain.another(), dr_novak)
    assert notice(desk.open("/support")) == "Dr. Ada Okafor and one more person ask for emergency access."
    desk.press("See emergency access")
    assert "Dr. Ada Okafor" in desk.text and "Dr. Petra Novak" in desk.text


@pytest.mark.parametrize("name", ["Q", "Wolfeschlegelsteinhausenbergerdorffanden", "\u2067\u0634\u0627\u062f\u064a <b>"])
def test_a_name_of_one_letter_or_of_forty_is_told_whole(plain, dr_okafor, admin_lee, database, name):
    changed = {"full_name": name, "name_key": sort_key(name)}
    database.change(update(User).where(User.username == dr_okafor.username).values(changed))
    ask(plain, dr_okafor)
    assert notice(plain.another().enter(admin_lee)) == f"{name} asks for emergency access, 30 minutes left."


# --- who doesn't see it


def test_it_is_shown_to_nobody_who_may_not_decide(plain, dr_okafor, admin_lee, dr_novak, maria, database, clock):
    database.change(update(User).where(User.username == dr_novak.username).values(role="administrator"))
    ask(plain, dr_okafor)
    assert notice(plain) is None, "the requester's own page"
    for person in (dr_novak, maria):
        assert notice(plain.another().enter(person)) is None, person.username
    clock.next_code()
    database.change(update(User).where(User.username == "dr.novak").values(role="provider", practice_id=1))
    assert notice(plain.another().enter(dr_novak)) is None, "a colleague"


def test_who_asked_sees_none_of_their_own(plain, admin_lee, clock):
    ask(plain.another(), admin_lee)
    clock.next_code()
    assert notice(plain.another().sign_in(admin_lee).open("/sign-in/code")) is None


def test_an_administrator_with_emergency_access_sees_none(plain, admin_lee, dr_okafor, support, database, clock):
    let_in(plain, admin_lee, support)
    ask(plain.another(), dr_okafor)
    assert notice(plain.open(CHARTS)) is None and count(plain) is None


def test_an_administrator_without_a_second_factor_sees_none(plain, dr_okafor, dr_chen, database):
    database.change(update(User).where(User.username == "dr.chen").values(role="administrator"))
    ask(plain, dr_okafor)
    boss = plain.another().enter(dr_chen)
    for path in ("/ehr/settings/security", "/help"):
        assert notice(boss.open(path)) is None
