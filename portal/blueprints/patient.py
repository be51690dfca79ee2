"""The patient portal: home, Account Settings, Security; the set-up wizard is nested here."""

from flask import Blueprint, Response, g, request

from portal.blueprints import authenticators, confirm, presence, profile, turns
from portal.blueprints import codes as codes_pages
from portal.blueprints.done import go_and_say, said
from portal.blueprints.doors import PATIENT_DOOR, ask_again, ask_code, guard
from portal.browser_session import visit
from portal.flows import account, backup_codes, setup, turn_off
from portal.flows import presence as presence_flow
from portal.forms.sign_in import NewPasswordForm, PasswordForm
from portal.rendering import go, go_to, page, refuse
from portal.settings import config
from portal.words.refusals import Refused

blueprint = Blueprint("patient", __name__)
blueprint.before_request(guard(PATIENT_DOOR))
blueprint.register_blueprint(turns.blueprint, url_prefix="/account/security/two-factor")
blueprint.register_blueprint(authenticators.blueprint, url_prefix="/account/security/authenticators")
blueprint.register_blueprint(confirm.blueprint, url_prefix="/account/security/confirm")
blueprint.register_blueprint(codes_pages.blueprint, url_prefix="/account/security/backup-codes")
blueprint.register_blueprint(
    presence.blueprint_for(presence_flow.SESSIONS, presence_flow.TRUSTED), url_prefix="/account/security"
)
blueprint.register_blueprint(profile.blueprint, url_prefix="/account")


@blueprint.get("/home")
def home() -> Response:
    codes = backup_codes.overview(visit()) if visit().who.is_on else None
    if codes is not None and codes.left == 0:
        return go_to(g.door.url("codes.regenerate"))  # C-8: without a code a lost phone locks the person out
    record = account.health_record(visit())
    reminder, url = codes_pages.remind(codes)
    return page("patient/home.html", reminder=reminder, reminder_url=url, invited=account.is_invited(visit()), **record)


@blueprint.post("/home/invitation")
def dismiss_invitation() -> Response:
    account.dismiss_invitation(visit())
    return go("patient.home")


@blueprint.get("/account", endpoint="account")
def account_settings() -> Response:
    return profile.overview("patient/account.html")


@blueprint.get("/account/security")
def security() -> Response:
    again = ask_code()
    if again:
        return again
    shown = {**account.security(visit()), "presence": presence_flow.overview(visit())}
    who, backup = visit().who, shown["backup"]
    notice = said(on=who.is_on, off=not who.is_on, saved=backup is not None and backup.saved)
    return page("patient/security.html", notice=notice, url=g.door.url, places_shown=config.PLACES_SHOWN, **shown)


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
    except setup.OutOfTurn:
        return go_to(g.door.url("disable"))
    return go_and_say("security", "off") if is_off else go_to(g.door.url("replace_password"))


@blueprint.post("/account/security/disable/keep")
def keep_on() -> Response:
    """ "Keep it on": the way out of both pages, and the end of what they began. It takes no proof."""
    turn_off.keep_on(visit())
    return go_to(g.door.url("security"))


def before_replacing() -> Response | None:
    """As before; and nobody replaces a password here whose own was long enough, or who has not shown it."""
    due = None if turn_off.awaits_password(visit()) else go_to(g.door.url("disable"))
    return before_disable() or due


@blueprint.get("/account/security/disable/password")
def replace_password() -> Response:
    """A short password was enough beside a code; alone it is not (PW-1)."""
    return before_replacing() or page("patient/replace_password.html", form=NewPasswordForm())


@blueprint.post("/account/security/disable/password")
def submit_replace_password() -> Response:
    elsewhere = before_replacing()
    if elsewhere:
        return elsewhere
    form = NewPasswordForm(request.form)
    if not form.validate():
        return refuse("patient/replace_password.html", form)
    try:
        turn_off.submit_longer(visit(), form.new_password.data)
    except Refused as refused:
        return refuse("patient/replace_password.html", form, refused, "new_password")
    except setup.OutOfTurn:
        return go_to(g.door.url("disable"))
    return go_and_say("security", "off")
