"""What a page says was just done is so: no link, late reload or other session makes it say what is not."""

import pytest

SECURITY = "/account/security"
OFF = "Two-factor authentication is off."
NAMED = "Your name has been saved."


def rename(browser, name="Maria Luz Reyes"):
    """Changes the name; returns the address that says so."""
    browser.open("/account/name")
    browser.fill("Save", Name=name)
    assert browser.notices == [NAMED]
    return f"{browser.path}?{browser.query}"


FORGED = [
    *(f"{SECURITY}?{mark}" for mark in ("off=1", "on=1", "saved=1", "changed=1", "ended=sessions", "done=off", "done=changed")),
    *(f"/account?done={mark}" for mark in ("password", "name", f"password.1803902400.{'0' * 64}", "name.x.y", "name..", "%00")),
]


@pytest.mark.parametrize("address", FORGED)
def test_a_link_makes_no_page_claim_anything(plain, sam, address):
    plain.enter(sam).open(address)
    assert (plain.status, plain.notices) == (200, [])


def test_a_reload_within_the_minute_says_it_and_a_later_one_does_not(browser, clock, maria):
    address = rename(browser.enter(maria))
    clock.move(seconds=60)
    assert browser.open(address).notices == [NAMED]
    clock.move(seconds=1)
    assert browser.open(address).notices == []


def test_the_address_says_nothing_to_another_session(plain, maria, jun):
    address = rename(plain.enter(maria))
    for person in (maria, jun):
        assert plain.another().enter(person).open(address).notices == []


def test_a_mark_cannot_be_made_to_say_another_thing(plain, maria):
    address = rename(plain.enter(maria))
    for other in ("password", "phone", "address_removed"):
        assert plain.open(address.replace("done=name.", f"done={other}.")).notices == []


def test_is_off_is_not_said_above_on(browser, maria):
    browser.enter(maria).set_up(maria)
    browser.open(f"{SECURITY}/disable")
    browser.fill("Disable", Current_password=maria.password)
    assert browser.notices == [OFF]
    address = f"{browser.path}?{browser.query}"
    browser.set_up(maria)
    assert browser.open(address).notices.count(OFF) == 0 and "Since" in browser.text


def test_is_on_is_not_said_above_off_nor_saved_above_not_saved(browser, clock, maria):
    browser.enter(maria).set_up(maria)
    on = prove_saved(browser, maria)
    assert "Two-factor authentication is on." in browser.notices
    clock.move(seconds=1)
    browser.open(f"{SECURITY}/backup-codes")
    browser.press("Regenerate Backup Codes")
    maria.codes = browser.read_codes()
    saved = prove_saved(browser, maria)
    assert "Your new backup codes are saved." in browser.notices
    browser.open(f"{SECURITY}/backup-codes").press("Regenerate Backup Codes")
    assert "Your new backup codes are saved." not in browser.open(saved).notices
    browser.open(f"{SECURITY}/disable")
    browser.fill("Disable", Current_password=maria.password)
    assert browser.open(on).notices == []


def prove_saved(browser, person):
    """Types the code asked for by number; returns the address that says so."""
    browser.press("I have saved my backup codes")
    label = browser.page.one("main").one("label").text
    browser.fill("Done", **{label.replace(" ", "_"): person.codes[int(label.split()[1]) - 1]})
    return f"{browser.path}?{browser.query}"
