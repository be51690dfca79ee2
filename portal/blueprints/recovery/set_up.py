"""The page behind the link at the end of a recovery: it asks for the password, and leads to set-up (rule 1, RC-7)."""

from typing import Any

from flask import Response, g, request, url_for

from portal.blueprints.recovery.frame import blueprint
from portal.blueprints.shared.live_links import require_live_link
from portal.blueprints.shared.sides import side_of
from portal.flows.recovery import finish as flow
from portal.forms.sign_in import LinkPasswordForm
from portal.models import User
from portal.web.browser_session import give_browser_token, request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page, renew_session
from portal.words.refusals import Refused

TEMPLATE = "recovery/set_up.html"
OF_LINK = ("link_", "recovery_")  # reasons that the link opens nothing


@blueprint.get("/recovery/set-up/<token>")
@require_live_link(again="recovery")
def set_up(token: str) -> Response:
    """Email scanners open links: this only asks."""
    user = flow.owner_of_link(request_context(), token)[2]
    return render_page(TEMPLATE, form=LinkPasswordForm(), **set_up_context(token, user))


@blueprint.post("/recovery/set-up/<token>")
@require_live_link(again="recovery")
def submit_set_up(token: str) -> Response:
    user = flow.owner_of_link(request_context(), token)[2]
    form, context = LinkPasswordForm(request.form), set_up_context(token, user)
    if not form.validate():
        return refuse_form(TEMPLATE, form, **context)
    give_browser_token()
    try:
        begun = flow.set_up_by_link(request_context(), token, form.password.data)
    except Refused as refused:
        if refused.reason.startswith(OF_LINK):
            raise
        return refuse_form(TEMPLATE, form, refused, "password", **context)
    renew_session(begun.token)
    side = side_of(begun.role)
    return redirect_to_path(side.url("setup.choose") if side else url_for("sign_in.ask_password"))


def set_up_context(token: str, user: User) -> dict[str, Any]:
    """The template's variables; also sets the brand of the person's own side."""
    side = side_of(user.role)
    g.brand = side.brand if side else None
    return {"action": url_for("recovery.submit_set_up", token=token), "username": user.username}
