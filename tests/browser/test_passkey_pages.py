"""The pages of passkeys keep the rules of every page, in the pseudo-locale and in English, on a phone and on a desktop."""

import pytest

from portal import methods
from portal.languages import PSEUDO
from tests.browser.test_every_page import Walk
from tests.support.application import application
from tests.support.looks import LOOKS
from tests.support.scenes_passkeys import PASSKEY_SCENES
from tests.support.server import running_server
from tests.support.town import LANGUAGES, Town

SWITCHED_ON = {"PORTAL_PASSKEYS": "1", **LANGUAGES}


@pytest.fixture(scope="module")
def town(sites):
    """A portal that has passkeys, at a name."""
    site, before = sites.seeded(), list(methods.ADDITIONAL)
    with running_server(site, **SWITCHED_ON) as server, application(site, **SWITCHED_ON) as app:
        yield Town(server.url.replace("127.0.0.1", "localhost"), app)
    methods.switch_on(before)  # for the other portals of this process
    sites.remove(site)


@pytest.mark.parametrize("scene", PASSKEY_SCENES)
def test_the_pages_of_a_scene(town, browsers, sites, scene):
    walk = Walk(browsers.open(town.url, extra_http_headers={"Accept-Language": PSEUDO}), town.app)
    LOOKS.share(sites.shared / "looked_at")
    PASSKEY_SCENES[scene](walk, town)
    assert walk.inspector.seen > 3
    assert not walk.inspector.faults, "\n".join(walk.inspector.faults)
