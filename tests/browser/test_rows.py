"""Rows with one action to the right, and a header of one row, on a phone."""

import pytest
from sqlalchemy import select, update

from portal.db import db
from portal.models import Authenticator, User
from tests.support.browser import PHONE
from tests.support.let_in import let_in
from tests.support.reader import Reader

NARROW = (320, 640)
# Where each page may end above its footer on a phone, in pixels: one app, one session, two languages to choose from; a link to Help.
# The row about new browsers, which the operator may offer, comes on top.
HEIGHTS = {"/account": 976, "/account/security": 1710}

# Runs in the page. Returns, for each row with an action: its label, whether that stands to the right of its text and ends with
# its row, whether it stands below its text, and the action's share of the width and its height in pixels.
ROWS = """() => [...document.querySelectorAll(".row:has(> .act > *)")].filter(row => row.checkVisibility()).map(row => {
  const box = part => part.getBoundingClientRect(), last = row.lastElementChild;
  const all = box(row), text = box(last.previousElementSibling), act = box(last);
  return [last.textContent.trim(), act.left >= text.right && Math.abs(act.right - all.right) < 1, act.top >= text.bottom,
    act.width / all.width, act.height];
})"""

# Runs in the page: pixels between the header and the heading.
GAP = """() => document.querySelector("h1").getBoundingClientRect().top
  - document.querySelector("body > header").getBoundingClientRect().bottom"""


# Names of 40 letters and of one, with addresses as long.
NAMES = {
    "Wolfeschlegelsteinhausenbergerdorffsuper": "wolfeschlegelsteinhausen@subdomain.of.a.rather.long.hospital.example.org",
    "O": "o@x.example",
}


@pytest.fixture
def patient(town):
    return town.regular()


def arrive(town, browsers, patient, **options):
    """Returns a signed-in reader on a phone, on the home page."""
    reader = Reader(browsers.borrow(town.url, size=PHONE, **options))
    let_in(reader, town, patient, "/home")
    return reader


@pytest.mark.parametrize("address", HEIGHTS)
def test_every_action_stands_to_the_right_of_its_text(town, browsers, patient, address):
    page = arrive(town, browsers, patient).page
    town.crowd(patient, 10)
    page.goto(address)
    rows = page.evaluate(ROWS)
    assert len(rows) >= 5
    assert [label for label, is_right, *_ in rows if not is_right] == []
    assert [label for label, _, _, share, height in rows if share > 0.5 or height < 44] == []


def test_profile_and_security_are_short_on_a_phone(town, browsers, patient):
    page = arrive(town, browsers, patient).page
    for address, longest in HEIGHTS.items():
        page.goto(address)
        page.locator(".row", has_text="New browsers").evaluate_all("rows => rows.forEach(row => row.remove())")
        ends = page.locator("#step").evaluate("step => step.getBoundingClientRect().bottom")
        assert ends <= longest, address


@pytest.mark.parametrize("height", [PHONE[1], 844])
def test_a_heading_has_room_under_the_header(town, browsers, patient, height):
    reader = arrive(town, browsers, patient, kind="turned")
    reader.page.set_viewport_size({"width": PHONE[0], "height": height})
    reader.page.goto("/account")
    gaps = [reader.page.evaluate(GAP)]
    for tab in ("Security", "Profile"):  # swapped by HTMX
        reader.press(tab)
        gaps.append(reader.page.evaluate(GAP))
    assert gaps == [24] * 3


def test_an_action_that_does_not_fit_stands_under_its_text(town, browsers, patient):
    page = arrive(town, browsers, patient, kind="turned").page
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    for address in HEIGHTS:
        page.goto(address)
        page.evaluate("document.documentElement.style.fontSize = '225%'")  # twice the text
        rows = page.evaluate(ROWS)
        assert [label for label, is_right, is_below, *_ in rows if is_right == is_below] == []
        assert any(is_below for _, _, is_below, *_ in rows)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, address


# Runs in the page: the narrowest text of an appointment in pixels, and the room between the columns of the health table.
HOME = """() => [
  Math.min(...[...document.querySelectorAll(".visit > :last-child")].map(each => each.getBoundingClientRect().width)),
  getComputedStyle(document.querySelector("td:nth-child(2)")).columnGap]"""


def test_appointments_and_results_have_room_for_twice_the_text(server, browsers):
    page = browsers.open(server.url, size=NARROW).page
    page.goto("/")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password", exact=True).fill("harbor-lantern-2026")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/home")
    for size, least in (("112.5%", 200), ("225%", 280)):
        page.goto("/home")
        page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
        width, gap = page.evaluate(HOME)
        assert width >= least and gap == "8px"


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_and_the_shortest_name_fit(town, browsers, patient, name):
    with town.app.app_context():
        user = db.session.scalars(select(User).where(User.username == patient.username)).one()
        user.full_name = name
        user.seal(town.app.extensions["keys"], "email", NAMES[name])
        db.session.execute(update(Authenticator).where(Authenticator.user_id == user.id).values(name=name))
        db.session.commit()
    page = arrive(town, browsers, patient, kind="turned").page
    town.crowd(patient, 10)
    for size in ("112.5%", "225%"):
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        for address in ("/home", *HEIGHTS):
            page.goto(address)
            page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
            for more in page.locator("details.more").all():
                more.evaluate("details => { details.open = true; }")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{address} at {size}"


# Runs in the page: how wide the page is with a row, in a grid, about somebody with this name.
WITH_ROW = """name => {
  const main = document.querySelector("main");
  main.style.display = "grid";
  main.innerHTML = '<div class="row"><div><div class="title"><h2><span><span translate="no"></span></span></h2></div></div></div>';
  main.querySelector("[translate]").textContent = name;
  return document.documentElement.scrollWidth;
}"""


def test_a_name_of_one_long_word_makes_no_page_wider_whatever_it_is_laid_out_in(server, browsers):
    page = browsers.open(server.url, size=NARROW).page
    page.goto("/sign-in")
    assert page.evaluate(WITH_ROW, next(iter(NAMES))) == NARROW[0]


def test_the_header_is_one_row_and_its_links_are_in_the_account_menu(town, browsers, patient):
    reader = arrive(town, browsers, patient, script=False)
    for label, heading in {
        "Find a provider": "Find a provider",
        "Community forum": "Community forum",
        "Help": "Help",
        "Home": "Your care at a glance",
    }.items():
        banner = reader.page.get_by_role("banner")
        assert banner.bounding_box()["height"] <= 64
        assert banner.get_by_role("navigation").count() == 0
        reader.open_account_menu(patient)
        with reader.leaving():
            banner.get_by_role("link", name=label).click()
        assert reader.headline == heading
    reader.page.goto("/no-such-page")
    reader.page.get_by_role("banner").get_by_role("link", name="Medximity").click()
    assert reader.headline == "Your care at a glance"


def test_the_tabs_of_account_settings_swap_the_step_alone(town, browsers, patient):
    reader = arrive(town, browsers, patient)
    reader.page.goto("/account")
    reader.page.get_by_role("banner").evaluate("header => header.setAttribute('data-same', '')")
    for tab, heading, address in (("Security", "Security", "/account/security"), ("Profile", "Account Settings", "/account")):
        reader.press(tab)
        assert reader.headline == heading and reader.page.url == town.url + address
        assert reader.page.evaluate("document.activeElement.tagName") == "H1"
        assert reader.page.locator("header[data-same]").count() == 1
        assert reader.page.locator(".tabs [aria-current]").inner_text() == tab
    reader.back()
    assert reader.headline == "Security"
