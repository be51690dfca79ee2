"""Signs people in without a browser's pages, for browser tests of what comes after."""

from tests.support.client import Browser
from tests.support.hashing import cheap_hashes

PORTAL_SETUP, EHR_SETUP = "/account/security/two-factor", "/ehr/settings/security/two-factor"


def let_in(reader, town, person, address):
    """Signs a person in by the portal's forms, gives the reader's window the cookies, and opens an address there."""
    beside = Browser(town.app)
    with cheap_hashes():
        beside.sign_in(person)
        if beside.path == "/sign-in/code":
            beside.fill("Verify", Verification_Code=person.phone.code(town.now()) if person.phone else town.text_code(person))
    town.speak(person, reader.language)  # as a sign-in in the window would have noted
    kept = {name: beside.cookie(name) for name in ("session", "browser") if beside.cookie(name)}
    flags = {"url": town.url, "httpOnly": True, "sameSite": "Lax"}
    reader.page.context.add_cookies([{"name": name, "value": value, **flags} for name, value in kept.items()])
    reader.page.goto(address)
    reader.town = town
    reader.pass_by()
