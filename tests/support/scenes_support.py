"""The support console's pages as a scene for a test and for `make screenshots`. `walker` can `take(name)` a page."""

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
    entry = walker.scan()[1]
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


SUPPORT_SCENES = {support.__name__: support}
