"""The EHR's part of `make screenshots`: a provider from the locked door to an open chart, and what an administrator sees."""

from tests.support import phone

SECURITY = "/ehr/settings/security"


def walk(camera):
    """Takes every page of the EHR in the order in which a provider meets it."""
    camera.page.goto("/ehr")
    camera.take("ehr-sign-in")
    camera.sign_in("dr.chen")
    camera.take("ehr-locked")
    camera.press("Settings", "link")
    camera.take("ehr-settings-locked")
    camera.press("Account Security", "link")
    set_up(camera)
    camera.take("ehr-charts")
    camera.press("Rosa Alvarez", "link")
    camera.press("Add note")
    camera.take("ehr-chart-wrong")
    camera.type("Note", "Foot check done, no findings.\nNext look in three months.")
    camera.press("Add note")
    camera.take("ehr-chart")
    look_around(camera)
    camera.page.context.clear_cookies()
    administrate(camera)


def set_up(camera):
    """From Set Up Now to the charts, with the sealed sheet on the way."""
    camera.press("Set Up Now", "link")
    camera.take("ehr-choose")
    camera.press("Continue")
    camera.take("ehr-scan")
    entry = phone.scan(camera.page, ".qr svg")
    camera.type("Verification Code", entry.code())
    camera.press("Confirm and Activate")
    camera.take("ehr-backup-codes")
    codes = camera.page.locator("ol.codes code").all_inner_texts()
    camera.press("Print the sealed copy", "link")
    camera.take("ehr-sealed-copy")
    camera.print("sealed-copy")
    camera.press("Back to your codes", "link")
    camera.press("I have saved my backup codes")
    camera.take("ehr-prove")
    field = camera.page.locator("main input.code")
    number = int("".join(letter for letter in camera.page.locator("main label").first.inner_text() if letter.isdigit()))
    field.fill(codes[number - 1])
    camera.press("Done")


def look_around(camera):
    """The pages that have no place in the story."""
    camera.page.goto("/ehr/settings")
    camera.take("ehr-settings")
    camera.page.goto(SECURITY)
    camera.take("ehr-security")
    camera.page.get_by_label("I have given the sealed copy to my practice administrator").check()
    camera.press("Save")
    camera.take("ehr-copy-given")
    places = {"regenerate": "backup-codes", "confirm": "confirm?next=/ehr/charts", "activity": "activity", "end-all": "sessions"}
    for name, place in places.items():
        camera.page.goto(f"{SECURITY}/{place}")
        camera.take(f"ehr-{name}")
    for name, place in {"article": "/help/ehr", "not-found": "/ehr/charts/999"}.items():
        camera.page.goto(place)
        camera.take(f"ehr-{name}")


def administrate(camera):
    """What a practice administrator sees of the team."""
    camera.page.goto("/ehr")
    camera.sign_in("admin.lee")
    camera.type("Verification Code", code_of(camera, "admin.lee"))
    camera.press("Verify")
    camera.page.goto("/ehr/settings/team")
    camera.take("team")
    camera.press("Security Status", "link")
    camera.take("team-status")
    camera.press("Send a reminder")
    camera.take("team-reminded")
    camera.page.get_by_label("Two-factor authentication", exact=True).select_option("Reset")
    camera.press("Show")
    camera.take("team-nobody")
    camera.page.goto("/ehr/settings/team/deadline")
    camera.type("Days of grace", "99")
    camera.press("Save")
    camera.take("team-deadline-wrong")


def code_of(camera, entry):
    """Returns the live code of an entry on the test bench's phones."""
    bench = camera.page.context.new_page()
    bench.goto("/test-bench")
    code = bench.locator(".entry", has_text=entry).locator(".live").inner_text()
    bench.close()
    return code
