"""Profile: one page for each thing that can be changed. Nested in the blueprint of each side that has one."""

from typing import Any

from flask import Blueprint, Response, abort, current_app, request, url_for

from portal.blueprints.shared import kept_input
from portal.blueprints.shared.flash import read_flash, redirect_and_say
from portal.blueprints.shared.guards import require_fresh_proof
from portal.blueprints.shared.sides import current_side
from portal.flows.account import addresses
from portal.flows.account import profile as flow
from portal.flows.factors import reauthenticate
from portal.flows.factors.challenges import needs_challenge_page
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.flows.sign_in import new_password
from portal.forms.base import ShapedForm
from portal.forms.profile import (
    ChangePasswordForm,
    ChangePasswordWithCodeForm,
    EmailForm,
    LanguageForm,
    NameForm,
    PhoneForm,
    TimeZoneForm,
)
from portal.forms.sign_in import NewPasswordForm
from portal.web.browser_session import request_context
from portal.web.language import current_language, current_locale, keep_choice, language_names
from portal.web.rendering import refuse_form, render_page, renew_session
from portal.words import places
from portal.words.refusals import Refused
from portal.zones import find_zone

blueprint = Blueprint("profile", __name__)
# The sentences for a refused number differ here: no code is sent to it, and on some sides no text ever is.
REASONS_ON_FILE = {"phone_country": "phone_country_on_file"}
REASONS_WITHOUT_TEXTS = {reason: f"{reason}_no_texts" for reason in ("phone_country", "phone_extension", "phone_landline")}


def overview(template: str) -> Response:
    """The Profile page; its route and template belong to the side."""
    return render_page(template, profile=flow.profile_overview(request_context()), notice=read_flash())


def redirect_to_profile(done: str) -> Response:
    return redirect_and_say("account", done)


# --- name


@blueprint.get("/name")
def name() -> Response:
    return render_page("account/profile/name.html", form=NameForm(data={"full_name": request_context().user.full_name}))


@blueprint.post("/name")
def submit_name() -> Response:
    form = NameForm(request.form)
    if not form.validate():
        return refuse_form("account/profile/name.html", form)
    try:
        refuse_secrets(request_context(), {"full_name": form.full_name.data})
    except Refused as refused:
        return refuse_form("account/profile/name.html", form, refused)
    flow.change_name(request_context(), form.full_name.data)
    return redirect_to_profile("name")


# --- language


def language_form(**values: Any) -> LanguageForm:
    """The form with the languages to choose from; 404 if there is no choice."""
    form = LanguageForm(**values)
    form.language.choices = language_names() or abort(404)
    return form


@blueprint.get("/language")
def language() -> Response:
    return render_page("account/profile/language.html", form=language_form(data={"language": current_language()}))


@blueprint.post("/language")
def submit_language() -> Response:
    form = language_form(formdata=request.form)
    if not form.validate():
        return refuse_form("account/profile/language.html", form)
    keep_choice(form.language.data)
    flow.change_language(request_context(), form.language.data)
    return redirect_to_profile("language")


# --- time zone


@blueprint.get("/time-zone")
def time_zone() -> Response:
    return render_page("account/profile/time_zone.html", form=TimeZoneForm(data={"time_zone": chosen_zone()}), **zone_context())


@blueprint.post("/time-zone")
def submit_time_zone() -> Response:
    form = TimeZoneForm(request.form)
    if not form.validate():
        return refuse_form("account/profile/time_zone.html", form, **zone_context())
    flow.change_time_zone(request_context(), form.time_zone.data or None)
    return redirect_to_profile("time_zone")


def chosen_zone() -> str:
    """The visitor's choice; "" if there is none, or it has vanished from the data."""
    name = request_context().user.time_zone
    return name if name and find_zone(name) else ""


def zone_context() -> dict[str, Any]:
    regions = places.list_places(current_locale())
    listed = {place.name for cities in regions.values() for place in cities}
    return {"regions": regions, "listed": listed, "chosen": chosen_zone()}


# --- addresses


def address_context(is_first: bool) -> dict[str, Any]:
    return {"is_first": is_first, "action": url_for(".submit_email" if is_first else ".submit_address")}


@blueprint.get("/email")
def email() -> Response:
    return require_fresh_proof() or render_page(
        "account/profile/email.html", form=EmailForm(data=kept_input.load_input()), **address_context(is_first=True)
    )


@blueprint.post("/email")
def submit_email() -> Response:
    return require_fresh_proof() or ask_address(is_first=True)


@blueprint.get("/addresses")
def address() -> Response:
    return require_fresh_proof() or render_page(
        "account/profile/email.html", form=EmailForm(data=kept_input.load_input()), **address_context(is_first=False)
    )


@blueprint.post("/addresses")
def submit_address() -> Response:
    return require_fresh_proof() or ask_address(is_first=False)


def ask_address(is_first: bool) -> Response:
    """Email a confirmation link to a new first or additional address; nothing changes until it is opened."""
    form = EmailForm(request.form)
    context = address_context(is_first)
    if not form.validate():
        return refuse_form("account/profile/email.html", form, **context)
    try:
        addresses.ask_address(request_context(), form.email.data, is_first)
    except Refused as refused:
        return refuse_form("account/profile/email.html", form, refused, "email", **context)
    return redirect_to_profile("email" if is_first else "address")


@blueprint.get("/addresses/<address_id>/remove")
def remove_address(address_id: str) -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    found = addresses.find_address(request_context(), address_id) or abort(404)
    return render_page("account/profile/remove_address.html", address=found, action=request.path)


@blueprint.post("/addresses/<address_id>/remove")
def submit_remove_address(address_id: str) -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    if not addresses.remove_address(request_context(), address_id):
        abort(404)
    return redirect_to_profile("address_removed")


# --- number


@blueprint.get("/phone")
def phone() -> Response:
    return require_fresh_proof() or render_page("account/profile/phone.html", form=PhoneForm(data=kept_input.load_input()))


@blueprint.post("/phone")
def submit_phone() -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    form = PhoneForm(request.form)
    if not form.validate():
        return refuse_form("account/profile/phone.html", form)
    try:
        flow.change_phone(request_context(), form.phone.data, current_app.extensions["settings"].text_countries)
    except Refused as refused:
        others = REASONS_ON_FILE if current_side().policy.accepts_restricted else REASONS_WITHOUT_TEXTS
        if refused.reason in others:
            refused = Refused(others[refused.reason])
        return refuse_form("account/profile/phone.html", form, refused, "phone")
    return redirect_to_profile("phone")


# --- password


def password_form() -> type[NewPasswordForm]:
    """The form with a code if a step-up is due (PW-9, RA-1)."""
    user = request_context().user
    return ChangePasswordWithCodeForm if user.is_on and not user.is_fresh(request_context().now) else ChangePasswordForm


def require_confirm_page() -> Response | None:
    """Redirect to "Confirm it's you" if the code can't be asked for on this form (see `needs_challenge_page`)."""
    return require_fresh_proof() if request_context().user.is_on and needs_challenge_page(request_context()) else None


@blueprint.get("/password")
def password() -> Response:
    return require_confirm_page() or render_page("account/profile/password.html", form=password_form()())


@blueprint.post("/password")
def submit_password() -> Response:
    step_up = require_confirm_page()
    if step_up:
        return step_up
    form = password_form()(request.form)
    if not form.validate():
        return refuse_form("account/profile/password.html", form)
    answer = form.answer if "code" in form else None
    try:
        token = new_password.change_own_password(request_context(), form.password.data, answer, form.new_password.data)
    except Refused as refused:
        return refuse_form("account/profile/password.html", form, refused, field_for(refused, form))
    response = redirect_to_profile("password")
    renew_session(token)
    return response


def field_for(refused: Refused, form: ShapedForm) -> str:
    """The field that a refusal is shown beside."""
    if refused.reason in ("password_short", "password_long", "password_context", "password_common", "password_same"):
        return "new_password"
    if refused.reason == reauthenticate.WRONG_PASSWORD or "code" not in form:
        return "password"
    return "code"
