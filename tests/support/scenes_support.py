"""The support console's pages as a scene for a test and for `make screenshots`. `walker` can `take(name)` a page."""

from datetime import UTC, datetime, timedelta

from tests.support.cases import begin_case
from tests.support.let_in import let_in
from tests.support.people import Database
from tests.support.scenes import own_pages, refuse, tour

SECURITY = "/support/security"


def support(walker, town):
    """An agent's first sign-in, set-up, and everything the console has while nobody waits."""
    agent = town.newcomer("support")
    walker.sign_in(agent)
    walker.take("locked")
    walker.press("Set Up Now")
    walker.take("choose")
    walker.press("Continue")
    walker.take("scan")
    entry = walker.type_key()
    refuse(walker, "scan-wrong", "Verification Code", "12345", "Confirm and Activate")
    walker.type("Verification Code", entry.code())
    walker.press("Confirm and Activate")
    walker.take("backup-codes")
    codes = walker.backup_codes()
    tour(walker, f"{SECURITY}/two-factor/backup-codes", {"sheet": "sheet"})
    walker.back()
    walker.press("I have saved my backup codes")
    walker.take("prove")
    asked = walker.asked_number()
    walker.type(f"Code {asked}", codes[asked])
    walker.press("Done")
    walker.take("ready")
    tour(walker, "", {"console": "support", "emergency": "support/emergency", "help": "help", "not-found": "no-such-page"})
    own_pages(walker, town, agent, SECURITY)


def find_person(walker, town):
    """A search, a practice's administrator who is to be reset, and the numbers."""
    agent, administrator, patient = town.regular("support"), town.regular("administrator"), town.regular()
    let_in(walker, town, agent, "/support/waiting-times")
    walker.page.goto("/support/people")
    walker.take("search")
    walker.type("Username or email address", administrator.username)
    refuse(walker, "search-wrong", "Full name, mobile phone number, or practice", "Lakeside Clinic", "Find")
    walker.type("Full name, mobile phone number, or practice", administrator.name)
    walker.press("Find")
    walker.take("administrator")
    walker.press("Reset two-factor authentication")
    walker.take("reset")
    walker.type("Reason", "The only administrator lost her phone.")
    walker.page.get_by_label(walker.say("Saw and heard them on a video call"), exact=True).check()
    walker.press("Reset")
    walker.take("waits")
    walker.page.goto("/support/people")
    walker.type("Username or email address", patient.username)
    walker.type("Full name, mobile phone number, or practice", patient.name)
    walker.press("Find")
    walker.take("patient")
    database, now = Database(town.app), datetime.now(UTC)
    times = {"asked_support_at": now - timedelta(hours=50), "opened_at": now - timedelta(hours=51)}
    begin_case(database, patient, "checking", now, **times)
    begin_case(database, patient, "done", now, **times, answered_at=now - timedelta(hours=48), ended_at=now)
    walker.page.goto("/support/waiting-times")
    walker.take("numbers")


SUPPORT_SCENES = {scene.__name__: scene for scene in (support, find_person)}
