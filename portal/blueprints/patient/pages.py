"""The patient portal: home, Account Settings, Security, Disable."""

from typing import Any

from flask import Blueprint, Response, abort, request

from portal.blueprints.account import backup_codes as codes_pages
from portal.blueprints.account import profile
from portal.blueprints.account.nest import nest
from portal.blueprints.shared.flash import finished_context, read_flash, redirect_and_say
from portal.blueprints.shared.guards import guard_side, require_code, require_fresh_proof
from portal.blueprints.shared.pauses import pause_context, refuse_answer
from portal.blueprints.shared.sides import PATIENT_SIDE, current_side
from portal.flows.account import browsers, health_record, new_browsers, security_page
from portal.flows.base import throttle
from portal.flows.factors import holdings, setup, turn_off
from portal.forms.sign_in import NewPasswordForm, PasswordForm
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.calendar_file import write_calendar
from portal.web.rendering import redirect_to, redirect_to_path, refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("patient", __name__)
blueprint.before_request(guard_side(PATIENT_SIDE))
nest(
    blueprint,
    "/account/security",
    can_end=(browsers.SESSIONS, browsers.TRUSTED),
    policy=PATIENT_SIDE.policy,
    profile_prefix="/account",
)


@blueprint.get("/home")
def home() -> Response:
    record, codes = health_record.load_home(request_context())
    if codes is not None and codes.left == 0:  # C-8: with no codes left, losing the phone locks the person out
        return redirect_to_path(current_side().url("codes.regenerate"))
    reminder, url = codes_pages.codes_reminder(codes)
    return render_page(
        "patient/home.html", reminder=reminder, reminder_url=url, invited=security_page.is_invited(request_context()), **record
    )


@blueprint.get("/home/appointments/<int:appointment_id>.ics")
def calendar_file(appointment_id: int) -> Response:
    """One of the visitor's own appointments as a file for a calendar."""
    visit = health_record.find_appointment(request_context(), appointment_id) or abort(404)
    response = Response(write_calendar(visit, request_context().host, request_context().now), mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="appointment-{visit.local:%Y-%m-%d}.ics"'
    return response


@blueprint.post("/home/invitation")
def dismiss_invitation() -> Response:
    security_page.dismiss_invitation(request_context())
    return redirect_to("patient.home")


@blueprint.get("/account", endpoint="account")
def account_settings() -> Response:
    return profile.overview("patient/account.html")


@blueprint.get("/account/security")
def security() -> Response:
    step_up = require_code()
    if step_up:
        return step_up
    shown = security_page.security_page(request_context())
    user, backup = request_context().user, shown["backup"]
    notice = read_flash(on=user.is_on, off=not user.is_on, saved=backup is not None and backup.saved)
    return render_page(
        "patient/security.html",
        notice=notice,
        **finished_context(),
        url=current_side().url,
        places_shown=config.PLACES_SHOWN,
        confirming=new_browsers.find_choice(request_context()),
        **shown,
    )


# --- Disable: routed on this side only


def redirect_unless_disable_allowed() -> Response | None:
    """None if the person may disable now. A session let in by a trusted browser needs a code first (C-7)."""
    user = request_context().user
    if not user.is_on or not current_side().policy.may_turn_off:
        return redirect_to_path(current_side().url("security"))
    return require_fresh_proof() if user.second_factor_at is None else None


def disable_context() -> dict[str, Any]:
    """What the form carries: a change of the factors, or "Keep it on", since it was opened ends it."""
    pause = pause_context(throttle.pause_left(request_context()), current_side().url("disable"))
    user = request_context().user
    said = {"has_keys": holdings.has_keys(user.user_id)}
    return {"generation": user.generation, "asked_at": request_context().now.timestamp(), **said, **pause}


@blueprint.get("/account/security/disable")
def disable() -> Response:
    return redirect_unless_disable_allowed() or render_page("patient/disable.html", form=PasswordForm(), **disable_context())


@blueprint.post("/account/security/disable")
def submit_disable() -> Response:
    redirect = redirect_unless_disable_allowed()
    if redirect:
        return redirect
    form = PasswordForm(request.form)
    context, asked_at = disable_context(), request.form.get("asked_at", 0.0, type=float)
    if not form.validate():
        return refuse_answer("patient/disable.html", form, None, "", **context)
    if request.form.get("generation", type=int) != request_context().user.generation:
        return refuse_form("patient/disable.html", form, Refused("changed_meanwhile"), **context)
    try:
        is_off = turn_off.submit_turn_off(request_context(), form.password.data, asked_at)
    except Refused as refused:
        return refuse_answer("patient/disable.html", form, refused, "password", **context)
    except setup.StepNotDue:
        return redirect_to_path(current_side().url("disable"))
    return redirect_and_say("security", "off") if is_off else redirect_to_path(current_side().url("replace_password"))


@blueprint.post("/account/security/disable/keep")
def keep_on() -> Response:
    """ "Keep it on": leave either page and discard what was begun. Needs no proof."""
    turn_off.keep_on(request_context())
    return redirect_to_path(current_side().url("security"))


def redirect_unless_password_due() -> Response | None:
    """The same for the page that asks for a longer password: only after a correct password that is too short (PW-1)."""
    due = None if turn_off.awaits_password(request_context()) else redirect_to_path(current_side().url("disable"))
    return redirect_unless_disable_allowed() or due


@blueprint.get("/account/security/disable/password")
def replace_password() -> Response:
    """A short password is enough with a second factor, not on its own (PW-1)."""
    return redirect_unless_password_due() or render_page("patient/replace_password.html", form=NewPasswordForm())


@blueprint.post("/account/security/disable/password")
def submit_replace_password() -> Response:
    redirect = redirect_unless_password_due()
    if redirect:
        return redirect
    form = NewPasswordForm(request.form)
    if not form.validate():
        return refuse_form("patient/replace_password.html", form)
    try:
        turn_off.submit_longer(request_context(), form.new_password.data)
    except Refused as refused:
        return refuse_form("patient/replace_password.html", form, refused, "new_password")
    except setup.StepNotDue:
        return redirect_to_path(current_side().url("disable"))
    return redirect_and_say("security", "off")
