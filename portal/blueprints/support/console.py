"""Support console: for agents, whose two-factor authentication is on with an app; the set-up wizard is nested here, too."""

from typing import Any

from flask import Blueprint, Response, g

from portal.blueprints.account.nest import nest
from portal.blueprints.approvals import approvals, emergency_reviews
from portal.blueprints.shared.flash import read_flash
from portal.blueprints.shared.guards import guard_side
from portal.blueprints.shared.sides import SUPPORT_SIDE
from portal.blueprints.support import cases, decisions, numbers, people, tickets
from portal.flows.account import browsers, security_page
from portal.flows.tickets import desk
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import render_page

blueprint = Blueprint("support", __name__, url_prefix="/support")
blueprint.before_request(guard_side(SUPPORT_SIDE))
blueprint.register_blueprint(cases.blueprint)
blueprint.register_blueprint(decisions.blueprint)
blueprint.register_blueprint(tickets.blueprint, url_prefix="/tickets")
blueprint.register_blueprint(approvals.make_blueprint("/waiting"))
blueprint.register_blueprint(emergency_reviews.blueprint, url_prefix="/emergency")
blueprint.register_blueprint(people.blueprint, url_prefix="/people")
blueprint.register_blueprint(numbers.blueprint, url_prefix="/waiting-times")
nest(blueprint, "/security", can_end=(browsers.SESSIONS,), policy=SUPPORT_SIDE.policy)


@blueprint.context_processor
def tickets_context() -> dict[str, Any]:
    """For the tabs: how many tickets wait, counted on pages that have tabs alone."""
    return {"tickets_waiting": lambda: desk.count_waiting(request_context())}


@blueprint.get("/security")
def security() -> Response:
    """An agent's own protection."""
    if g.stopped:
        return render_page("support/set_up.html")
    shown = security_page.security_page(request_context())
    notice = read_flash(on=request_context().user.is_on, saved=shown["backup"] is not None and shown["backup"].saved)
    return render_page("support/security.html", notice=notice, places_shown=config.PLACES_SHOWN, **shown)
