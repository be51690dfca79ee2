"""An account recovery as its owner meets it: the banner, and the link in each email. `walker` can `take(name)` a page."""

from datetime import UTC, datetime

from sqlalchemy import update

from portal.models import RecoveryCase
from tests.support.cases import begin_case, stop_link
from tests.support.let_in import let_in
from tests.support.people import Database


def stop_recovery(walker, town):
    """Stopped from the banner, then what the link says in each state."""
    database, patient = Database(town.app), town.regular()
    let_in(walker, town, patient, "/home")
    case_id = begin_case(database, patient, now=datetime.now(UTC))
    for name, address in {"home": "/home", "security": "/account/security"}.items():
        walker.page.goto(address)
        walker.take(f"alarm-{name}")
    walker.page.goto("/recovery/stopped")
    walker.take("nothing")
    walker.page.goto(stop_link(database, case_id))
    walker.take("ask")
    walker.press("Stop this request")
    walker.take("stopped")
    for state in ("done", "refused"):
        database.change(update(RecoveryCase).where(RecoveryCase.id == case_id).values(state=state))
        walker.page.goto(stop_link(database, case_id))
        walker.take(f"link-{state}")
    walker.page.goto("/recovery/stop/none")
    walker.take("dead-link")


STOP_SCENES = {stop_recovery.__name__: stop_recovery}
