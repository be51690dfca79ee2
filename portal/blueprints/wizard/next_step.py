"""Whose turn it is in the wizard: its blueprint, without an address of its own, and the step that is due."""

from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _

from portal.blueprints.shared.sides import current_side
from portal.flows.factors import backup_codes as codes_flow
from portal.flows.factors import setup as flow
from portal.methods import method
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path


def progress(now: int) -> dict[str, Any]:
    """Where the person is. A change ends with its proof: the backup codes stay as they are."""
    names = [_("Choose"), _("Connect"), _("Save codes")]
    return {"now": now, "names": names[:2] if now < 3 and request_context().who.is_on else names}


def redirect_in_wizard(endpoint: str, **values: Any) -> Response:
    """Another page of the wizard, behind the same side."""
    return redirect_to_path(url_for(f".{endpoint}", **values))


def redirect_to_due_step() -> Response:
    """Out of turn: to the step that is due."""
    binding = flow.open_binding(request_context())
    chosen = method(binding.method) if binding and flow.is_binding_due(request_context(), binding) else None
    if chosen and binding and current_side().policy.allows(chosen):
        return redirect_in_wizard("step", method_name=chosen.name, step_name=chosen.due(binding.step).name)
    if not request_context().who.is_on:
        return redirect_in_wizard("choose")
    codes = codes_flow.codes_overview(request_context())
    waiting = codes is not None and codes.readable and not codes.saved
    return redirect_in_wizard("backup_codes") if waiting else redirect_to_path(current_side().url("security"))


def redirect_to_due_step_afresh() -> Response:
    """As `due`, for the second of two presses: the first may have turned it on since this request was let in."""
    codes = codes_flow.codes_overview(request_context())
    return redirect_in_wizard("backup_codes") if codes and codes.readable else redirect_to_due_step()
