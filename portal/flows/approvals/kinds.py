"""Requests that wait for a second person, of every kind: listed, shown, approved or refused (AD-3, AD-6)."""

from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import PendingDecision
from portal.flows.emergency.decide import EMERGENCY_ACCESS
from portal.flows.recovery.decide import RECOVERY
from portal.flows.resets.decide import RESET

KINDS = {kind.name: kind for kind in (RESET, EMERGENCY_ACCESS, RECOVERY)}


def list_requests(context: RequestContext) -> list[PendingDecision]:
    """The requests that the visitor may decide, oldest first."""
    return sorted(
        (each for kind in KINDS.values() for each in kind.list_pending_requests(context)),
        key=lambda each: (each.asked_at, each.id),
    )


def find_request(context: RequestContext, kind: str, row_id: str) -> PendingDecision | None:
    """One request that the visitor may decide, or None."""
    return next((each for each in list_requests(context) if (each.kind, each.id) == (kind, row_id)), None)


def refuse_missed_request(context: RequestContext, kind: str, row_id: str) -> None:
    """Explain why a request is not pending for the visitor. Raises Refused, with the person who decided first."""
    if kind in KINDS:
        KINDS[kind].explain_gone(context, row_id)


def decide_request(context: RequestContext, kind: str, row_id: str, approved: bool, number: str = "") -> None:
    """Approve or refuse a request. Raises Refused, NumberRefused if the typed number is wrong, ProofDue if an approval has no proof."""
    request_kind = KINDS[kind]
    if approved:
        request_kind.approve(context, row_id, number)
    else:
        request_kind.refuse(context, row_id)
