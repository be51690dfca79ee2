"""Backup codes after set-up: reminders, and generating a new set. Nested in each side's blueprint."""

from flask import Blueprint, Response, request

from portal.blueprints.shared.guards import require_fresh_proof
from portal.blueprints.shared.sides import current_side
from portal.flows.factors import backup_codes as flow
from portal.flows.factors import holdings
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, render_page
from portal.web.rendering import translate as _
from portal.web.rendering import translate_plural as ngettext
from portal.words.marks import N_

LOSES_THE_PHONE = N_(
    "You haven't confirmed that your backup codes are saved. Without them, losing your phone would lock you out."
)
LOSES_A_DEVICE = N_("You haven't confirmed that your backup codes are saved. Without them, losing a device could lock you out.")

blueprint = Blueprint("codes", __name__)


def codes_reminder(codes: flow.Overview | None) -> tuple[str | None, str | None]:
    """The most urgent reminder about backup codes and the address to act on it; (None, None) if there is none."""
    if codes is None:
        return None, None
    regenerate_url = current_side().url("codes.regenerate")
    if not codes.kept:
        where = current_side().url("setup.backup_codes") if codes.readable else regenerate_url
        return _(LOSES_A_DEVICE if holdings.has_keys(request_context().user.user_id) else LOSES_THE_PHONE), where
    if codes.few:
        return ngettext(
            "%(num)s backup code left. Generate a new set.", "%(num)s backup codes left. Generate a new set.", codes.left
        ), regenerate_url
    if codes.left < codes.total:
        return _("You used a backup code: %(left)s left. Generate a new set to have ten again.", left=codes.left), regenerate_url
    return None, None


@blueprint.get("")
def regenerate() -> Response:
    if not request_context().user.is_on:
        return redirect_to_path(current_side().url("security"))
    return require_fresh_proof() or render_page("account/regenerate.html", backup=flow.codes_overview(request_context()))


@blueprint.post("")
def submit_regenerate() -> Response:
    if not request_context().user.is_on:
        return redirect_to_path(current_side().url("security"))
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    flow.regenerate_codes(request_context(), request.form.get("set", type=int))
    return redirect_to_path(current_side().url("setup.backup_codes"))
