"""The support console: its side, and what waits there for a second approver."""

import pytest
from sqlalchemy import delete, update

from portal.models import Authenticator, Event, User

HOME = "/support"
SECURITY = "/support/security"


def test_support_agents_come_in_with_a_code(plain, support):
    plain.enter(support)
    assert (plain.path, plain.heading) == (HOME, "Recovery requests")
    plain.press("Waiting for approval")
    assert (plain.path, plain.heading) == (f"{HOME}/waiting", "Waiting for your approval")
    assert "There's nothing waiting for you." in plain.text


@pytest.mark.parametrize("name", ["maria", "dr_okafor", "admin_lee"])
def test_nobody_else_does(plain, request, database, name):
    plain.enter(request.getfixturevalue(name))
    home = plain.path
    assert plain.open(HOME).path == home
    assert plain.post(f"{HOME}/waiting/reset/1").status_code == 403
    assert (database.all(Event)[-1].event, database.all(Event)[-1].reason) == ("authz_fail", "other_side")


def test_an_agent_without_an_app_sets_one_up_first(browser, support, database):
    database.change(update(User).where(User.username == "support").values(two_factor="off"))
    database.change(delete(Authenticator).where(Authenticator.user_id == database.user(support).id))
    browser.enter(support)
    assert (browser.path, browser.heading) == (SECURITY, "Security")
    browser.press("Set Up Now")
    assert "Text Message" not in browser.text
    browser.press("Continue")
    support.key = browser.page.one("code", id="key").text.replace(" ", "")
    browser.fill("Confirm and Activate", Verification_Code=support.code())
    browser.post(f"{SECURITY}/two-factor/backup-codes/later")
    assert browser.open(HOME).path == HOME


def test_an_agents_own_security_page_offers_no_way_out_of_two_factor(plain, support):
    plain.enter(support)
    plain.press("Account Settings")
    assert (plain.path, plain.heading) == (SECURITY, "Security")
    assert plain.offers("Change Authenticator App") and not plain.offers("Disable")
    assert plain.open(f"{SECURITY}/two-factor/sms/number").status == 403


def test_what_is_not_there_cannot_be_decided(plain, support):
    plain.enter(support)
    assert plain.open(f"{HOME}/waiting/reset/1").status == 404
    plain.open(HOME)
    assert plain.post(f"{HOME}/waiting/reset/1", {"answer": "approve"}).status_code == 404
