"""The number of a request for emergency access, as its requester would read it out."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import EmergencyGrant, number_place

FIELD = "Number they read to you"


def spoken_number(app, row_id=None):
    """Returns the number of a request, by default the newest one."""
    wanted = select(EmergencyGrant).order_by(EmergencyGrant.asked_at.desc())
    with Session(app.extensions["engine"]) as rows:
        row = rows.scalars(wanted.where(EmergencyGrant.id == row_id) if row_id else wanted).first()
        return app.extensions["keys"].open(row.number_sealed, number_place(row.id))


def approve(browser):
    """Types the right number on the approver's page and approves; returns the browser."""
    browser.type(FIELD, spoken_number(browser.app, browser.path.rpartition("/")[2]))
    return browser.press("Approve")


def wrong_numbers(app, count):
    """Returns wrong numbers of the right shape."""
    right = int(spoken_number(app))
    return [str(1000 + (right - 1000 + step) % 9000) for step in range(1, count + 1)]
