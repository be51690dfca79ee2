"""Two minutes before a quiet session ends the page asks; one press keeps it, another tab keeps it, silence ends it (SE-3)."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import wait_to_arrive
from tests.support.let_in import let_in
from tests.support.reader import Reader
from tests.support.rules import Inspector

QUIET = 15 * 60
WARNING = 2 * 60


@pytest.fixture
def reader(town, browsers):
    """A patient on the home page, whose page's clock the test moves."""
    reader = Reader(browsers.open(town.url))
    reader.patient = town.newcomer()
    reader.page.clock.install()
    let_in(reader, town, reader.patient, "/home")
    return reader


@pytest.fixture
def wait(town, reader):
    """Lets seconds pass for the portal and for the page."""

    def pass_by(seconds):
        town.age(reader.patient, seconds=seconds)
        reader.page.clock.fast_forward(seconds * 1000)

    return pass_by


def warning(reader):
    return reader.page.get_by_role("dialog", name="Are you still there?")


def seconds_left(reader):
    """Returns what the portal says of this session."""
    return reader.page.request.get("/session").json()["seconds"]


def test_the_warning_comes_two_minutes_before_the_end_and_enter_keeps_the_session(reader, wait):
    wait(QUIET - WARNING - 20)
    assert not warning(reader).is_visible()
    wait(25)
    expect(warning(reader)).to_be_visible()
    expect(warning(reader).get_by_role("timer")).to_contain_text("1:")
    expect(warning(reader).get_by_role("button", name="Stay signed in")).to_be_focused()
    reader.page.keyboard.press("Enter")
    expect(warning(reader)).to_be_hidden()
    assert seconds_left(reader) > QUIET - 30
    wait(QUIET - WARNING - 20)
    assert not warning(reader).is_visible()


def test_escape_is_a_sign_of_life_too(reader, wait):
    wait(QUIET - WARNING + 5)
    expect(warning(reader)).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(warning(reader)).to_be_hidden()
    assert seconds_left(reader) > QUIET - 30


def test_the_warning_keeps_the_rules_of_a_page(reader, wait):
    wait(QUIET - WARNING + 5)
    expect(warning(reader)).to_be_visible()
    inspector = Inspector(reader.window)
    inspector.look("the warning")
    assert inspector.faults == []


def test_asking_how_long_is_no_sign_of_life(reader, town):
    town.age(reader.patient, seconds=QUIET - 60)
    assert seconds_left(reader) <= 60
    assert seconds_left(reader) <= 60


def test_what_is_done_in_another_tab_counts(reader, town):
    town.age(reader.patient, seconds=QUIET - WARNING + 5)
    other = reader.window.context.new_page()
    other.goto("/account")
    with reader.page.expect_response("**/session"):
        reader.page.clock.fast_forward((QUIET - WARNING + 5) * 1000)
    reader.page.wait_for_timeout(200)
    assert not warning(reader).is_visible()


def test_the_end_leads_to_sign_in_which_says_why(reader, wait):
    wait(QUIET - WARNING + 5)
    expect(warning(reader)).to_be_visible()
    wait(WARNING)
    wait_to_arrive(reader.page, "/sign-in")
    assert reader.headline == "Sign in"
    assert reader.sees("you weren't active for a while")
    assert reader.patient.name not in reader.page.content()


def test_strangers_are_warned_of_nothing(town, browsers):
    page = browsers.open(town.url).page
    page.goto("/help")
    assert page.get_by_role("dialog", include_hidden=True).count() == 0
