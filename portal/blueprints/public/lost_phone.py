""" "I lost my phone", for somebody who has shown the password (RC-9), and the emailed link that takes it back."""

from typing import Any

from flask import Blueprint, Response, g, request, url_for

from portal.blueprints.public.sign_in import redirect_unless_claimant
from portal.flows.factors import challenges, code_sets, holdings, lost_phone
from portal.flows.sign_in import found_phone
from portal.forms.sign_in import LinkPasswordForm
from portal.policy import policy_of
from portal.web.browser_session import request_context
from portal.web.headers import hide_token
from portal.web.rendering import brand_of_role, redirect_to, refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("lost_phone", __name__)
blueprint.after_request(hide_token)
REPORT, FOUND = "public/lost_phone/report.html", "public/lost_phone/found.html"


def report_context() -> dict[str, Any]:
    """What the page says: since when codes are on hold, or how many ways to get them there are; and how many backup codes."""
    user, since = request_context().user, lost_phone.suspended_since(request_context())
    ways = 0 if since else len(challenges.live_authenticators(request_context()))
    left = code_sets.count_unused(user.user_id)
    has_keys = holdings.has_keys(user.user_id)
    may_trust = policy_of(user.role).may_trust_browsers
    return {"since": since, "ways": ways, "codes_left": left, "may_trust": may_trust, "has_keys": has_keys}


@blueprint.get("/sign-in/lost-phone")
def ask() -> Response:
    """What would happen; afterward, what to do now."""
    return redirect_unless_claimant() or render_page(REPORT, is_sent="sent" in request.args, **report_context())


@blueprint.post("/sign-in/lost-phone")
def submit() -> Response:
    redirect = redirect_unless_claimant()
    if redirect:
        return redirect
    lost_phone.report_lost(request_context())
    return redirect_to("lost_phone.ask")


@blueprint.post("/sign-in/lost-phone/found")
def mail_link() -> Response:
    """Email the link again that takes the codes back."""
    redirect = redirect_unless_claimant()
    if redirect:
        return redirect
    try:
        lost_phone.mail_link_again(request_context())
    except Refused as refused:
        return refuse_form(REPORT, (), refused, **report_context())
    return redirect_to("lost_phone.ask", sent=1)


@blueprint.get("/phone-found/<token>")
def found(token: str) -> Response:
    try:
        return render_page(FOUND, form=LinkPasswordForm(), **found_context(token))
    except Refused as refused:
        return refuse_link(refused)


@blueprint.post("/phone-found/<token>")
def submit_found(token: str) -> Response:
    form = LinkPasswordForm(request.form)
    try:
        context = found_context(token)
        if not form.validate():
            return refuse_form(FOUND, form, **context)
        found_phone.take_back_by_link(request_context(), token, form.password.data)
    except Refused as refused:
        if refused.reason.startswith("link_"):
            return refuse_link(refused)
        return refuse_form(FOUND, form, refused, "password", **context)
    return redirect_to("lost_phone.works_again", keys=1 if context["has_keys"] else None)


@blueprint.get("/phone-found")
def works_again() -> Response:
    return render_page("public/lost_phone/works_again.html", has_keys="keys" in request.args)


def found_context(token: str) -> dict[str, Any]:
    """The template's variables; also sets the brand of the person's own side. Raises Refused."""
    _, user = found_phone.owner_of_found_link(request_context(), token)
    g.brand = brand_of_role(user.role)
    action = url_for("lost_phone.submit_found", token=token)
    return {"action": action, "username": user.username, "has_keys": holdings.has_keys(user.id)}


def refuse_link(refused: Refused) -> Response:
    return refuse_form("public/lost_phone/dead_link.html", (), refused, is_mailed_again=refused.reason != "link_mailbox")
