"""The wizard's last step: show, print, download, and hand over backup codes, and prove that they are saved."""

from typing import Any

from flask import Response, make_response, render_template, request

from portal.blueprints.shared.flash import redirect_and_say
from portal.blueprints.shared.guards import landing_url
from portal.blueprints.shared.sides import current_side
from portal.blueprints.wizard import blueprint
from portal.blueprints.wizard.next_step import progress, redirect_in_wizard, redirect_to_due_step
from portal.flows.account import security_page
from portal.flows.factors import backup_codes as codes_flow
from portal.flows.factors import holdings
from portal.forms.codes import SavedCodeForm
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_out_of_step, redirect_to_path, refuse_form, render_page
from portal.web.rendering import translate as _
from portal.web.template_context import absolute_url
from portal.words.refusals import Refused

# Each side's address that is short to type from paper.
SIGN_IN = {"patient": "sign_in.open_patient_portal", "provider": "sign_in.open_ehr", "support": "support.cases.queue"}


def readable_codes() -> dict[str, Any] | None:
    """The template's variables for the codes' pages; None if the codes can't be read anymore, or not yet."""
    user = request_context().user
    if not user.is_on or user.second_factor_at is None:
        return None
    found = codes_flow.readable_codes(request_context())
    if found is None:
        return None
    return {
        "codes": found.codes,
        "set_number": found.number,
        "made_at": found.made_at,
        "account_hint": found.account_hint,
        "practice": found.practice,
        "has_administrator": bool(security_page.administrator_names(request_context())),
        "sign_in_at": absolute_url(SIGN_IN[current_side().blueprint]).partition("://")[2].rstrip("/"),
        "progress": progress(3),
        "sealed_copy": current_side().policy.hands_over_copy,
        "has_keys": holdings.has_keys(user.user_id),
    }


@blueprint.get("/backup-codes")
def backup_codes() -> Response:
    shown = readable_codes()
    return render_page("wizard/backup_codes.html", **shown) if shown else not_readable()


@blueprint.get("/backup-codes/sheet")
def sheet() -> Response:
    """The printable sheet as its own page, for browsers without JavaScript."""
    shown = readable_codes()
    return render_page("wizard/sheet.html", **shown) if shown else not_readable()


@blueprint.get("/backup-codes/sealed-copy")
def sealed_copy() -> Response:
    """A second sheet, for a sealed envelope that the practice administrator keeps (C-6)."""
    shown = readable_codes()
    return render_page("wizard/sealed_copy.html", **shown) if shown and shown["sealed_copy"] else not_readable()


@blueprint.post("/backup-codes")
def submit_backup_codes() -> Response:
    """ "I have saved my backup codes", with a checkbox for the sealed copy."""
    if "sealed_copy" in request.form and current_side().policy.hands_over_copy:
        codes_flow.hand_over_sealed_copy(request_context())
    return redirect_in_wizard("prove")


@blueprint.get("/backup-codes/download")
def download() -> Response:
    """The codes as a text file."""
    shown = readable_codes()
    if not shown:
        return not_readable()
    response = make_response(render_template("wizard/codes.txt", brand=current_side().brand, **shown))
    name = f"{current_side().brand['name'].lower()}-backup-codes-set-{shown['set_number']}-{shown['made_at']:%Y-%m-%d}.txt"
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def not_readable() -> Response:
    return redirect_to_path(current_side().url("security")) if request_context().user.is_on else redirect_to_due_step()


def prove_context(form: SavedCodeForm) -> dict[str, Any] | None:
    """The template's variables for asking for one code by its number; None if there is nothing to prove."""
    codes = codes_flow.codes_overview(request_context()) if request_context().user.is_on else None
    if codes is None or codes.saved:
        return None
    form.code.label.text = _("Code %(number)s", number=codes.asked_number)
    return {
        "number": codes.asked_number,
        "readable": codes.readable,
        "is_first": is_first(codes),
        "asks_copy": current_side().policy.hands_over_copy and codes.sealed_copy_given_at is None,
        "progress": progress(3),
    }


@blueprint.get("/backup-codes/check")
def prove() -> Response:
    form = SavedCodeForm()
    context = prove_context(form)
    return render_page("wizard/prove.html", form=form, **context) if context else not_readable()


@blueprint.post("/backup-codes/check")
def submit_prove() -> Response:
    form = SavedCodeForm(request.form)
    context = prove_context(form)
    if context is None:
        return not_readable()
    if not form.validate():
        return refuse_form("wizard/prove.html", form, **context)
    try:
        codes_flow.confirm_saved(
            request_context(), form.code.data, copy_given=context["asks_copy"] and "sealed_copy" in request.form
        )
    except Refused as refused:
        return refuse_form("wizard/prove.html", form, refused, "code", **context)
    if context["is_first"] and current_side().policy.must_use:
        return redirect_out_of_step(landing_url())
    return redirect_and_say("security", "on" if context["is_first"] else "saved")


def is_first(codes: codes_flow.Overview) -> bool:
    """Whether this set was made when two-factor authentication was turned on.

    Told by its time, which is that of turning on: no extra column, and a later turn-on or a reset is recognized too.
    """
    return codes.made_at == request_context().user.two_factor_since


@blueprint.post("/backup-codes/later")
def later() -> Response:
    """ "Do this later": the home page reminds the person, and the codes stay readable until they expire."""
    codes_flow.postpone_saving(request_context())
    codes = codes_flow.codes_overview(request_context())
    if not codes or not is_first(codes):
        return redirect_to_path(current_side().url("security"))
    return redirect_out_of_step(landing_url()) if current_side().policy.must_use else redirect_and_say("security", "on")
