"""The EHR's part of `make screenshots`: a provider from the locked door to an open chart, and what an administrator sees."""

SECURITY = "/ehr/settings/security"


def walk(camera, town):
    """Takes every page of the EHR in the order in which a provider meets it."""
    camera.page.goto("/ehr")
    camera.take("ehr-sign-in")
    camera.enter("dr.chen")
    camera.take("ehr-locked")
    camera.press("Settings")
    camera.take("ehr-settings-locked")
    camera.press("Account Security")
    set_up(camera)
    camera.take("ehr-charts")
    camera.press("Rosa Alvarez")
    camera.press("Add note")
    camera.take("ehr-chart-wrong")
    camera.type("Note", "Foot check done, no findings.\nNext look in three months.")
    camera.press("Add note")
    camera.take("ehr-chart")
    look_around(camera)


def set_up(camera):
    """From Set Up Now to the charts, with the sealed sheet on the way."""
    camera.press("Set Up Now")
    camera.take("ehr-choose")
    camera.press("Continue")
    camera.take("ehr-scan")
    entry = camera.scan()[1]
    camera.type("Verification Code", entry.code())
    camera.press("Confirm and Activate")
    camera.take("ehr-backup-codes")
    codes = camera.page.locator("ol.codes code").all_inner_texts()
    camera.press("Print the sealed copy")
    camera.take("ehr-sealed-copy")
    camera.print("sealed-copy")
    camera.press("Back to your codes")
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
