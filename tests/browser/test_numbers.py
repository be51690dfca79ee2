"""A number that can be read in several ways is asked about on a page without fault."""

import pytest

from tests.support.application import application
from tests.support.reader import Reader
from tests.support.rules import Inspector
from tests.support.server import running_server
from tests.support.town import Town

COUNTRIES = {"PORTAL_SMS_COUNTRIES": "US,KR,VN,TW"}


@pytest.fixture
def abroad(sites):
    """A running portal that texts people in four countries."""
    site = sites.seeded()
    with running_server(site, **COUNTRIES) as server, application(site, **COUNTRIES) as app:
        yield Town(server.url, app)
    sites.remove(site)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_question_which_number_it_is(abroad, browsers, script):
    reader = Reader(browsers.open(abroad.url, script=script))
    reader.sign_in(abroad.newcomer())
    reader.page.goto("/account/security")
    reader.press("Enable")
    reader.page.get_by_label("Text Message (SMS)").check()
    reader.press("Continue")
    inspector = Inspector(reader.window) if script else None
    for typed in ("0912 345 678", "010 5550 1234"):
        reader.type("Mobile phone number", typed)
        reader.press("Send Code")
        if inspector:
            inspector.look(typed)
        assert reader.sees("Before you continue") and not reader.sees("There is a problem")
        assert not reader.page.title().startswith("Error:") and reader.page.locator("[aria-invalid]").count() == 0
        assert not script or reader.page.locator(".problems").evaluate("part => part === document.activeElement")
        if typed.startswith("09"):
            assert reader.sees("That number fits more than one country.")
            assert reader.page.get_by_role("radio", checked=True).count() == 0
            reader.press("Enter a different number")
    assert reader.sees("Country: South Korea")
    assert reader.page.get_by_label("Mobile phone number").input_value() == "+82 10-5550-1234"
    reader.press("Send Code")
    assert reader.headline == "Enter the code we texted you" and reader.sees("••34")
    assert not inspector or inspector.faults == []
