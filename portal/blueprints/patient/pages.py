"""The patient portal: home, Account Settings, Security."""

from flask import Blueprint, Response, abort

from portal.blueprints.account import backup_codes as codes_pages
from portal.blueprints.account import profile
from portal.blueprints.account.nest import nest
from portal.blueprints.patient import disable
from portal.blueprints.shared.flash import finished_context, read_flash
from portal.blueprints.shared.guards import guard_side, require_code
from portal.blueprints.shared.sides import PATIENT_SIDE, current_side
from portal.flows.account import browsers, health_record, new_browsers, security_page
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.calendar_file import write_calendar
from portal.web.rendering import redirect_to, redirect_to_path, render_page

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


disable.add_pages(blueprint)  # routed on this side only
