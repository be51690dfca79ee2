"""A patient's pages beyond the first setup, as scenes for a test and for `make screenshots`.

`walker` is a Reader that can `take(name)` a page; each scene creates its own patient.
"""

import re

from tests.support.let_in import let_in


def refuse(walker, name, label, text, button):
    """Submits refused input."""
    walker.type(label, text)
    walker.press(button)
    walker.take(name)


def tour(walker, root, places):
    """Takes the pages that lie below an address: name -> path."""
    for name, place in places.items():
        walker.page.goto(f"{root}/{place}".rstrip("/"))
        walker.take(name)


def send_too_early(walker):
    """Sends the form of **Send again** although its button waits, as a browser without JavaScript can."""
    with walker.leaving():
        walker.page.locator("main form:has([data-held])").first.evaluate("form => form.submit()")


def texts(walker, town):
    """Setup of codes by text message and a sign-in with them, with every refusal on the way."""
    patient = town.newcomer()
    last = int(re.search(r"\d+", patient.username)[0]) % 100 + 100
    walker.sign_in(patient)
    walker.take("home-invitation")
    walker.page.goto("/account/security")
    walker.press("Enable")
    walker.page.get_by_label(walker.say("Text Message (SMS)")).check()
    walker.take("choose-text")
    walker.press("Continue")
    walker.take("number")
    refuse(walker, "number-wrong", "Mobile phone number", "503 FLOWERS", "Send Code")
    walker.type("Mobile phone number", f"(608) 555-0{last}")
    walker.press("Send Code")
    walker.take("code")
    refuse(walker, "code-wrong", "Verification Code", "12345", "Verify and Enable")
    send_too_early(walker)
    walker.take("code-too-early")
    town.fail_texts(patient)
    walker.page.goto("/account/security/two-factor/sms/code")
    walker.take("code-failed")
    walker.type("Verification Code", town.text_code(patient))
    walker.press("Verify and Enable")
    walker.press("I have saved my backup codes")
    walker.press("Do this later")
    walker.take("security-text")
    walker.sign_out(patient)
    walker.sign_in(patient)
    walker.take("sign-in")
    refuse(walker, "sign-in-wrong", "Verification Code", "12345", "Verify")
    send_too_early(walker)
    walker.take("sign-in-too-early")
    town.fail_texts(patient)
    walker.page.goto("/sign-in/code")
    walker.take("sign-in-failed")
    town.expire_texts(patient)
    walker.page.goto("/sign-in/code")
    walker.take("sign-in-expired")


def changes(walker, town):
    """A second authenticator: named, changed, removed, with re-authentication."""
    patient = town.texter()
    let_in(walker, town, patient, "/account/security")
    walker.press("Add another way to get codes")
    walker.take("add")
    walker.page.get_by_label(walker.say("Authenticator App")).check()
    walker.press("Continue")
    entry = walker.type_key()
    walker.take("add-scan")
    walker.type("Verification Code", entry.code())
    walker.press("Verify and Enable")
    walker.take("security-two-ways")
    walker.press("Rename Text message")
    walker.take("rename")
    refuse(walker, "rename-wrong", "Name", "", "Save")
    walker.page.goto("/account/security")
    walker.press("Update Phone")
    walker.take("update-phone")
    walker.press("Continue")
    walker.take("update-number")
    walker.press("Cancel")
    walker.press("Remove Authenticator App")
    walker.take("remove")
    town.age(patient, minutes=6)
    walker.page.goto("/account/security")
    walker.press("Update Phone")
    walker.take("confirm")
    walker.press("Text me a code")
    walker.take("confirm-sent")
    send_too_early(walker)
    walker.take("confirm-too-early")
    walker.sign_out(patient)
    walker.sign_in(patient)
    walker.take("sign-in-two-ways")
    walker.press("Text me a code")
    walker.take("sign-in-text-sent")


def turning_off(walker, town):
    """Disable, its refusals, and the longer password it requires first."""
    patient = town.shorten(town.regular())
    let_in(walker, town, patient, "/account/security")
    walker.press("Disable")
    walker.take("disable")
    refuse(walker, "disable-wrong", "Current password", "wrong on purpose", "Disable")
    walker.type("Current password", patient.password)
    walker.press("Disable")
    walker.take("longer-password")
    refuse(walker, "longer-password-wrong", "New password", "too short", "Disable")
    walker.type("New password", "seven calm herons wait")
    walker.press("Disable")
    walker.take("security-off")


def presence(walker, town):
    """Sessions, trusted browsers, Recent activity: full lists, and how to end each entry."""
    patient = town.regular()
    walker.sign_in(patient)
    walker.type("Verification Code", patient.phone.code())
    walker.page.get_by_label(walker.say("Don't ask for a code on this browser for 30 days")).check()
    walker.take("trust-this-browser")
    walker.press("Verify")
    town.crowd(patient)
    walker.page.goto("/account/security")
    walker.page.get_by_text(walker.say("and 2 more")).first.click()
    walker.take("security-full")
    ends = walker.page.locator("main form[action*='/account/security/'][action$='1'], main form[action*='sessions/']")
    session = ends.filter(has_text=walker.say("End")).last.get_attribute("action")
    trusted = walker.page.locator("main form[action*='trusted-browsers/']").first.get_attribute("action")
    for name, address in {"end-session": session, "end-trusted": trusted}.items():
        walker.page.goto(address)
        walker.take(name)
    places = {"end-all-sessions": "sessions", "end-all-trusted": "trusted-browsers", "activity": "activity"}
    tour(walker, "/account/security", {**places, "activity-empty": "activity?page=9"})
    walker.page.goto("/account/security/sessions")
    walker.press("End all")
    walker.take("security-ended")
    walker.sign_out(patient)
    walker.sign_in(patient)
    walker.page.goto("/account/security")
    walker.take("confirm-trusted")


def profile(walker, town):
    """All profile forms."""
    patient = town.newcomer()
    other, second = f"{patient.username}@post.example", f"second-{patient.username}@post.example"
    let_in(walker, town, patient, "/account")
    profile_pages(walker, "/account", has_choice=town.has_choice, refused=True)
    for page, address in (("email", other), ("addresses", second)):
        walker.page.goto(f"/account/{page}")
        walker.type("Email address", address)
        walker.press("Send link")
    walker.take("profile-waiting")
    walker.press(f"Remove {second[0]}•••@post.example")
    walker.take("remove-address")
    walker.page.goto(f"/confirm-address/{town.token(patient, 'confirm_email')}")
    walker.take("confirm-address")
    walker.press("Confirm")
    walker.take("profile-confirmed")
    walker.page.goto("/confirm-address/none")
    walker.take("dead-link")
    walker.sign_out(patient)
    walker.page.goto("/confirm-address/none")
    walker.take("link-sign-in")


def profile_pages(walker, address, *, has_choice, refused):
    """The Profile page of a side and each of its forms, `refused` too; `has_choice`: of languages."""
    tour(walker, address, {"profile": "", "time-zone": "time-zone", **({"language": "language"} if has_choice else {})})
    for button, name, label, wrong, save in (
        ("Change name", "name", "Name", "", "Save"),
        ("Change email address", "email", "Email address", "nobody", "Send link"),
        ("Add phone number", "phone", "Mobile phone number", "911", "Save"),
        ("Add a backup email address", "backup-address", "Email address", "nobody", "Send link"),
        ("Change password", "password", "New password", "short", "Change password"),
    ):
        walker.page.goto(address)
        walker.press(button)
        walker.take(name)
        if refused:
            refuse(walker, f"{name}-wrong", label, wrong, save)


def own_pages(walker, town, person, security):
    """What staff find behind Security, on every side: their one app, a second one, backup codes, sessions; the app last, blocked."""
    town.crowd(person, 1)
    walker.page.goto(security)
    session = walker.page.locator("main form[action*='/sessions/']").first.get_attribute("action")
    walker.press("Rename Authenticator App")
    walker.take("rename")
    walker.page.goto(walker.page.url.replace("/name", "/remove"))
    walker.take("last-way")
    places = {"regenerate": "backup-codes", "activity": "activity", "end-all": "sessions", "add": "two-factor?add=1"}
    tour(walker, security, {"end-session": session.removeprefix(f"{security}/"), **places})
    town.stop_app(person)
    walker.page.goto(security)
    walker.press("Unblock Authenticator App")
    walker.take("unblock")


def forgotten(walker, town):
    """A forgotten password, from the sign-in page and back."""
    patient = town.newcomer()
    walker.page.goto("/sign-in")
    walker.press("Forgot password?")
    walker.take("forgot")
    refuse(walker, "forgot-wrong", "Username or email address", "", "Send link")
    walker.type("Username or email address", patient.username)
    walker.press("Send link")
    walker.take("sent")
    link = f"/new-password/{town.token(patient, 'password_forgotten')}"
    walker.page.goto(link)
    walker.take("new-password")
    refuse(walker, "new-password-wrong", "New password", "short", "Change password")
    walker.type("New password", "seven calm herons wait")
    walker.press("Change password")
    walker.take("sign-in-changed")
    walker.page.goto(link)
    walker.take("used-link")


def not_me(walker, town):
    """ "This wasn't me", for an unknown sign-in and for a change."""
    patient = town.newcomer()
    walker.sign_in(patient)
    walker.page.goto("/account/name")
    walker.type("Name", "Nora Ann Lindqvist")
    walker.press("Save")
    change = f"/not-me/{town.token(patient, 'name_changed')}"
    walker.page.goto(change)
    walker.take("of-a-change")
    walker.window.context.clear_cookies()
    walker.page.goto(change)
    walker.take("sign-in-first")
    walker.sign_in(town.newcomer())
    walker.page.goto(change)
    walker.take("somebody-else")
    walker.page.goto(f"/not-me/{town.token(patient, 'new_browser')}")
    walker.take("of-a-sign-in")
    walker.press("End sessions and trusted browsers")
    walker.take("done")
    walker.back()
    walker.page.reload()
    walker.take("used")


def lost_phone(walker, town):
    """A phone reported as lost, and taken back: by the link, and on the Security page."""
    patient = town.regular()
    walker.sign_in(patient)
    walker.page.goto("/sign-in/lost-phone")
    walker.take("report")
    walker.press("Stop my phone's codes")
    walker.take("on-hold")
    link = f"/phone-found/{town.token(patient, 'phone_lost')}"
    walker.page.goto("/sign-in/code")
    walker.take("code")
    walker.page.goto("/sign-in/backup-code")
    walker.type("Backup code", patient.codes[1])
    walker.press("Verify")
    walker.page.goto("/account/security")
    walker.take("security")
    walker.press("Use again: Authenticator App")
    walker.take("use-again")
    walker.page.goto(link)
    walker.take("link")
    refuse(walker, "link-wrong", "Password", "wrong on purpose", "Use my phone again")
    walker.type("Password", patient.password)
    walker.press("Use my phone again")
    walker.take("works-again")
    walker.page.goto(link)
    walker.take("dead-link")


SCENES = {scene.__name__: scene for scene in (texts, changes, turning_off, presence, profile, forgotten, not_me, lost_phone)}
