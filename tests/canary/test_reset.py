"""A reset's link is its reader's alone: no page, log, mail to others or row of the database holds it, or any secret (AD-1)."""

import html
import re

import pytest

from tests.support import canary, resets, wire
from tests.support.loud import heap, said
from tests.support.server import running_server
from tests.support.wire import Wire

BENCH_MAIL = re.compile(r"<article.*?</article>", re.DOTALL)


@pytest.fixture
def portal(site):
    """A portal that logs everything there is to log."""
    with running_server(site, workers=2, **said(site)) as server:
        yield server


def mails(server):
    """Returns the mails on the test bench, as markup."""
    return BENCH_MAIL.findall(Wire(server).get("/test-bench").text)


def test_nobody_but_its_reader_meets_the_link(portal, postgres):
    site, pages = portal.site, []
    key = wire.entry_of(portal, "dr.okafor").secret
    lee = resets.enter(portal, "admin.lee")
    pages.append(resets.ready(lee, site, "dr.okafor")().text)
    path = resets.page_of(site, "dr.okafor")
    for address in (path, f"{path}/done", resets.TEAM, "/ehr/settings/security/activity", f"{resets.TEAM}/approvals"):
        pages.append(lee.get(address).text)
    token = re.search(r"/set-up-again/([\w-]{43})", html.unescape("".join(mails(portal))))[1]
    person = Wire(portal)
    assert person.get(f"/set-up-again/{token}").status == 200
    assert person.post(f"/set-up-again/{token}", password="wrong on purpose").status == 422
    answer = person.post(f"/set-up-again/{token}", password=wire.PASSWORD)
    assert answer.location == "/ehr/settings/security/two-factor"
    pages.append(person.open(answer.location).text)
    others = [mail for mail in mails(portal) if "Set up two-factor authentication again" not in mail]
    log = portal.log.read_text()
    assert "/set-up-again/" in log and "UPDATE users" in log, "requests and statements are not logged"
    needles = {"link": canary.of_text(token), "key": canary.of_key(key), "password": canary.of_text(wire.PASSWORD)}
    written = {"pages": "".join(pages).encode(), "mails": "".join(others).encode(), "heap": heap(portal, postgres)}
    found = {
        f"{name} in {place}" for place, text in written.items() for name, spelled in needles.items() if canary.hits(text, spelled)
    }
    assert found == set()
