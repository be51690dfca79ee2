"""Team Members lists the people of the practice: who they are; Security Status says how each is protected (AD-8)."""

import pytest
from sqlalchemy import update

from portal.models import Event, User
from portal.names import sort_key
from portal.settings import config
from tests.support.team import hire

TEAM, STATUS = "/ehr/settings/team", "/ehr/settings/team/security"


def section(browser):
    return browser.page.one("section", **{"aria-labelledby": "members"})


def names(browser):
    """Returns the names in the list, in order."""
    return [row.one("b").text for row in section(browser).all("div") if "row" in row.classes]


def heading(browser):
    return browser.page.one("h2", id="members").text


# --- what there is to find, and what isn't


@pytest.mark.parametrize("typed", ["nobody", "%", "_", "'", "\\", "x" * 5_000, "\u202e", "<b>"])
def test_a_search_that_finds_nobody_offers_everyone(plain, admin_lee, typed):
    plain.enter(admin_lee)
    answer = plain.open(f"{TEAM}?q={'%25' if typed == '%' else typed}")
    if typed == "\u202e":
        assert len(names(plain)) == 3, "what shows nothing searches for nothing"
        return
    assert answer.status == 200 and names(plain) == [] and heading(plain) == "0 people found"
    assert "Nobody matches your search." in plain.text
    plain.press("Show everyone")
    assert len(names(plain)) == 3


@pytest.mark.parametrize("page", ["0", "-1", "x", "9", "99999999999999999999", "1.5"])
def test_a_page_that_does_not_exist_says_so_or_is_the_first(plain, admin_lee, page):
    plain.enter(admin_lee).open(f"{TEAM}?page={page}")
    if page == "9":
        assert "There's nothing on this page." in plain.text and heading(plain) == "Team Members"
        plain.press("See the first page")
    assert plain.status == 200 and len(names(plain)) == 3


def test_people_of_other_practices_and_closed_accounts_are_not_listed(plain, admin_lee, dr_chen, database):
    database.change(update(User).where(User.username == "dr.chen").values(disabled_at=database.user(dr_chen).created_at))
    plain.enter(admin_lee).open(f"{TEAM}?q=Novak")
    assert names(plain) == []
    assert names(plain.open(TEAM)) == ["Dr. Ada Okafor", "Robin Lee"]


# --- the list


def test_it_lists_who_belongs_to_the_practice_by_name(browser, admin_lee, database):
    browser.enter(admin_lee).open("/ehr/settings").press("Team Members")
    assert names(browser) == ["Dr. Ada Okafor", "Dr. Lian Chen", "Robin Lee"] and heading(browser) == "3 people"
    text = section(browser).text
    assert "Provider" in text and "Practice administrator" in text and text.count("You") == 1
    assert not [field for field in section(browser).all("input") if field["type"] == "search"], "three are seen at a glance"
    assert database.all(Event, Event.event == "team_list_opened") == [], "it says nothing of anybody's protection"


def test_each_name_leads_to_that_persons_security_status(browser, admin_lee):
    browser.enter(admin_lee).open(TEAM)
    browser.press("Security Status Dr. Ada Okafor")
    assert browser.path == STATUS and browser.arguments["q"] == "Dr. Ada Okafor"
    assert [row.all("td")[0].one("b").text for row in browser.page.one("tbody").all("tr")] == ["Dr. Ada Okafor"]


def test_a_team_of_one(plain, admin_lee, database):
    database.change(update(User).where(User.practice_id == 1, User.username != "admin.lee").values(practice_id=2))
    plain.enter(admin_lee).open(TEAM)
    assert names(plain) == ["Robin Lee"] and heading(plain) == "1 person" and not plain.offers("Next")


def test_a_team_of_five_hundred_has_pages_and_a_search(browser, admin_lee, app, database):
    hire(app, 497)
    browser.enter(admin_lee).open(TEAM)
    assert heading(browser) == "500 people" and len(names(browser)) == config.TEAM_PAGE
    seen = list(names(browser))
    while browser.offers("Next"):
        browser.press("Next")
        seen += names(browser)
    assert len(seen) == len(set(seen)) == 500 and browser.arguments["page"] == "10"
    browser.fill("Search", Search_team_members="member 0")
    assert heading(browser) == "497 people found"
    browser.press("Next")
    assert browser.arguments == {"q": "member 0", "page": "2"} and len(names(browser)) == config.TEAM_PAGE
    browser.fill("Search", Search_team_members="okafor")
    assert names(browser) == ["Dr. Ada Okafor"] and heading(browser) == "1 person found"


@pytest.mark.parametrize("name", ["Q", "Wolfeschlegelsteinhausenbergerdorffanden", "\u00c9mile O'Neil-Smith 3rd"])
def test_names_of_one_letter_and_of_forty_lead_on(plain, admin_lee, database, name):
    changed = {"full_name": name, "name_key": sort_key(name)}
    database.change(update(User).where(User.username == "dr.okafor").values(changed))
    plain.enter(admin_lee).open(TEAM)
    assert name in names(plain)
    plain.press(f"Security Status {name}")
    assert name in plain.text
    plain.press(f"Reset two-factor authentication {name}")
    assert plain.heading == f"Reset two-factor authentication for {name}" and plain.offers("Reset")
