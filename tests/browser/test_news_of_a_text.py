"""What the page says while a text is on its way: it asks by itself, and disturbs nobody who is typing."""

import itertools
import re
import time

import pytest
from playwright.sync_api import expect

from tests.support.application import application
from tests.support.gateway import Gateway
from tests.support.let_in import PORTAL_SETUP, let_in
from tests.support.reader import Reader
from tests.support.server import running_server
from tests.support.town import Town

SAID = re.compile(r"We texted a 6-digit code to •••")
FAILED = "Your text didn't go through. Select Send again, or check the number."
NEWS_MILLISECONDS = 25_000
LAST = itertools.count(20)  # a number of its own for each: five texts an hour go to one


@pytest.fixture(scope="module")
def gateway():
    """A carrier that does what a test wants."""
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def town(sites, gateway):
    """A portal with its worker, which gives the gateway a second to answer."""
    site = sites.seeded()
    settings = {"PORTAL_WORKER": "1", "PORTAL_SMS_URL": gateway.url(rto=1)}
    with running_server(site, **settings) as server, application(site) as app:
        yield Town(server.url, app)
    sites.remove(site)


@pytest.fixture
def asked(town, browsers, gateway):
    """Returns a reader who has asked for a text that the gateway answers with `habit`."""

    def ask(habit, **look):
        gateway.habit = habit
        reader = Reader(browsers.borrow(town.url, **look))
        reader.patient = town.newcomer()
        let_in(reader, town, reader.patient, PORTAL_SETUP)
        reader.page.get_by_label("Text Message (SMS)").check()
        reader.press("Continue")
        reader.type("Mobile phone number", f"(202) 555-01{next(LAST)}")
        started = time.monotonic()
        reader.press("Send Code")
        reader.seconds = time.monotonic() - started
        return reader

    yield ask
    gateway.habit = "accept"


def test_the_page_tells_by_itself_that_the_text_is_sent(asked):
    reader = asked("accept")
    expect(reader.page.locator("#news")).to_contain_text(SAID, timeout=NEWS_MILLISECONDS)


def test_a_gateway_that_hangs_costs_a_sentence(asked):
    reader = asked("hang")
    assert reader.seconds < 2
    expect(reader.page.locator("#news")).to_contain_text(FAILED, timeout=NEWS_MILLISECONDS)
    expect(reader.page.locator("#said")).to_contain_text(FAILED, timeout=NEWS_MILLISECONDS)
    expect(reader.page.get_by_role("button", name="Send again")).to_be_visible()


def test_news_takes_nothing_from_who_is_typing(asked):
    reader = asked("hang")
    field = reader.page.get_by_label("Verification Code")
    field.fill("123")
    expect(reader.page.locator("#news")).to_contain_text(FAILED, timeout=NEWS_MILLISECONDS)
    expect(field).to_be_focused()
    expect(field).to_have_value("123")
    reader.page.keyboard.type("4")
    expect(field).to_have_value("1234")


def test_asking_for_news_is_nobodys_activity(asked, town):
    """Fifteen quiet minutes end a session, however often its page asks (SE-1)."""
    reader = asked("accept")
    expect(reader.page.locator("#news")).to_contain_text(SAID, timeout=NEWS_MILLISECONDS)
    town.age(reader.patient, minutes=5)
    before = reader.page.request.get("/session").json()["seconds"]
    answer = reader.page.request.get("/account/security/two-factor/sms/code", headers={"X-Background": "1", "HX-Request": "true"})
    assert answer.status == 200
    assert reader.page.request.get("/session").json()["seconds"] <= before
    reader.page.request.get("/account/security/two-factor/sms/code")
    assert reader.page.request.get("/session").json()["seconds"] > before


def test_without_javascript_a_link_tells_it(asked):
    reader = asked("accept", script=False)
    link = reader.page.get_by_role("link", name="Check on this text")
    deadline = time.monotonic() + NEWS_MILLISECONDS / 1000
    while "We texted a 6-digit code" not in reader.page.inner_text("#news") and time.monotonic() < deadline:
        link.click()
    assert "We texted a 6-digit code" in reader.page.inner_text("#news")


def test_the_seconds_until_the_next_text_count_down_and_go(asked):
    reader = asked("accept")
    wait = reader.page.get_by_role("button", name=re.compile(r"^Send again in 0:\d\d$"))
    first = int(wait.inner_text()[-2:])
    expect(wait).to_contain_text(f"in 0:{first - 2:02}")
    life = reader.page.get_by_text("The code expires in")
    expect(life).to_contain_text(re.compile(r"expires in 9:5\d"))
