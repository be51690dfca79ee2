"""Emergency access for administrators and support: pending requests, running access, and reviews due (AD-6).

Nested in Team Members and the support console.
"""

from typing import Any

from flask import Blueprint, Response, abort, url_for

from portal.blueprints.shared.flash import make_mark, read_flash
from portal.blueprints.shared.sides import current_side
from portal.flows.emergency import decide
from portal.flows.emergency import review as flow
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("emergency_reviews", __name__)


def page_context() -> dict[str, Any]:
    to_review = flow.list_to_review(request_context())  # first, because it may close access that has run out
    return {
        "waiting": decide.list_pending(request_context()),
        "running": flow.list_running(request_context()),
        "reviews": to_review,
        "decide_url": decide_url,
        "review_url": review_url,
        "back_url": current_side().url("approvals.listed" if request_context().user.role == flow.SUPPORT else "practice.team"),
    }


def review_url(grant_id: str) -> str:
    place = "" if request_context().user.role == flow.SUPPORT else "practice."
    return current_side().url(f"{place}emergency_reviews.review", grant_id=grant_id)


def decide_url(row_id: str) -> str:
    place = "" if request_context().user.role == flow.SUPPORT else "practice."
    return current_side().url(f"{place}approvals.show", kind=decide.KIND, row_id=row_id)


@blueprint.get("")
def listed() -> Response:
    return render_page("approvals/emergency.html", notice=read_flash(), **page_context())


@blueprint.post("/<grant_id>/reviewed")
def review(grant_id: str) -> Response:
    try:
        if not flow.review_access(request_context(), grant_id):
            abort(404)
    except Refused as refused:
        return refuse_form("approvals/emergency.html", (), refused, notice=None, **page_context())
    return redirect_to_path(url_for(".listed", done=make_mark("reviewed")))
