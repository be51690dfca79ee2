"""A page that waits for a yes sees it by itself; a chart that was opened is left when the hour is over."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect
from sqlalchemy import select, update

from portal.db import db
from portal.flows.operator import demo
from portal.models import EmergencyGrant, User
from tests.support.browser import PHONE, wait_to_arrive
from tests.support.reader import Reader


def approve(town, **length):
    """Says yes on behalf of support, to access that has so much left."""
    now = datetime.now(UTC)
    by = select(User.id).where(User.username == "support").scalar_subquery()
    with town.app.app_context():
        db.session.execute(update(EmergencyGrant).values(approved_at=now, ends_at=now + timedelta(**length), decided_by_id=by))
        db.session.commit()


def assert_one_line(banner, page):
    """The banner has the height of its button, beside what stands above it, on a phone and on a desktop."""
    desktop = page.viewport_size
    for size in ({"width": PHONE[0], "height": PHONE[1]}, desktop):
        page.set_viewport_size(size)
        box, above = banner.bounding_box(), page.locator(".side").bounding_box()
        assert box["height"] <= 60
        assert box["y"] >= above["y"] + above["height"] or box["x"] >= above["x"] + above["width"]


def test_the_yes_comes_by_itself_and_the_chart_goes_by_itself(town, browsers):
    reader = Reader(browsers.open(town.url))
    reader.page.goto("/ehr")
    reader.type("Username", "dr.okafor")
    reader.type("Password", demo.PASSWORD)
    reader.press("Sign in")
    reader.press("Can't access your code?")
    reader.press("Ask for emergency access")
    reader.type("Reason", "My phone fell into the sink.")
    reader.press("Ask for emergency access")
    expect(reader.page.locator("#news")).to_contain_text("Once they or our support team approve it")
    before = reader.page.locator("#news .countdown b, #news .hint b").last.inner_text()
    expect(reader.page.locator("#news .countdown b, #news .hint b").last).not_to_have_text(before)
    approve(town, seconds=9)
    expect(reader.page.get_by_role("button", name="Open charts")).to_be_visible()
    reader.press("Open charts")
    reader.press("Maria Reyes")
    banner = reader.page.get_by_role("region", name="Emergency access")
    assert_one_line(banner, reader.page)
    expect(banner.locator("b")).to_have_text("0:01")
    wait_to_arrive(reader.page, "/sign-in")
    assert reader.sees("Your emergency access has ended")
    assert reader.page.locator("html").get_attribute("data-brand") == "ehr"
    assert "Maria Reyes" not in reader.page.content()
