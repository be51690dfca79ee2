"""A reset of two-factor authentication as scenes: request, approval, the person's return."""

import re

from tests.support.let_in import let_in
from tests.support.scenes import refuse, tour
from tests.support.scenes_ehr import enter

TEAM = "/ehr/settings/team"
RESET = re.compile("reset|ŕéšéţ")  # in English and in the pseudo-locale


def reset(walker, town):
    """A reset without a second approver; then sign-in with the link."""
    colleague = town.regular("provider")
    enter(walker, town, town.regular("administrator"))
    walker.page.goto(f"{TEAM}/{town.id_of(colleague)}/reset")
    walker.take("confirm")
    refuse(walker, "confirm-wrong", "Current password", "wrong on purpose", "Continue")
    open_page(walker, town, colleague)
    walker.take("page")
    refuse(walker, "page-wrong", "Reason", "", "Reset")
    ask(walker)
    walker.take("done")
    open_page(walker, town, colleague)
    walker.take("page-again")
    walker.page.context.clear_cookies()
    walker.page.goto("/test-bench")
    link = walker.page.locator("a[href*='/set-up-again/']").first.get_attribute("href")
    walker.sign_in(colleague, "/ehr")
    walker.take("password-alone")
    walker.page.goto(link)
    walker.take("link")
    refuse(walker, "link-wrong", "Password", "wrong on purpose", "Continue")
    walker.type("Password", colleague.password)
    walker.press("Continue")
    walker.take("set-up")
    walker.press("Continue")
    entry = walker.type_key()
    walker.type("Verification Code", entry.code())
    walker.press("Confirm and Activate")
    walker.page.goto("/ehr/settings/security/activity")
    walker.take("activity")
    walker.page.goto(link)
    walker.take("dead-link")


def reset_by_two(walker, town):
    """Requested by one person, approved by another."""
    colleague = town.regular("provider", name="Ilse Brandt")
    town.change_contact(colleague)
    enter(walker, town, town.regular("administrator"))
    open_page(walker, town, colleague)
    walker.take("page")
    ask(walker)
    walker.take("waits")
    walker.page.goto(f"{TEAM}/approvals")
    walker.take("nothing-waits")
    walker.page.context.clear_cookies()
    agent = town.regular("support")
    let_in(walker, town, agent, "/support")
    walker.press("Waiting for approval")
    walker.take("waiting")
    walker.page.locator(".row").filter(has_text=colleague.name).locator("a").last.click()  # others may wait, too
    walker.page.wait_for_url("**/reset/*")
    walker.pass_by()
    walker.take("decide")
    walker.press("Refuse")
    walker.take("refused")
    tour(walker, "/support", {"support-security": "security"})
    town.age(agent, minutes=6)
    tour(walker, "/support/security", {"support-confirm": "backup-codes"})
    walker.page.goto("/test-bench")
    walker.page.goto(
        walker.page.get_by_role("article").filter(has_text=RESET).locator("a[href*='/not-me/']").first.get_attribute("href")
    )
    walker.take("not-me")


def open_page(walker, town, colleague):
    """The page that resets a colleague."""
    walker.page.goto(f"{TEAM}/{town.id_of(colleague)}/reset")
    walker.pass_by()


def ask(walker):
    """Fills in the reason and an identity check, and selects Reset."""
    walker.type("Reason", "Phone lost on Friday, a new one is there.")
    walker.page.get_by_label(walker.say("Saw them in person"), exact=True).check()
    walker.press("Reset")


RESET_SCENES = {scene.__name__: scene for scene in (reset, reset_by_two)}
