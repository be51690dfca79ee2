"""The wizard's progress, and redirects to the step that is due."""

from typing import Any

from flask import Response, url_for

from portal.blueprints.shared.sides import current_side
from portal.flows.factors import backup_codes as codes_flow
from portal.flows.factors import setup as flow
from portal.methods import Method, method, offered
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path
from portal.web.rendering import translate as _


def progress(now: int) -> dict[str, Any]:
    """The progress line. A change of method has no third step: its backup codes stay valid."""
    names = [_("Choose"), _("Connect"), _("Save codes")]
    return {"now": now, "names": names[:2] if now < 3 and request_context().user.is_on else names}


def offered_here() -> list[Method]:
    """The methods that this person may choose now: those of the side, and those that their practice has added."""
    return offered(current_side().policy, request_context().user.added)


def redirect_in_wizard(endpoint: str, **values: Any) -> Response:
    """Redirect to another page of the wizard, on the same side."""
    return redirect_to_path(url_for(f".{endpoint}", **values))


def redirect_to_due_step() -> Response:
    """Redirect to the step that is due, for a request out of turn."""
    binding = flow.open_binding(request_context())
    chosen = method(binding.method) if binding and flow.is_binding_due(request_context(), binding) else None
    if chosen and binding and chosen in offered_here():
        return redirect_in_wizard("step", method_name=chosen.name, step_name=chosen.due(binding.step).name)
    if chosen and binding and current_side().policy.allows(chosen):  # the practice has withdrawn it meanwhile
        return redirect_in_wizard("choose", change=binding.replaces, add=int(binding.is_extra) or None, withdrawn=1)
    if not request_context().user.is_on:
        return redirect_in_wizard("choose")
    codes = codes_flow.codes_overview(request_context())
    are_unsaved = codes is not None and codes.readable and not codes.saved
    return redirect_in_wizard("backup_codes") if are_unsaved else redirect_to_path(current_side().url("security"))


def redirect_after_race() -> Response:
    """The same for the second of two submissions: the first may have completed set-up since this request began."""
    codes = codes_flow.codes_overview(request_context())
    return redirect_in_wizard("backup_codes") if codes and codes.readable else redirect_to_due_step()
