"""Passkeys in Chromium, whose virtual authenticators stand for a device and for a passkey manager."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from portal.db import db
from portal.flows.operator.demo import PASSWORD
from portal.models import Practice
from tests.support.application import application
from tests.support.browser import PHONE
from tests.support.passkeys import Devices
from tests.support.reader import Reader
from tests.support.server import running_server

CREATE, USE = "Create a passkey", "Use your passkey"


@pytest.fixture(scope="module")
def portal(sites):
    """Where browsers take a passkey: they refuse an IP address."""
    site = sites.seeded()
    with application(site) as app, app.app_context():
        db.session.execute(update(Practice).values(added_methods="passkey"))
        db.session.commit()
    with running_server(site, PORTAL_PASSKEYS="1") as server:
        yield server.url.replace("127.0.0.1", "localhost")
    sites.remove(site)


def sign_in(page, name):
    page.goto("/sign-in")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1).filter(has_not_text="Sign in").wait_for()


def ask(page, button):
    """Presses it, and waits until the browser has what it asks the device."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name=button).click()


def refusal(page, words):
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()


def test_one_is_set_up_signs_in_and_gets_company(portal, browsers):
    reader = Reader(browsers.open(portal, size=PHONE))
    page, devices = reader.page, Devices(reader.page)
    phone = devices.add()
    sign_in(page, "maria")
    page.goto("/account/security")
    reader.press("Enable")
    expect(page.get_by_label("Authenticator App")).to_be_checked()
    page.get_by_label("Passkey").check()
    reader.press("Continue")
    with devices.untouched(phone):
        ask(page, CREATE)
        reader.press("Cancel")
    reader.press("Enable")
    page.get_by_label("Passkey").check()
    reader.press("Continue")
    with devices.not_verified(phone):
        page.get_by_role("button", name=CREATE).click()
        refusal(page, "No passkey was made.")
    page.get_by_role("button", name=CREATE).click()
    page.get_by_role("heading", name="Save your backup codes").wait_for()
    assert [
        each for each in reader.window.requests if "passkey.js" in each.url and "/two-factor" not in each.headers["referer"]
    ] == []

    page.context.clear_cookies()
    sign_in(page, "maria")
    with devices.untouched(phone):
        ask(page, USE)
        reader.press("Use a backup code")
    page.go_back()
    with devices.not_verified(phone):
        page.get_by_role("button", name=USE).click()
        refusal(page, "Nothing was confirmed.")
    page.get_by_role("button", name=USE).click()
    page.wait_for_url("**/home")

    page.goto("/account/security")
    expect(page.get_by_text("It exists on one device only.")).to_be_visible()
    reader.press("Add another way")
    page.get_by_label("Passkey").check()
    reader.press("Continue")
    page.get_by_role("button", name=CREATE).click()
    refusal(page, "already has a passkey for your account")
    devices.remove(phone)
    devices.add(synced=True)
    page.get_by_role("button", name=CREATE).click()
    page.get_by_text("Your next sign-in asks for your passkey.").wait_for()
    page.goto("/account/security")
    expect(page.get_by_text("can sync it to your other devices")).to_be_visible()

    reader.press("Rename Passkey 2")
    page.get_by_label("Name").fill("My manager")
    reader.press("Save")
    reader.press("Remove Passkey")
    expect(page.get_by_text("Your answer counts for this step alone")).to_be_visible()
    reader.type("Current password", PASSWORD)
    with reader.leaving():
        page.get_by_role("button", name=USE).click()
    reader.press("Remove")
    expect(page.get_by_text("It exists on one device only.")).to_have_count(0)
    page.context.clear_cookies()
    sign_in(page, "maria")
    page.get_by_role("button", name=USE).click()
    page.wait_for_url("**/home")


def test_at_the_door_of_the_ehr(portal, browsers):
    reader = Reader(browsers.open(portal))
    page, devices = reader.page, Devices(reader.page)
    computer = devices.add()
    sign_in(page, "dr.chen")
    reader.press("Set Up Now")
    expect(page.get_by_label("Authenticator App")).to_be_checked()
    page.get_by_label("Passkey").check()
    reader.press("Continue")
    with devices.not_verified(computer):
        page.get_by_role("button", name=CREATE).click()
        refusal(page, "No passkey was made.")
    reader.press(CREATE)
    expect(page.get_by_role("heading", name="Save your backup codes")).to_be_visible()
    page.goto("/ehr/charts")
    expect(page).to_have_url(f"{portal}/ehr/charts")

    page.context.clear_cookies()
    sign_in(page, "dr.chen")
    with devices.untouched(computer):
        ask(page, USE)
        reader.press("Use a backup code")
    page.go_back()
    with devices.not_verified(computer):
        page.get_by_role("button", name=USE).click()
        refusal(page, "Nothing was confirmed.")
    expect(page.get_by_label("on this browser")).to_have_count(0)
    reader.press(USE)
    expect(page).to_have_url(f"{portal}/ehr/charts")

    page.goto("/ehr/settings/security")
    reader.press("Add another way")
    devices.remove(computer)
    devices.add(synced=True)
    page.get_by_label("Passkey").check()
    reader.press("Continue")
    reader.press(CREATE)
    reader.press("Rename Passkey 2")
    page.get_by_label("Name").fill("My manager")
    reader.press("Save")
    reader.press("Remove Passkey")
    reader.type("Current password", PASSWORD)
    with reader.leaving():
        page.get_by_role("button", name=USE).click()
    reader.press("Remove")
    expect(page.get_by_text("It exists on one device only.")).to_have_count(0)
    page.context.clear_cookies()
    sign_in(page, "dr.chen")
    reader.press(USE)
    expect(page).to_have_url(f"{portal}/ehr/charts")


def test_a_browser_that_cannot_use_one_offers_none_and_leads_elsewhere(portal, browsers):
    others = (browsers.open(portal.replace("localhost", "127.0.0.1")), browsers.open(portal, script=False))
    page = others[0].page  # without JavaScript the card stays as it comes, which is hidden
    sign_in(page, "jun")
    page.goto("/account/security/two-factor")
    expect(page.get_by_label("Text Message (SMS)")).to_be_visible()
    expect(page.get_by_label("Passkey")).to_be_hidden()
    maker = browsers.open(portal)
    Devices(maker.page).add()
    sign_in(maker.page, "jun")
    maker.page.goto("/account/security/two-factor")
    maker.page.get_by_label("Passkey").check()
    maker.page.get_by_role("button", name="Continue").click()
    maker.page.get_by_role("button", name=CREATE).click()
    maker.page.get_by_role("heading", name="Save your backup codes").wait_for()
    for other in others:
        other.context.clear_cookies()
        sign_in(other.page, "jun")
        notices = other.page.locator(".notice").filter(has_text="Passkeys don't work in this browser", visible=True)
        expect(notices).to_have_count(1)
        other.page.get_by_role("link", name="Use a backup code").click()
        expect(other.page.get_by_label("Backup code")).to_be_visible()
