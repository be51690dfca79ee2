"""Emergency access as administrators and support see it: what waits, what runs, what is to be reviewed (AD-6).

Without an address of its own: its parents, Team Members and the support console, supply guard and chrome.
"""

from flask import Blueprint, Response, abort, g, url_for

from portal.blueprints.done import mark, said
from portal.browser_session import visit
from portal.flows import emergency_deciding
from portal.flows import emergency_reviews as flow
from portal.rendering import go_to, page, refuse
from portal.words.refusals import Refused

blueprint = Blueprint("emergency_reviews", __name__)


def context() -> dict:
    to_review = flow.to_review(visit())  # first: it may end what runs
    return {
        "waiting": emergency_deciding.waiting(visit()),
        "running": flow.running(visit()),
        "reviews": to_review,
        "decide_url": decide_url,
        "review_url": review_url,
        "back_url": g.door.url("approvals.listed" if visit().who.role == flow.SUPPORT else "practice.team"),
    }


def review_url(grant_id: str) -> str:
    place = "" if visit().who.role == flow.SUPPORT else "practice."
    return g.door.url(f"{place}emergency_reviews.review", grant_id=grant_id)


def decide_url(row_id: str) -> str:
    place = "" if visit().who.role == flow.SUPPORT else "practice."
    return g.door.url(f"{place}approvals.show", kind=emergency_deciding.KIND, row_id=row_id)


@blueprint.get("")
def listed() -> Response:
    return page("emergency/listed.html", notice=said(), **context())


@blueprint.post("/<grant_id>/reviewed")
def review(grant_id: str) -> Response:
    try:
        if not flow.review(visit(), grant_id):
            abort(404)
    except Refused as refused:
        return refuse("emergency/listed.html", (), refused, notice=None, **context())
    return go_to(url_for(".listed", done=mark("reviewed")))
