"""Names of 40 letters and of one, of people, a practice, and authenticators: at 320 px the pseudo-locale cuts none, and no word is bare."""

import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal import clock
from portal.db import db
from portal.languages import PSEUDO
from portal.models import Appointment, Authenticator, Practice, User
from tests.support.bare import Translator
from tests.support.let_in import let_in
from tests.support.reader import Reader
from tests.support.rules import NARROW
from tests.support.scenes_ehr import enter

NAMES = ("Wolfeschlegelsteinhausenbergerdorffsuper", "O")
PATIENT = ("/home", "/account", "/account/security", "/account/security/two-factor?add=1")
STAFF = (
    "/ehr/charts",
    "/ehr/settings/profile",
    "/ehr/settings/security",
    "/ehr/settings/team?q=ivo",
    "/ehr/settings/team/security?q=ivo",
)


class Walk(Reader):
    """A reader who looks each page over."""

    def __init__(self, window):
        super().__init__(window, PSEUDO)
        self.translator = Translator(window)

    def look(self, *addresses):
        """Looks at pages, with everything unfolded."""
        for address in addresses:
            self.page.goto(address)
            self.pass_by()
            self.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
            self.translator.look(address)


@contextlib.contextmanager
def named(town, name, patient, *people):
    """Gives people, their authenticators, and Riverside this name in the block, and the patient an appointment there."""
    ids = [town.id_of(person) for person in (patient, *people)]
    with town.app.app_context():
        db.session.execute(update(User).where(User.id.in_(ids)).values(full_name=name))
        db.session.execute(update(Authenticator).where(Authenticator.user_id.in_(ids)).values(name=name))
        riverside = db.session.get_one(Practice, 1)
        before, riverside.name = riverside.name, name
        visit = {
            "starts_at": clock.now().replace(tzinfo=None) + timedelta(days=2),
            "minutes": 30,
            "reason": "Check-up",
            "with_whom": name,
        }
        db.session.add(Appointment(patient_id=ids[0], practice_id=1, **visit))
        db.session.commit()
        yield
        riverside.name = before
        db.session.commit()


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_and_the_shortest_names_are_whole_in_the_pseudo_locale(town, browsers, name):
    patient, colleague, administrator = town.regular(), town.regular("provider"), town.regular("administrator")
    walk = Walk(browsers.borrow(town.url, size=NARROW, extra_http_headers={"Accept-Language": PSEUDO}))
    with named(town, name, patient, colleague, administrator):
        let_in(walk, town, patient, "/home")
        walk.look(*PATIENT)
        walk.page.context.clear_cookies()
        enter(walk, town, administrator)
        walk.look(*STAFF, f"/ehr/settings/team/{town.id_of(colleague)}/reset")
    town.forget_languages()
    assert walk.translator.faults == []
