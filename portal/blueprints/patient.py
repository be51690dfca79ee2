"""The patient portal: home, Account Settings, Security; the set-up wizard is nested here."""

from flask import Blueprint, Response, g, request
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import config
from portal.blueprints import authenticators, presence, profile, setup
from portal.blueprints.done import go_and_say, said
from portal.blueprints.doors import PATIENT_DOOR, ask_again, ask_code, guard
from portal.browser_session import own_path, visit
from portal.flows import account, backup_codes, sign_in, turn_off
from portal.flows import presence as presence_flow
from portal.flows import reauthenticate as flow
from portal.flows.ways import ways, without_texts
from portal.forms import NewPasswordForm, PasswordForm, ReauthenticationForm
from portal.messages import Refused
from portal.rendering import go, go_to, page, refuse, renew_session, say

blueprint = Blueprint("patient", __name__)
blueprint.before_request(guard(PATIENT_DOOR))
blueprint.register_blueprint(setup.blueprint, url_prefix="/account/security/two-factor")
blueprint.register_blueprint(authenticators.blueprint, url_prefix="/account/security/authenticators")
blueprint.register_blueprint(presence.blueprint, url_prefix="/account/security")
blueprint.register_blueprint(profile.blueprint, url_prefix="/account")


@blueprint.get("/home")
def home() -> Response:
    codes = backup_codes.overview(visit()) if visit().who.is_on else None
    if codes is not None and codes.left == 0:
        return go_to(g.door.url("regenerate"))  # C-8: without a code a lost phone locks the person out, so a new set comes first
    record = account.health_record(visit())
    reminder, url = remind(codes)
    return page("patient/home.html", reminder=reminder, reminder_url=url, invited=account.is_invited(visit()), **record)


@blueprint.post("/home/invitation")
def dismiss_invitation() -> Response:
    account.dismiss_invitation(visit())
    return go("patient.home")


def remind(codes: backup_codes.Overview | None) -> tuple[str | None, str | None]:
    """The one thing that a patient should look after, and where; (None, None) when all is well."""
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
    again = ask_code()
    if again:
        return again
    shown = {**account.security(visit()), "presence": presence_flow.overview(visit())}
    who, backup = visit().who, shown["backup"]
    notice = said(on=who.is_on, off=not who.is_on, saved=backup is not None and backup.saved)
    return page("patient/security.html", notice=notice, url=g.door.url, places_shown=config.PLACES_SHOWN, **shown)


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
    is_trusted = visit().who.is_trusted
    missing = without_texts(visit()) if visit().who.is_on else None
    change = _("You are about to change how your account is protected, so we check that it is you.")
    trusted = _(
        "You trust this browser, so no code was asked when you signed in. How your account is protected opens to a code alone."
    )
    return {
        "action": g.door.url("reauthenticate", next=own_path(request.args.get("next"))),
        "ways": ways(visit()) if visit().who.is_on else [],
        "send_url": g.door.url("send_code", next=own_path(request.args.get("next"))),
        "texts_off": say(missing) if missing else None,
        "why": trusted if is_trusted else change,
        "cancel_url": g.door.url("account" if is_trusted else "security"),
    }


@blueprint.post("/account/security/confirm/send")
def send_code() -> Response:
    """A text for this confirmation."""
    try:
        sign_in.send_code(visit(), request.form.get("way", ""))
    except Refused as refused:
        form = reauthentication_form()()
        return refuse(
            "patient/reauthenticate.html", form, refused, "code" if "code" in form else "", **reauthentication_context()
        )
    return go_to(g.door.url("reauthenticate", next=own_path(request.args.get("next"))))


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


# --- Disable: only here, so that no other door has it


def before_disable() -> Response | None:
    """Where it cannot be turned off, or a code comes first: a trusted browser's session shows one (C-7)."""
    who = visit().who
    if not who.is_on or not g.door.policy.may_turn_off:
        return go_to(g.door.url("security"))
    return ask_again() if who.second_factor_at is None else None


@blueprint.get("/account/security/disable")
def disable() -> Response:
    return before_disable() or page("patient/disable.html", form=PasswordForm(), generation=visit().who.generation)


@blueprint.post("/account/security/disable")
def submit_disable() -> Response:
    elsewhere = before_disable()
    if elsewhere:
        return elsewhere
    form = PasswordForm(request.form)
    context: dict = {"generation": visit().who.generation}
    if not form.validate():
        return refuse("patient/disable.html", form, **context)
    if request.form.get("generation", type=int) != visit().who.generation:
        return refuse("patient/disable.html", form, Refused("changed_meanwhile"), **context)
    try:
        is_off = turn_off.submit(visit(), form.password.data)
    except Refused as refused:
        return refuse("patient/disable.html", form, refused, "password", **context)
    except turn_off.OutOfTurn:
        return go_to(g.door.url("disable"))
    return go_and_say("security", "off") if is_off else go_to(g.door.url("replace_password"))


@blueprint.get("/account/security/disable/password")
def replace_password() -> Response:
    """A short password was enough beside a code; alone it is not (PW-1)."""
    elsewhere = before_disable()
    if elsewhere:
        return elsewhere
    if not turn_off.awaits_password(visit()):
        return go_to(g.door.url("disable"))
    return page("patient/replace_password.html", form=NewPasswordForm())


@blueprint.post("/account/security/disable/password")
def submit_replace_password() -> Response:
    elsewhere = before_disable()
    if elsewhere:
        return elsewhere
    form = NewPasswordForm(request.form)
    if not form.validate():
        return refuse("patient/replace_password.html", form)
    try:
        turn_off.submit_longer(visit(), form.new_password.data)
    except Refused as refused:
        return refuse("patient/replace_password.html", form, refused, "new_password")
    except turn_off.OutOfTurn:
        return go_to(g.door.url("disable"))
    return go_and_say("security", "off")
