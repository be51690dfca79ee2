"""What waits for a second approver, whatever kind it is: listed, looked at, approved or refused (AD-3, AD-6)."""

from portal.flows.emergency_deciding import EMERGENCY_ACCESS
from portal.flows.reset_approvals import RESET
from portal.flows.visit import Visit
from portal.flows.waiting import Waiting

KINDS = {kind.name: kind for kind in (RESET, EMERGENCY_ACCESS)}


def listed(visit: Visit) -> list[Waiting]:
    """What the visitor may decide, the oldest first."""
    return sorted(
        (each for kind in KINDS.values() for each in kind.list_waiting(visit)), key=lambda each: (each.asked_at, each.id)
    )


def find(visit: Visit, kind: str, row_id: str) -> Waiting | None:
    """One of those, or None."""
    return next((each for each in listed(visit) if (each.kind, each.id) == (kind, row_id)), None)


def miss(visit: Visit, kind: str, row_id: str) -> None:
    """What was asked for waits no longer, or never did for the visitor. Raises Refused: why, and who was first."""
    if kind in KINDS:
        KINDS[kind].explain_gone(visit, row_id)


def decide(visit: Visit, kind: str, row_id: str, approved: bool) -> None:
    """Approve or refuse it. Raises Refused."""
    chosen = KINDS[kind]
    if approved:
        chosen.approve(visit, row_id)
    else:
        chosen.refuse(visit, row_id)
