"""What waits for a second approver, whatever kind it is: listed, looked at, approved or refused (AD-3, AD-6)."""

from typing import Protocol

from portal.flows import emergency_deciding, reset_approvals
from portal.flows.visit import Visit
from portal.flows.waiting import Waiting


class Kind(Protocol):
    """What the module of a kind offers. Each commits by itself, and raises Refused where another decided first."""

    def waiting(self, visit: Visit) -> list[Waiting]: ...

    def approve(self, visit: Visit, row_id: str) -> None: ...

    def refuse(self, visit: Visit, row_id: str) -> None: ...

    def missed(self, visit: Visit, row_id: str) -> None: ...


KINDS: dict[str, Kind] = {reset_approvals.KIND: reset_approvals, emergency_deciding.KIND: emergency_deciding}


def listed(visit: Visit) -> list[Waiting]:
    """What the visitor may decide, the oldest first."""
    return sorted((each for kind in KINDS.values() for each in kind.waiting(visit)), key=lambda each: (each.asked_at, each.id))


def find(visit: Visit, kind: str, row_id: str) -> Waiting | None:
    """One of those, or None."""
    return next((each for each in listed(visit) if (each.kind, each.id) == (kind, row_id)), None)


def miss(visit: Visit, kind: str, row_id: str) -> None:
    """What was asked for waits no longer, or never did for the visitor. Raises Refused: why, and who was first."""
    if kind in KINDS:
        KINDS[kind].missed(visit, row_id)


def decide(visit: Visit, kind: str, row_id: str, approved: bool) -> None:
    """Approve or refuse it. Raises Refused."""
    chosen = KINDS[kind]
    if approved:
        chosen.approve(visit, row_id)
    else:
        chosen.refuse(visit, row_id)
