"""Light and dark in Chromium: at once, without losing what is typed, with and without JavaScript; and colors that the device forces."""

import pytest

from tests.support.browser import PHONE
from tests.support.let_in import PORTAL_SETUP, let_in
from tests.support.reader import Reader


def ground(page):
    """Returns whether the page's ground is dark, as computed; its form controls must agree."""
    lightness, controls = page.evaluate("""() => {
      const style = getComputedStyle(document.documentElement);
      return [parseFloat(style.backgroundColor.match(/oklch\\(([\\d.]+)/)[1]), style.colorScheme.trim()];
    }""")
    assert controls == ("dark" if lightness < 0.5 else "light")
    return controls


def choose(page, choice):
    """Selects a choice in the footer, and waits until it is kept."""
    if not page.locator("#scheme").count():
        page.get_by_role("link", name="Appearance").click()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("contentinfo").get_by_label(choice).click()
    return answer.value.status


@pytest.mark.parametrize("door", ["/sign-in", "/ehr"])
def test_the_page_follows_at_once_keeps_what_is_typed_and_the_next_one_is_drawn_so(town, browsers, door):
    """With motion, too: a ground that fades while its words change at once would hide them in between."""
    page = browsers.open(town.url, size=PHONE, reduced_motion="no-preference").page
    page.goto(door)
    page.get_by_label("Username").fill("typed before")
    for choice in ("Dark", "Automatic", "Dark", "Light", "Dark"):
        assert choose(page, choice) == 303
        assert ground(page) == ("dark" if choice == "Dark" else "light")
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.get_by_label("Username").input_value() == "typed before"
    page.goto("/help")
    assert ground(page) == "dark"
    page.emulate_media(media="print")
    assert page.evaluate(
        "[getComputedStyle(document.documentElement).colorScheme.trim(), getComputedStyle(document.body).color]"
    ) == [
        "light",
        "rgb(0, 0, 0)",
    ]


def test_without_javascript_it_has_a_tab_of_its_own_and_the_page_keeps_what_is_typed(town, browsers):
    window = browsers.open(town.url, script=False)
    window.page.goto("/sign-in")
    window.page.get_by_label("Username").fill("typed before")
    with window.context.expect_page() as opened:
        window.page.get_by_role("link", name="Appearance").click()
    tab = opened.value
    tab.get_by_label("Dark").check()
    assert ground(tab) == "dark"
    tab.get_by_role("button", name="Save").click()
    tab.get_by_text("Saved.").wait_for()
    assert ground(tab) == "dark"
    assert window.page.get_by_label("Username").input_value() == "typed before"
    window.page.reload()
    assert ground(window.page) == "dark"


def test_automatic_follows_the_device_and_a_choice_does_not(town, browsers):
    page = browsers.open(town.url).page
    for choice, expected in ((None, ("light", "dark")), ("Light", ("light", "light")), ("Dark", ("dark", "dark"))):
        page.goto("/sign-in")
        if choice:
            choose(page, choice)
        for _ in ("this page", "the next"):
            for device, seen in zip(("light", "dark"), expected, strict=True):
                page.emulate_media(color_scheme=device)
                assert ground(page) == seen
            page.reload()


def test_a_choice_that_cannot_be_kept_is_taken_back(town, browsers):
    page = browsers.open(town.url).page
    page.goto("/sign-in")
    page.get_by_role("link", name="Appearance").click()
    page.locator("footer .scheme-choice [name=csrf_token]").evaluate("field => { field.value = 'stale'; }")
    assert choose(page, "Dark") == 403
    page.wait_for_function("document.querySelector('#scheme [value=auto]').checked")
    assert ground(page) == "light"


def test_in_the_device_s_own_colors_every_state_still_shows(town, browsers):
    """Forced colors take grounds away: what is chosen, wrong, or strong has to show by its lines."""
    window = browsers.open(town.url, forced_colors="active", size=PHONE)
    reader = Reader(window)
    let_in(reader, town, town.newcomer(), PORTAL_SETUP)
    first, second = (reader.page.locator(".choice").nth(number) for number in (0, 1))
    edge = "part => getComputedStyle(part).borderTopColor"
    assert first.evaluate(edge) != second.evaluate(edge)
    strong, other = reader.find("Continue"), reader.page.get_by_role("banner").locator("summary")
    assert strong.evaluate("part => parseFloat(getComputedStyle(part).borderTopWidth)") >= 2
    assert other.locator("span").evaluate("part => parseFloat(getComputedStyle(part).borderTopWidth)") >= 1
