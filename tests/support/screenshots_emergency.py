"""Emergency access for `make screenshots`: a provider without a phone, the administrator who says yes, the review afterwards."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

from sqlalchemy import update

from portal.db import db
from portal.models import EmergencyGrant, Session
from tests.support.wire import entry_of


def walk(camera, town):
    """One window, in which two people take turns."""
    camera.page.goto("/ehr")
    camera.enter("dr.okafor")
    camera.press("Can't access your code?")
    camera.take("no-code")
    camera.press("Ask for emergency access")
    camera.take("ask")
    camera.press("Ask for emergency access")
    camera.take("ask-wrong")
    camera.type("Reason", "My phone fell into the sink, and a patient waits in room two.")
    camera.press("Ask for emergency access")
    camera.take("waiting")
    hers = turn(camera, [])
    administrate(camera, town)
    his = turn(camera, hers)
    camera.page.goto("/sign-in/emergency")
    camera.take("approved")
    camera.press("Open charts to read")
    camera.take("charts")
    camera.press("Maria Reyes")
    camera.take("chart")
    camera.page.goto("/ehr/settings")
    camera.take("refused")
    let_pass(town)
    camera.page.goto("/ehr/charts")
    camera.take("ended")
    turn(camera, his)
    camera.page.goto("/ehr/settings/team")
    camera.take("review")
    camera.page.goto("/ehr/settings/security/activity")
    camera.take("activity")


def turn(camera, cookies):
    """Lets another person sit down at the window; returns the cookies of the one who got up."""
    kept = camera.page.context.cookies()
    camera.page.context.clear_cookies()
    camera.page.context.add_cookies(cookies)
    return kept


def administrate(camera, town):
    """Robin Lee signs in and approves."""
    entry = entry_of(SimpleNamespace(port=urlsplit(town.url).port), "admin.lee")
    camera.page.goto("/ehr")
    camera.enter("admin.lee")
    camera.type("Verification Code", entry.code())
    camera.press("Verify")
    camera.page.goto("/ehr/settings/team")
    camera.press("See emergency access")
    camera.take("listed")
    camera.press("Approve or refuse")
    camera.take("decide")
    camera.press("Approve")
    camera.take("decided")


def let_pass(town):
    """Lets the hour be over."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with town.app.app_context():
        db.session.execute(update(EmergencyGrant).values(ends_at=past, approved_at=past - timedelta(hours=1)))
        db.session.execute(update(Session).where(Session.level == "emergency").values(ends_at=past))
        db.session.commit()
