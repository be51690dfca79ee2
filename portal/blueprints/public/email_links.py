"""Forgotten password, and the pages that emailed links open. No session is needed: the link is the credential."""

from typing import Any

from flask import Blueprint, Response, g, request, url_for

from portal.blueprints.shared.flash import make_mark
from portal.blueprints.shared.live_links import own_side, profile_url, require_live_link
from portal.blueprints.shared.sides import side_of
from portal.flows.account import addresses
from portal.flows.factors import unblock as unblock_flow
from portal.flows.resets import reset as reset_flow
from portal.flows.sign_in import new_password as new_password_flow
from portal.forms.sign_in import ForgotForm, LinkPasswordForm, NewPasswordForm
from portal.models import User
from portal.web.browser_session import give_browser_token, request_context, session_user
from portal.web.headers import hide_token
from portal.web.rendering import redirect_to, redirect_to_path, refuse_form, render_page, renew_session
from portal.words.refusals import Refused

blueprint = Blueprint("email_links", __name__)
blueprint.after_request(hide_token)


# --- a forgotten password


@blueprint.get("/forgot-password")
def forgot() -> Response:
    return render_page("public/email_links/forgot.html", form=ForgotForm())


@blueprint.post("/forgot-password")
def submit_forgot() -> Response:
    form = ForgotForm(request.form)
    if not form.validate():
        return refuse_form("public/email_links/forgot.html", form)
    new_password_flow.ask_password_link(request_context(), form.username.data)
    return redirect_to("email_links.forgot_sent")


@blueprint.get("/forgot-password/sent")
def forgot_sent() -> Response:
    """The same answer for every name, against user enumeration (EN-3)."""
    return render_page("public/email_links/forgot_sent.html")


@blueprint.get("/new-password/<token>")
@require_live_link(again="forgot")
def new_password(token: str) -> Response:
    _, user = new_password_flow.owner_of_password_link(request_context(), token)
    return render_page("public/email_links/new_password.html", form=NewPasswordForm(), **password_context(token, user.username))


@blueprint.post("/new-password/<token>")
@require_live_link(again="forgot")
def submit_new_password(token: str) -> Response:
    _, user = new_password_flow.owner_of_password_link(request_context(), token)
    form = NewPasswordForm(request.form)
    context = password_context(token, user.username)
    if not form.validate():
        return refuse_form("public/email_links/new_password.html", form, **context)
    give_browser_token()
    try:
        new_password_flow.set_password_by_link(request_context(), token, form.new_password.data)
    except Refused as refused:
        if refused.reason.startswith("link_"):
            raise
        return refuse_form("public/email_links/new_password.html", form, refused, "new_password", **context)
    return redirect_to("sign_in.ask_password", changed=1)


def password_context(token: str, username: str) -> dict[str, Any]:
    return {"action": url_for("email_links.submit_new_password", token=token), "username": username}


# --- after a reset: link and password


@blueprint.get("/set-up-again/<token>")
@require_live_link(again="reset")
def set_up_again(token: str) -> Response:
    _, user = reset_flow.owner_of_reset_link(request_context(), token)
    return render_page("public/email_links/set_up_again.html", form=LinkPasswordForm(), **reset_context(token, user))


@blueprint.post("/set-up-again/<token>")
@require_live_link(again="reset")
def submit_set_up_again(token: str) -> Response:
    _, user = reset_flow.owner_of_reset_link(request_context(), token)
    form, context = LinkPasswordForm(request.form), reset_context(token, user)
    if not form.validate():
        return refuse_form("public/email_links/set_up_again.html", form, **context)
    give_browser_token()
    try:
        begun = reset_flow.sign_in_by_reset_link(request_context(), token, form.password.data)
    except Refused as refused:
        if refused.reason.startswith("link_"):
            raise
        return refuse_form("public/email_links/set_up_again.html", form, refused, "password", **context)
    renew_session(begun.token)
    side = side_of(begun.role)
    return redirect_to_path(side.url("setup.choose") if side else url_for("sign_in.ask_password"))


def reset_context(token: str, user: User) -> dict[str, Any]:
    """The template's variables; also sets the brand of the person's own side."""
    side = side_of(user.role)
    g.brand = side.brand if side else None
    return {"action": url_for("email_links.submit_set_up_again", token=token), "username": user.username}


# --- confirming an email address


def require_signed_in() -> None:
    """Such a link works in its owner's session: somebody who gets the email by mistake can't use it."""
    user = session_user()
    if user is None or user.owes_code:
        raise Refused("link_sign_in")


@blueprint.get("/confirm-address/<token>")
@require_live_link(again="account")
def confirm_address(token: str) -> Response:
    require_signed_in()
    address = addresses.address_to_confirm(request_context(), token)
    return render_page("public/email_links/confirm_address.html", address=address, action=request.path, account_url=profile_url())


@blueprint.post("/confirm-address/<token>")
@require_live_link(again="account")
def submit_confirm_address(token: str) -> Response:
    require_signed_in()
    addresses.confirm_address(request_context(), token)
    return redirect_to_path(profile_url(done=make_mark("address_confirmed")))


# --- unblocking an authenticator


@blueprint.get("/unblock/<token>")
@require_live_link(again="account")
def unblock(token: str) -> Response:
    require_signed_in()
    _, row = unblock_flow.read_unblock_link(request_context(), token)
    return render_page(
        "public/email_links/unblock.html", authenticator=row, action=request.path, security_url=own_side().url("security")
    )


@blueprint.post("/unblock/<token>")
@require_live_link(again="account")
def submit_unblock(token: str) -> Response:
    require_signed_in()
    unblock_flow.unblock(request_context(), token)
    return redirect_to_path(own_side().url("security", done=make_mark("unblocked")))
