"""The EHR's pages as scenes for a test and for `make screenshots`. `walker` can `take(name)` a page."""

from tests.support.let_in import let_in
from tests.support.scenes import own_pages, profile_pages, refuse, tour

SECURITY = "/ehr/settings/security"
GIVEN = "I have given the sealed copy to my practice administrator"


def ehr_locked(walker, town):
    """From the EHR's sign-in through setup to the charts."""
    walker.page.goto("/ehr")
    walker.take("sign-in")
    walker.sign_in(town.newcomer("provider"), "/ehr")
    walker.take("locked")
    walker.press("Settings")
    walker.take("settings-locked")
    walker.press("Account Security")
    walker.press("Set Up Now")
    walker.take("choose")
    walker.press("Continue")
    walker.take("scan")
    entry = walker.type_key()
    refuse(walker, "scan-wrong", "Verification Code", "12345", "Confirm and Activate")
    walker.type("Verification Code", entry.code())
    walker.press("Confirm and Activate")
    walker.take("backup-codes")
    save_codes(walker)
    walker.take("charts")


def save_codes(walker):
    """The sealed copy, then the proof that the codes are saved."""
    codes = walker.backup_codes()
    walker.press("Print the sealed copy")
    walker.take("sealed-copy")
    if hasattr(walker, "print"):
        walker.print("sealed-copy")
    walker.press("Back to your codes")
    tour(walker, f"{SECURITY}/two-factor/backup-codes", {"sheet": "sheet"})
    walker.back()
    walker.press("I have saved my backup codes")
    walker.take("prove")
    asked = walker.asked_number()
    walker.type(f"Code {asked}", codes[asked])
    walker.press("Done")


def ehr_charts(walker, town):
    """Charts, a refused note, a saved note, and a missing chart."""
    enter(walker, town, town.regular("provider"))
    walker.press("Rosa Alvarez")
    refuse(walker, "chart-wrong", "Note", " ", "Add note")
    walker.type("Note", "Foot check done, no findings.\nNext look in three months.")
    walker.press("Add note")
    walker.take("chart")
    for name, address in {"not-found": "/ehr/charts/999", "help": "/help"}.items():
        walker.page.goto(address)
        walker.take(name)


def ehr_settings(walker, town):
    """An administrator's settings, Account Security, and the pages behind it."""
    administrator = town.regular("administrator")
    enter(walker, town, administrator)
    tour(walker, "/ehr", {"settings": "settings", "team": "settings/team", "security": "settings/security"})
    walker.page.get_by_label(walker.say(GIVEN)).check()
    walker.press("Save")
    walker.take("copy-given")
    own_pages(walker, town, administrator, SECURITY)


def ehr_profile(walker, town):
    """A provider's profile forms, and a confirmed address."""
    provider = town.regular("provider")
    enter(walker, town, provider)
    profile_pages(walker, "/ehr/settings/profile", has_choice=town.has_choice, refused=False)
    walker.page.goto("/ehr/settings/profile/addresses")
    walker.type("Email address", f"second-{provider.username}@post.example")
    walker.press("Send link")
    walker.page.goto(f"/confirm-address/{town.token(provider, 'confirm_email')}")
    walker.take("confirm-address")
    walker.press("Confirm")
    walker.take("profile-confirmed")
    walker.press("Remove s•••@post.example")
    walker.take("remove-address")


def ehr_team(walker, town):
    """Security Status for a practice administrator, a refused deadline, and a refused period of an auditor's folder."""
    town.forget_reminders()
    enter(walker, town, town.regular("administrator"))
    walker.page.goto("/ehr/settings/team/security")
    walker.take("status")
    walker.press("Send a reminder", about="Dr. Lian Chen")
    walker.take("reminded")
    walker.page.get_by_label(walker.say("Two-factor authentication"), exact=True).select_option(walker.say("Reset"))
    walker.press("Show")
    walker.take("nobody")
    walker.page.goto("/ehr/settings/team/deadline")
    refuse(walker, "deadline-wrong", "Extra days", "99", "Save")
    walker.page.goto("/ehr/settings/team/auditor")
    walker.take("auditor")
    refuse(walker, "auditor-wrong", "First day", "2020-01-01", "Download")


def ehr_without_code(walker, town):
    """A sign-in without a code, and a change that needs re-authentication."""
    provider = town.regular("provider")
    walker.sign_in(provider, "/ehr")
    walker.take("code")
    walker.press("Can't access your code?")
    walker.take("no-code")
    walker.press("Back to the code")
    walker.type("Verification Code", provider.codes[1])
    walker.press("Verify")
    walker.take("charts-reminder")
    town.age(provider, minutes=6)
    walker.page.goto(f"{SECURITY}/backup-codes")
    walker.take("confirm")


def enter(walker, town, provider):
    """Lets a person of the EHR in."""
    let_in(walker, town, provider, "/ehr/charts")


EHR_SCENES = {scene.__name__: scene for scene in (ehr_locked, ehr_charts, ehr_settings, ehr_profile, ehr_team, ehr_without_code)}
