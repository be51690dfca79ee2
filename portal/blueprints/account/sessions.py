"""Ending sessions and trusted browsers, and Recent activity. Nested in each side's blueprint."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from portal.blueprints.shared.flash import redirect_and_say
from portal.blueprints.shared.guards import require_code, require_fresh_proof
from portal.blueprints.shared.sides import current_side
from portal.flows.account import activity as activity_flow
from portal.flows.account import browsers as flow
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import render_page
from portal.web.rendering import translate as _
from portal.words.refusals import N_

PAGE_MAX = 10_000

# Heading and explanation of each confirmation page: for one, for all.
PROMPTS = {
    flow.SESSIONS: (
        (N_("End this session"), N_("Anyone using that browser will be signed out.")),
        (N_("End all other sessions"), N_("Every browser except this one will be signed out.")),
    ),
    flow.TRUSTED: (
        (N_("Stop trusting this browser"), N_("We'll ask for a code again at the next sign-in on that browser.")),
        (
            N_("Stop trusting all browsers"),
            N_("We'll ask for a code again at the next sign-in on every browser, including this one."),
        ),
    ),
}


def prompt(kind: str, index: int) -> dict[str, Any]:
    heading, meaning = PROMPTS[kind][index]
    return {"heading": _(heading), "meaning": _(meaning), "back_url": current_side().url("security")}


def ask_end(kind: str, row_id: int) -> Response:
    """The confirmation page; a person returns here after a step-up (RA-3)."""
    step_up = require_code()
    if step_up:
        return step_up
    found = flow.find_place(request_context(), kind, row_id) if row_id <= config.ROW_ID_MAX else None
    if found is None:
        abort(404)
    action = url_for(".end", kind=kind, row_id=row_id)
    return render_page("account/end.html", place=found, kind=kind, action=action, button=_("End"), **prompt(kind, 0))


def end(kind: str, row_id: int) -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    if row_id > config.ROW_ID_MAX or not flow.end_place(request_context(), kind, row_id):
        abort(404)
    return redirect_and_say("security", kind)


def ask_end_all(kind: str) -> Response:
    action = url_for(".end_all", kind=kind)
    return require_code() or render_page(
        "account/end.html", place=None, kind=kind, action=action, button=_("End all"), **prompt(kind, 1)
    )


def end_all(kind: str) -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    flow.end_all_places(request_context(), kind)
    return redirect_and_say("security", kind)


def activity() -> Response:
    """Recent activity, twenty entries a page; an invalid page number shows the first page."""
    step_up = require_code()
    if step_up:
        return step_up
    number = request.args.get("page", 1, type=int)
    shown = activity_flow.recent_activity(request_context(), number if 1 <= number <= PAGE_MAX else 1)
    return render_page("account/activity.html", shown=shown, back_url=current_side().url("security"))


def make_blueprint(*kinds: str) -> Blueprint:
    """The pages for the kinds that a side has: sessions, and trusted browsers if its policy allows them."""
    made = Blueprint("sessions", __name__)
    for kind in kinds:
        for path, view, method in (
            (f"/{kind}/<int:row_id>", ask_end, "GET"),
            (f"/{kind}/<int:row_id>", end, "POST"),
            (f"/{kind}", ask_end_all, "GET"),
            (f"/{kind}", end_all, "POST"),
        ):
            made.add_url_rule(path, view_func=view, methods=[method], defaults={"kind": kind})
    made.add_url_rule("/activity", view_func=activity)
    return made
