"""Fields that people fill from a phone or a sheet of paper, and the clock beside them."""

import pytest
from playwright.sync_api import expect

from tests.support.let_in import PORTAL_SETUP, let_in
from tests.support.phone import decode_qr, read_otpauth
from tests.support.reader import Reader


@pytest.fixture
def patient(town):
    return town.regular()


def asked(town, browsers, patient, **options):
    """Returns a reader whom the sign-in asks for a code."""
    reader = Reader(browsers.borrow(town.url, **options))
    reader.sign_in(patient)
    return reader


def connecting(town, browsers, **options):
    """Returns a reader before the QR code."""
    reader = Reader(browsers.borrow(town.url, **options))
    let_in(reader, town, town.newcomer(), PORTAL_SETUP)
    reader.press("Continue")
    return reader


def attributes(field, *names):
    return [field.get_attribute(name) for name in names]


def test_a_code_pasted_with_a_space_in_it_is_taken(town, browsers, patient):
    reader = asked(town, browsers, patient, permissions=["clipboard-read", "clipboard-write"])
    code = patient.phone.code()
    reader.page.evaluate("text => navigator.clipboard.writeText(text)", f"{code[:3]} {code[3:]}")
    field = reader.page.get_by_label("Verification Code", exact=True)
    expect(field).to_be_focused()
    reader.page.keyboard.press("Control+V")
    assert len(field.input_value()) == 7
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/home")


def test_a_phone_fills_the_code_and_shows_the_keys_that_fit(town, browsers, patient):
    reader = asked(town, browsers, patient)
    field = reader.page.get_by_label("Verification Code", exact=True)
    assert attributes(field, "type", "inputmode", "autocomplete", "maxlength", "pattern") == [
        "text", "numeric", "one-time-code", None, None,
    ]  # fmt: skip
    reader.press("Use a backup code")
    field = reader.page.get_by_label("Backup code", exact=True)
    assert attributes(field, "type", "inputmode", "maxlength") == ["text", "text", None]
    assert attributes(field, "autocomplete") != ["one-time-code"]
    field = connecting(town, browsers).page.get_by_label("Verification Code", exact=True)
    assert attributes(field, "type", "inputmode", "autocomplete", "maxlength") == ["text", "numeric", "one-time-code", None]


def test_a_password_is_shown_and_hidden_by_a_button_that_says_which(town, browsers):
    page = browsers.borrow(town.url).page
    page.goto("/sign-in")
    field = page.get_by_label("Password", exact=True)
    assert attributes(field, "type", "autocomplete", "maxlength") == ["password", "current-password", None]
    assert attributes(page.get_by_label("Username", exact=True), "autocomplete") == ["username"]
    expect(page.get_by_role("button", name="Show password", exact=True)).to_have_text("Show")
    page.get_by_role("button", name="Show password", exact=True).click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password", exact=True).click()
    expect(field).to_have_attribute("type", "password")
    expect(page.get_by_role("button", name="Show password", exact=True)).to_be_visible()


def test_a_refused_sign_in_keeps_the_username_and_forgets_the_password(town, browsers, patient):
    reader = Reader(browsers.borrow(town.url))
    reader.page.goto("/sign-in")
    reader.type("Username", patient.username)
    reader.type("Password", "not the password")
    reader.press("Sign in")
    assert reader.page.get_by_label("Username", exact=True).input_value() == patient.username
    assert reader.page.get_by_label("Password", exact=True).input_value() == ""


def countdown(page):
    return page.get_by_role("main").get_by_text("Wait for the next code", exact=True)


def test_near_the_end_of_a_code_words_say_to_wait_and_then_they_go(town, browsers, patient):
    window = browsers.open(town.url)
    window.page.clock.install()
    reader = Reader(window)
    reader.sign_in(patient)
    left = int(reader.page.locator("[data-period]").first.get_attribute("data-period"))
    assert left == 30
    reader.page.clock.pause_at(reader.page.evaluate("Date.now()") + 10_000)  # from here on time is what the test says it is
    seen = []
    for _ in range(30):
        seen.append(countdown(reader.page).is_visible())
        reader.page.clock.run_for(1000)
    assert 4 <= sum(seen) <= 6
    turns = sum(one != next_ for one, next_ in zip(seen, seen[1:] + seen[:1], strict=True))
    assert turns == 2


def test_the_countdown_is_not_read_aloud_each_second(town, browsers, patient):
    reader = asked(town, browsers, patient)
    spoken = reader.page.locator(".countdown").evaluate(
        "part => !!part.closest('[aria-live], [role=status], [role=alert], [role=timer]')"
    )
    assert not spoken


def running(page):
    """Returns how many animations run, drawn ones included."""
    return page.evaluate("document.getAnimations().length") + page.locator(".countdown svg").filter(visible=True).count()


def test_nothing_moves_for_those_who_ask_for_it(town, browsers):
    reader = connecting(town, browsers, reduced_motion="reduce")
    assert reader.page.evaluate("document.getAnimations().length") == 0
    assert not reader.page.locator("form .countdown svg").first.is_visible()
    assert reader.page.evaluate("getComputedStyle(document.querySelector('#step > *')).animationName") == "none"


def test_the_swapped_step_fades_in_for_everyone_else(town, browsers):
    reader = connecting(town, browsers, reduced_motion="no-preference")
    assert reader.page.locator("form .countdown svg").first.is_visible()
    assert reader.page.evaluate("getComputedStyle(document.querySelector('#step > :not(title, input)')).animationName") != "none"


QR_COLOURS = """drawing => [...drawing.querySelectorAll("path")]
  .flatMap(path => [getComputedStyle(path).fill, getComputedStyle(path).stroke]).filter(colour => colour !== "none")"""


@pytest.mark.parametrize("look", [{"forced_colors": "active"}, {"forced_colors": "active", "scheme": "dark"}, {"scheme": "dark"}])
def test_the_qr_code_stays_black_on_white(town, browsers, look):
    reader = connecting(town, browsers, **look)
    picture = reader.page.get_by_role("img", name="QR code")
    assert set(picture.locator("svg").evaluate(QR_COLOURS)) <= {"rgb(255, 255, 255)", "rgb(0, 0, 0)"}
    assert picture.evaluate("frame => getComputedStyle(frame).backgroundColor") == "rgb(255, 255, 255)"
    same = read_otpauth(decode_qr(picture.screenshot())).secret == "".join(reader.setup_key().split())
    assert same


def test_the_qr_codes_name_points_to_the_key_and_does_not_speak_it(town, browsers):
    reader = connecting(town, browsers)
    key = "".join(reader.setup_key().split())
    heard = reader.page.get_by_role("main").aria_snapshot()
    assert 'img "QR code' in heard and "setup key" in heard
    spoken = reader.page.get_by_role("img", name="QR code").get_attribute("aria-label")
    told = any(key[at : at + 4] in spoken for at in range(0, len(key), 4))
    assert not told


FOCUS = """() => {
  const part = document.activeElement, style = getComputedStyle(part), box = part.getBoundingClientRect();
  const host = part.matches(".choice input") ? getComputedStyle(part.parentNode) : style;
  const seen = host.outlineStyle !== "none" && parseFloat(host.outlineWidth) >= 2 || host.boxShadow !== "none";
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const free = !top || part.contains(top) || top.contains(part) || top.matches("label");
  return [part === document.body || seen && inside && free, part.outerHTML.slice(0, 100)];
}"""


@pytest.mark.parametrize("size", [(1280, 800), (320, 640)], ids=["desktop", "narrow"])
def test_the_keyboards_place_is_always_seen(town, browsers, size):
    reader = connecting(town, browsers, size=size)
    for address in ("/account/security/two-factor", "/account/security/two-factor/totp/scan", "/account/security"):
        reader.page.goto(address)
        stops = set()
        for _ in range(22):  # once round: what is below the heading, then the top of the page
            reader.page.keyboard.press("Tab")
            stops.add(tuple(reader.page.evaluate(FOCUS)))
        assert len(stops) > 8
        assert [what for seen, what in stops if not seen] == []
