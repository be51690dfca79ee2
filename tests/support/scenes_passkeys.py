"""Passkeys as scenes, for a portal that has them switched on, at a name: browsers refuse an IP address as a passkey's site."""

from tests.support.let_in import let_in
from tests.support.passkeys import Devices
from tests.support.scenes import tour

SECURITY, EHR_SECURITY = "/account/security", "/ehr/settings/security"
CREATE, USE = "Create a passkey", "Use your passkey"


def passkey_alone(walker, town):
    """Somebody who has nothing but a passkey: set-up, sign-in, the ways round it, and a device that is lost and found."""
    person, devices = town.newcomer(), Devices(walker.page)
    device = devices.add()
    walker.sign_in(person)
    walker.page.goto(f"{SECURITY}/two-factor")
    walker.page.get_by_label(walker.say("Passkey")).check()
    walker.take("choose")
    walker.press("Continue")
    fail(walker, devices, device, CREATE)
    walker.take("create-canceled")
    walker.press(CREATE)
    walker.take("backup-codes")
    codes = walker.backup_codes()
    tour(walker, f"{SECURITY}/two-factor/backup-codes", {"sheet": "sheet"})
    walker.back()
    save(walker, codes)
    walker.page.goto(SECURITY)
    walker.take("security")
    walker.press("Rename Passkey")
    walker.take("rename")
    walker.back()
    town.age(person, minutes=6)
    walker.page.goto(f"{SECURITY}/disable")
    walker.take("disable")
    walker.page.goto("/account/password")
    walker.take("confirm")
    walker.press("Use a backup code")
    walker.take("confirm-backup-code")
    walker.sign_out(person)
    walker.sign_in(person)
    fail(walker, devices, device, USE)
    walker.take("sign-in-canceled")
    lose(walker, town, person, codes)


def fail(walker, devices, device, button):
    """Presses a button whose ceremony comes to nothing."""
    with devices.not_verified(device):
        walker.page.get_by_role("button", name=walker.say(button)).click()
        walker.page.get_by_role("alert").first.wait_for()


def save(walker, codes):
    """Proves that the codes are saved."""
    walker.press("I have saved my backup codes")
    asked = walker.asked_number()
    walker.type(f"Code {asked}", codes[asked])
    walker.press("Done")
    walker.take("set-up-done")


def lose(walker, town, person, codes):
    """The device is reported as lost at the question for it, and found."""
    walker.press("Can't use your passkey?")
    walker.take("other-ways")
    walker.press("I lost a device")
    walker.take("report")
    walker.press("Stop all of them")
    walker.take("on-hold")
    link = f"/phone-found/{town.token(person, 'phone_lost')}"
    walker.page.goto("/sign-in/code")
    walker.take("sign-in-on-hold")
    walker.press("Use a backup code")
    walker.take("backup-code")
    walker.type("Backup code", codes[1])
    walker.press("Verify")
    walker.page.goto(SECURITY)
    walker.take("security-on-hold")
    walker.press("Use again: Passkey")
    walker.take("found")
    walker.page.goto(link)
    walker.take("found-by-link")
    walker.type("Password", person.password)
    walker.press("Use it again")
    walker.take("works-again")


def passkey_and_app(walker, town):
    """Somebody who has an app and adds a passkey, which is removed again."""
    person, devices = town.regular(), Devices(walker.page)
    devices.add(synced=True)
    let_in(walker, town, person, SECURITY)
    walker.press("Add another way")
    walker.page.get_by_label(walker.say("Passkey")).check()
    walker.press("Continue")
    walker.press(CREATE)
    walker.take("added")
    walker.page.goto(SECURITY)
    walker.press("Remove Passkey")
    walker.take("remove")
    walker.sign_out(person)
    walker.sign_in(person)
    walker.take("sign-in")
    walker.press("Use a verification code")
    walker.take("sign-in-code")
    walker.press("Can't access your code?")
    walker.take("other-ways")
    walker.press("I lost a device")
    walker.take("report")


def ehr_passkeys(walker, town):
    """A practice administrator offers passkeys; a provider sets one up, and keeps it when they are not offered anymore."""
    let_in(walker, town, town.regular("administrator"), "/ehr/settings/team")
    walker.take("team")
    walker.press("Verification methods")
    walker.take("methods")
    if walker.page.get_by_role("button", name=walker.say("Offer it")).count():
        walker.press("Offer it")
    walker.take("methods-offered")
    walker.window.context.clear_cookies()
    provider, devices = town.newcomer("provider"), Devices(walker.page)
    devices.add()
    walker.sign_in(provider, "/ehr")
    walker.press("Set Up Now")
    walker.page.get_by_label(walker.say("Passkey")).check()
    walker.take("choose")
    walker.press("Continue")
    walker.take("create")
    walker.press(CREATE)
    walker.take("backup-codes")
    walker.press("Print the sealed copy")
    walker.take("sealed-copy")
    walker.window.context.clear_cookies()
    walker.sign_in(provider, "/ehr")
    walker.take("sign-in")
    walker.press("Can't use your passkey?")
    walker.take("other-ways")
    withdraw(walker, town, provider)


def withdraw(walker, town, provider):
    """The practice stops offering them, and the provider's page says that theirs is kept."""
    walker.window.context.clear_cookies()
    let_in(walker, town, town.regular("administrator"), "/ehr/settings/team/methods")
    walker.press("Stop offering it")
    walker.take("methods-withdrawn")
    walker.window.context.clear_cookies()
    walker.sign_in(provider, "/ehr")
    walker.press(USE)
    walker.page.goto(EHR_SECURITY)
    walker.take("security-kept")
    town.age(provider, minutes=6)
    walker.page.goto("/ehr/settings/profile/password")
    walker.take("confirm")
    walker.type("Current password", provider.password)
    walker.press(USE)
    walker.take("confirmed")


PASSKEY_SCENES = {scene.__name__: scene for scene in (passkey_alone, passkey_and_app, ehr_passkeys)}
