"""Settings > Team Members, for practice administrators; nested in the EHR's blueprint, which supplies guard and chrome."""

from flask import Blueprint, Response

from portal.blueprints import approvals, emergency_reviews
from portal.blueprints.doors import forbid
from portal.browser_session import visit
from portal.flows import team as flow
from portal.rendering import page

blueprint = Blueprint("practice", __name__)
ROLES = ("administrator",)
blueprint.register_blueprint(approvals.blueprint, url_prefix="/approvals")
blueprint.register_blueprint(emergency_reviews.blueprint, url_prefix="/emergency")


@blueprint.before_request
def administrators_only() -> None:
    """The role is read anew at each request: an open page of somebody demoted opens nothing more."""
    if visit().who.role not in ROLES or visit().who.practice_id is None:
        forbid("not_administrator")


@blueprint.get("")
def team() -> Response:
    reviews = emergency_reviews.flow.to_review(visit())
    return page("practice/team.html", members=flow.members(visit()), reviews=reviews, review_url=emergency_reviews.review_url)
