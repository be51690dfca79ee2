"""Whose turn it is in the wizard: its blueprint, without an address of its own, and the step that is due."""

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _

from portal.flows.factors import backup_codes as codes_flow
from portal.flows.factors import setup as flow
from portal.methods import method
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path

blueprint = Blueprint("setup", __name__)


def progress(now: int) -> dict:
    """Where the person is. A change ends with its proof: the backup codes stay as they are."""
    names = [_("Choose"), _("Connect"), _("Save codes")]
    return {"now": now, "names": names[:2] if now < 3 and request_context().who.is_on else names}


def go_here(endpoint: str, **values) -> Response:
    """Another page of the wizard, behind the same side."""
    return redirect_to_path(url_for(f".{endpoint}", **values))


def due() -> Response:
    """Out of turn: to the step that is due."""
    binding = flow.open_binding(request_context())
    chosen = method(binding.method) if binding and flow.is_binding_due(request_context(), binding) else None
    if chosen and binding and g.side.policy.allows(chosen):
        return go_here("step", method_name=chosen.name, step_name=chosen.due(binding.step).name)
    if not request_context().who.is_on:
        return go_here("choose")
    codes = codes_flow.codes_overview(request_context())
    waiting = codes is not None and codes.readable and not codes.saved
    return go_here("backup_codes") if waiting else redirect_to_path(g.side.url("security"))


def due_afresh() -> Response:
    """As `due`, for the second of two presses: the first may have turned it on since this request was let in."""
    codes = codes_flow.codes_overview(request_context())
    return go_here("backup_codes") if codes and codes.readable else due()
