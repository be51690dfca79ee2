"""Settings > Team Members, for practice administrators. Nested in the EHR's blueprint."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from portal.blueprints.approvals import approvals, emergency_reviews, resets
from portal.blueprints.ehr import auditor, team_status
from portal.blueprints.shared.flash import make_mark, read_flash
from portal.blueprints.shared.guards import forbid, require_fresh_proof
from portal.flows.base.context import SessionUser
from portal.flows.emergency.review import list_to_review
from portal.flows.practice import added_methods, directory
from portal.flows.practice import deadline as flow
from portal.forms.practice import DeadlineForm, TeamForm
from portal.methods import offered
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.web.rendering import translate as _

blueprint = Blueprint("practice", __name__)
blueprint.register_blueprint(team_status.blueprint, url_prefix="/security")
blueprint.register_blueprint(auditor.blueprint, url_prefix="/auditor")
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
        ways=offered_methods(),
        notice=read_flash(),
        reviews=reviews,
        review_url=emergency_reviews.review_url,
        team=found,
        roles=team_status.ROLES,
        filters=form,
        search=search,
        is_searchable=bool(search) or number > 1 or found.total > config.TEAM_SEARCHED_FROM,
    )


# --- the methods that people may choose


def offered_methods() -> list[str]:
    """The labels of what people may choose here; none if the practice has nothing to decide."""
    user = request_context().user
    if not added_methods.may_add(request_context()):
        return []
    return [_(each.label) for each in offered(request_context().policy, user.added)]


@blueprint.get("/methods")
def methods() -> Response:
    if not added_methods.may_add(request_context()):
        abort(404)
    choices = added_methods.list_choices(request_context())
    return require_fresh_proof() or render_page("ehr/methods.html", notice=read_flash(), choices=choices)


@blueprint.post("/methods/<name>/add")
def add_method(name: str) -> Response:
    return set_added(name, is_added=True)


@blueprint.post("/methods/<name>/withdraw")
def withdraw_method(name: str) -> Response:
    return set_added(name, is_added=False)


def set_added(name: str, is_added: bool) -> Response:
    chosen = next((each for each in added_methods.may_add(request_context()) if each.name == name), None) or abort(404)
    if require_fresh_proof():
        return redirect_to_path(url_for(".methods"))  # that page starts the step-up and is where the person returns
    added_methods.set_added(request_context(), chosen, is_added)
    return redirect_to_path(url_for(".methods", done=make_mark("method_added" if is_added else "method_withdrawn")))


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
