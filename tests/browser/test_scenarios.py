"""Each scenario of the test bench, walked from the bench's own controls alone: what its steps name is what is pressed, typed, and seen.

Two tabs, as a tester has them: the scenario's page, and the portal beside it.
"""

import re

import pytest
from playwright.sync_api import expect

from portal.flows.operator.bench.scenario_list import SCENARIOS, TROUBLE
from portal.words.refusals import SENTENCES, Refused, in_english
from tests.support.outbox import running_worker, until
from tests.support.server import running_server

CLICKS = 4  # at most, from the bench's page to the state where a trouble is seen
BACKUP_CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")
PATIENCE = 20  # seconds, for a text on its way


@pytest.fixture(scope="module")
def portal(sites):
    """A portal with its worker."""
    site = sites.seeded()
    with running_server(site) as server, running_worker(site, PORT=str(server.port)):
        yield server.url
    sites.remove(site)


class Walker:
    """Somebody who knows only the bench's page."""

    def __init__(self, window):
        self.bench = window.page
        self.portal = None
        self.clicks = 0
        self.spent = set()  # codes that were typed

    def begin(self, scenario):
        """Goes from the bench's page to the scenario, and signs in as far as the password."""
        if scenario.part == TROUBLE:
            self.bench.goto("/test-bench")
            self.click(self.bench, "Scenarios")
        else:
            self.bench.goto("/test-bench/scenarios")
        self.bench.locator(f"form[action$='/scenarios/{scenario.name}/begin'] button").click()
        self.clicks += 1
        expect(self.bench.get_by_role("heading", level=1)).to_have_text(scenario.title)
        self.here = self.bench.url
        self.sign_in()

    def sign_in(self):
        """Signs in as far as the password, in the other tab."""
        if self.portal:
            self.portal.close()
        with self.bench.context.expect_page() as opened:
            self.click(self.bench, "Sign in as far as the password")
        self.portal = opened.value
        self.portal.wait_for_load_state()

    def click(self, page, label):
        """Clicks a link or a button."""
        found = page.get_by_role("link", name=label, exact=True).or_(page.get_by_role("button", name=label, exact=True))
        main = found.and_(page.locator("main *"))
        (main if main.count() else found).first.click()
        page.wait_for_load_state()
        self.clicks += 1

    def go(self, step):
        """Does one step, or looks whether it is so."""
        getattr(self, f"go_{step.kind}")(step)

    def go_press(self, step):
        before = self.portal.locator("#step > *").last
        before.evaluate("part => part.setAttribute('data-old', '')")
        self.click(self.portal, step.label)
        self.portal.locator("[data-old]").wait_for(state="detached")

    def go_menu(self, step):
        self.portal.locator("details.avatar summary").click()
        self.clicks += 1
        self.go_press(step)

    def go_choose(self, step):
        self.portal.get_by_label(step.label).check()

    def go_type(self, step):
        self.portal.get_by_label(step.label, exact=True).fill(step.typed)

    def go_code(self, step):
        self.go_type_read(step, self.read_code(self.here, -1))

    def go_other(self, step):
        self.go_type_read(step, self.read_code(self.here, -1, ours=False))

    def go_second_code(self, step):
        self.go_type_read(step, self.read_code(self.phone(2), 0))

    def go_text(self, step):
        self.go_type_read(step, until(self.read_texts, PATIENCE)[0])

    def read_texts(self):
        """Returns the codes of the texts that are on the scenario's page and were not typed yet, newest first."""
        self.bench.goto(self.here)
        codes = [text[:6] for text in self.bench.locator("#news .text").all_inner_texts()]
        return [code for code in codes if code not in self.spent]

    def go_paper(self, step):
        self.bench.goto(self.here)
        self.go_type_read(step, BACKUP_CODE.search(self.bench.locator(".paper").inner_text())[0])

    def go_password(self, step):
        self.go_type_read(step, "harbor-lantern-2026")

    def go_type_read(self, step, text):
        self.spent.add(text)
        self.portal.get_by_label(step.label, exact=True).fill(text)

    def go_phone(self, step, number=1):
        self.bench.goto(self.phone(number))
        self.click(self.bench, step.label)
        expect(self.bench.locator(".entry code").first).to_be_visible()
        self.bench.goto(self.here)

    def go_second(self, step):
        self.go_phone(step, 2)

    def go_switches(self, step):
        self.bench.goto("/test-bench/faults")
        self.click(self.bench, step.label)
        self.bench.goto(self.here)

    def go_again(self, step):
        self.spent.update(self.read_texts())  # a new sign-in has a code of its own
        self.sign_in()

    def go_see(self, step):
        self.see(step.label % step.facts if step.facts else step.label)

    def go_refused(self, step):
        entry = SENTENCES[step.label]
        if isinstance(entry, str):
            words = in_english(Refused(step.label, **step.facts))
        else:
            one, many, fact = entry
            words = (one if step.facts[fact] == 1 else many) % step.facts
        self.see(words)

    def put_right(self):
        """Sets the clock of the next test's portal right."""
        self.bench.goto("/test-bench/faults")
        if self.bench.get_by_role("button", name="Back to the real time").count():
            self.click(self.bench, "Back to the real time")

    def see(self, words):
        found = (
            self.portal.get_by_text(words)
            .or_(self.portal.get_by_role("button", name=words))
            .or_(self.portal.get_by_role("link", name=words))
        )
        expect(found.filter(visible=True).first).to_be_visible()

    def save_a_tick(self):
        """Ticks the first step off, on the page that was open before the sign-in."""
        self.bench.locator(".ticks input").first.check()
        self.bench.get_by_role("button", name="Save ticks").click()
        self.bench.wait_for_url(self.here)
        expect(self.bench.locator(".ticks input").first).to_be_checked()

    def phone(self, number):
        """Returns the address of a phone, as the scenario's page links to it."""
        self.bench.goto(self.here)
        label = "First phone" if number == 1 else "Second phone"
        return self.bench.get_by_role("link", name=label).get_attribute("href")

    def read_code(self, address, place, ours=True):
        """Returns the code on a phone: the account's own, or that of another company; one that was not typed yet."""

        def shown():
            self.bench.goto(address)
            entries = self.bench.locator(".entry")
            parts = entries.filter(has_text="Harbor Bank") if not ours else entries.filter(has_not_text="Harbor Bank")
            code = parts.nth(place).locator(".live").inner_text().replace(" ", "")
            return code not in self.spent and code

        return until(shown, 40)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_goes_as_it_says(portal, browsers, scenario):
    walker = Walker(browsers.borrow(portal))
    walker.begin(scenario)
    if scenario.part == TROUBLE:
        walker.save_a_tick()
    for step in scenario.steps:
        seen_after = walker.clicks
        walker.go(step)
        if scenario.part == TROUBLE and step.kind in ("see", "refused") and step is first_look(scenario):
            assert seen_after <= CLICKS
    if any(step.kind == "switches" for step in scenario.steps):
        walker.put_right()


def first_look(scenario):
    """Returns the step at which the trouble is seen."""
    return next(step for step in scenario.steps if step.kind in ("see", "refused"))
