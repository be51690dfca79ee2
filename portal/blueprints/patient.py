"""The patient portal: home, Account Settings, Security; the set-up wizard is nested here."""

from flask import Blueprint, Response, g, request
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.blueprints import profile, setup
from portal.blueprints.doors import PATIENT_DOOR, ask_again, guard
from portal.browser_session import own_path, visit
from portal.flows import account, backup_codes
from portal.flows import reauthenticate as flow
from portal.forms import PasswordForm, ReauthenticationForm
from portal.messages import Refused
from portal.rendering import go, go_to, page, refuse, renew_session

blueprint = Blueprint("patient", __name__)
blueprint.before_request(guard(PATIENT_DOOR))
blueprint.register_blueprint(setup.blueprint, url_prefix="/account/security/two-factor")
blueprint.register_blueprint(profile.blueprint, url_prefix="/account")


@blueprint.get("/home")
def home() -> Response:
    record = account.health_record(visit())
    reminder, url = remind()
    return page("patient/home.html", reminder=reminder, reminder_url=url, invited=account.is_invited(visit()), **record)


@blueprint.post("/home/invitation")
def dismiss_invitation() -> Response:
    account.dismiss_invitation(visit())
    return go("patient.home")


def remind() -> tuple[str | None, str | None]:
    """The one thing that a patient should look after, and where; (None, None) when all is well."""
    codes = backup_codes.overview(visit()) if visit().who.is_on else None
    if codes is None:
        return None, None
    regenerate_url = g.door.url("regenerate")
    if not codes.saved:
        where = g.door.url("setup.backup_codes") if codes.readable else regenerate_url
        return _("You have not confirmed yet that your backup codes are saved. Without them, a lost phone locks you out."), where
    if codes.few:
        return ngettext(
            "%(num)s backup code left. Generate a new set.", "%(num)s backup codes left. Generate a new set.", codes.left
        ), regenerate_url
    if codes.left < codes.total:
        return _(
            "You used a backup code: %(left)s left. Generate a new set, so that you always have ten.", left=codes.left
        ), regenerate_url
    return None, None


@blueprint.get("/account", endpoint="account")
def account_settings() -> Response:
    return profile.overview()


@blueprint.get("/account/security")
def security() -> Response:
    shown = account.security(visit())
    return page("patient/security.html", notice=_("Two-factor authentication is on.") if "on" in request.args else None, **shown)


@blueprint.get("/account/security/confirm")
def ask_reauthenticate() -> Response:
    if visit().who.is_fresh(visit().now):
        return go_to(place_after())
    return page("patient/reauthenticate.html", form=reauthentication_form()(), **reauthentication_context())


@blueprint.post("/account/security/confirm", endpoint="reauthenticate")
def submit_reauthenticate() -> Response:
    form = reauthentication_form()(request.form)
    context = reauthentication_context()
    if not form.validate():
        return refuse("patient/reauthenticate.html", form, **context)
    code = form.code.data if "code" in form else None
    try:
        token = flow.submit(visit(), form.password.data, code)
    except Refused as refused:
        field = "password" if refused.reason == flow.WRONG_PASSWORD or "code" not in form else "code"
        return refuse("patient/reauthenticate.html", form, refused, field, **context)
    renew_session(token)
    return go_to(place_after())


def reauthentication_form() -> type:
    return ReauthenticationForm if visit().who.is_on else PasswordForm


def place_after() -> str:
    return own_path(request.args.get("next")) or g.door.url("security")


def reauthentication_context() -> dict:
    return {
        "action": g.door.url("reauthenticate", next=own_path(request.args.get("next"))),
        "why": _("You are about to change how your account is protected, so we check that it is you."),
    }


@blueprint.get("/account/security/backup-codes")
def regenerate() -> Response:
    if not visit().who.is_on:
        return go("patient.security")
    return ask_again() or page("patient/regenerate.html", backup=backup_codes.overview(visit()))


@blueprint.post("/account/security/backup-codes")
def submit_regenerate() -> Response:
    if not visit().who.is_on:
        return go("patient.security")
    refused = ask_again()
    if refused:
        return refused
    backup_codes.regenerate(visit(), request.form.get("set", type=int))
    return go_to(g.door.url("setup.backup_codes"))
