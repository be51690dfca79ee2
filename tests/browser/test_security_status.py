"""Security Status fits a tablet, whose width the sidebar takes a part of, whatever somebody is called."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal import clock
from portal.db import db
from portal.models import User
from tests.support.let_in import let_in
from tests.support.reader import Reader
from tests.support.rules import Inspector

WIDTHS = (320, 705, 768, 820, 900, 1024, 1152, 1153, 1280)


@pytest.mark.parametrize("name", ["Ivo Santos", "W" * 85], ids=["short", "unbroken"])
def test_the_list_never_scrolls_sideways(town, browsers, name):
    reader, administrator = Reader(browsers.borrow(town.url, kind="turned")), town.regular("administrator")
    colleague = town.regular("provider")
    town.newcomer("provider")
    with town.app.app_context():
        db.session.execute(update(User).where(User.username == colleague.username).values(full_name=name))
        db.session.commit()
    let_in(reader, town, administrator, "/ehr/settings/team/security")
    wide = {}
    for width in WIDTHS:
        reader.page.set_viewport_size({"width": width, "height": 800})
        wide[width] = reader.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    assert [width for width, more in wide.items() if more > 0] == []


def test_a_pause_reads_as_one_sentence(town, browsers):
    reader, administrator = Reader(browsers.borrow(town.url, kind="turned")), town.regular("administrator")
    colleague = town.regular("provider")
    with town.app.app_context():
        until = clock.now() + timedelta(minutes=10)
        db.session.execute(update(User).where(User.username == colleague.username).values(codes_paused_until=until))
        db.session.commit()
    let_in(reader, town, administrator, "/ehr/settings/team/security")
    assert "Paused until" in reader.page.locator("table").inner_text()
    inspector = Inspector(reader.window)
    inspector.look("a colleague whose codes are paused")
    assert inspector.faults == []


def test_the_legend_of_the_bar_keeps_its_colors_when_they_are_forced(town, browsers):
    reader, administrator = Reader(browsers.borrow(town.url, kind="forced")), town.regular("administrator")
    let_in(reader, town, administrator, "/ehr/settings/team/security")
    drawn = (
        """() => [...document.querySelectorAll(".counts li")].map(part => getComputedStyle(part, "::before").backgroundColor)"""
    )
    own = reader.page.evaluate(drawn)
    reader.page.emulate_media(forced_colors="active")
    assert reader.page.evaluate(drawn) == own and len(set(own)) == 3
