"""Settings > Team Members, for practice administrators. Nested in the EHR's blueprint."""

from typing import Any

from flask import Blueprint, Response, request, url_for

from portal.blueprints.approvals import approvals, emergency_reviews, resets
from portal.blueprints.ehr import team_status
from portal.blueprints.shared.flash import make_mark, read_flash
from portal.blueprints.shared.guards import forbid, require_fresh_proof
from portal.flows.base.context import SessionUser
from portal.flows.emergency.review import list_to_review
from portal.flows.practice import deadline as flow
from portal.flows.practice import directory
from portal.forms.practice import DeadlineForm, TeamForm
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page

blueprint = Blueprint("practice", __name__)
blueprint.register_blueprint(team_status.blueprint, url_prefix="/security")
blueprint.register_blueprint(resets.blueprint)
ROLES = ("administrator",)
blueprint.register_blueprint(approvals.make_blueprint(), url_prefix="/approvals")
blueprint.register_blueprint(emergency_reviews.blueprint, url_prefix="/emergency")


def administers_practice(user: SessionUser) -> bool:
    """Whether a person administers a practice: they need the role and a practice."""
    return user.role in ROLES and user.practice_id is not None


@blueprint.before_request
def administrators_only() -> None:
    """The role is read on every request, so a demoted administrator loses access at once."""
    if not administers_practice(request_context().user):
        forbid("not_administrator")


@blueprint.get("")
def team() -> Response:
    form, number = TeamForm(request.args), team_status.page_number()
    search = form.asked()["search"]
    reviews = list_to_review(request_context())  # first, because it may close access that has run out
    found = directory.list_colleagues(request_context(), search, number)
    return render_page(
        "ehr/team.html",
        deadline=flow.load_deadline(request_context()),
        notice=read_flash(),
        reviews=reviews,
        review_url=emergency_reviews.review_url,
        team=found,
        roles=team_status.ROLES,
        filters=form,
        search=search,
        is_searchable=bool(search) or number > 1 or found.total > config.TEAM_SEARCHED_FROM,
    )


# --- the set-up deadline


def deadline_context() -> dict[str, Any]:
    return {"deadline": flow.load_deadline(request_context()), "remove_url": url_for(".remove_deadline")}


@blueprint.get("/deadline")
def deadline() -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    context = deadline_context()
    set_now: flow.Deadline = context["deadline"]
    day = set_now.day.isoformat() if set_now.day else ""
    form = DeadlineForm(data={"day": day, "days": str(set_now.days), "sign_ins": str(set_now.sign_ins)})
    return render_page("ehr/deadline.html", form=form, **context)


@blueprint.post("/deadline")
def submit_deadline() -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    form = DeadlineForm(request.form)
    form.today = request_context().now.astimezone(request_context().place).date()
    if not form.validate():
        return refuse_form("ehr/deadline.html", form, **deadline_context())
    flow.set_deadline(request_context(), form.chosen, int(form.days.data), int(form.sign_ins.data))
    return redirect_to_path(url_for(".team", done=make_mark("deadline_set")))


@blueprint.post("/deadline/remove")
def remove_deadline() -> Response:
    if require_fresh_proof():
        return redirect_to_path(url_for(".deadline"))  # that page starts the step-up and is where the person returns
    flow.remove_deadline(request_context())
    return redirect_to_path(url_for(".team", done=make_mark("deadline_removed")))
