"""What "Confirm it's you" says of an act that needs a proof of its own: what is about to happen, and to whom."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import request

from portal.flows.account import security_page
from portal.flows.approvals import kinds
from portal.flows.base.context import Act, RequestContext
from portal.flows.recovery import decide
from portal.flows.resets import ask
from portal.settings import config
from portal.words.refusals import N_

TARGET_MAX = 64  # characters of a target in the address; ours have at most 41


@dataclass(frozen=True)
class Description:
    """What is about to happen, to translate, and whom or what it is about."""

    what: str
    who: str
    is_person: bool = True


def requested_act() -> Act | None:
    """The act that the address names; None if it names none."""
    name, target = request.args.get("act", ""), request.args.get("target", "").replace("\0", "\ufffd")  # PostgreSQL takes no NUL
    return Act(name, target) if name in DESCRIPTIONS and 0 < len(target) <= TARGET_MAX else None


def describe_act(context: RequestContext, act: Act) -> Description | None:
    """What the page says; None if the act is not the visitor's to do, or is over: its own page explains that."""
    return DESCRIPTIONS[act.name](context, act.target)


def describe_removal(context: RequestContext, target: str) -> Description | None:
    rows = security_page.own_authenticators(context)
    found = next((each for each in rows if each.id == target), None)
    if found is None or security_page.is_last(rows, found):
        return None
    return Description(N_("Remove this way to sign in"), found.name, is_person=False)


def describe_reset(context: RequestContext, target: str) -> Description | None:
    digits = target.partition(":")[0]
    user_id = int(digits) if digits.isdecimal() else config.ROW_ID_MAX + 1
    user = ask.find_subject(context, user_id) if user_id <= config.ROW_ID_MAX else None
    if user is None or ask.why_not_reset(context, user) or ask.resetting(user.id, user.generation).target != target:
        return None
    return Description(N_("Reset two-factor authentication"), user.full_name)


def describe_approval(context: RequestContext, target: str) -> Description | None:
    kind, _, row_id = target.partition(":")
    found = kinds.find_request(context, kind, row_id)
    return Description(found.title, found.about) if found else None


def describe_case(context: RequestContext, target: str) -> Description | None:
    name = decide.name_to_approve(context, target)
    return Description(N_("Approve this recovery request"), name) if name else None


DESCRIPTIONS: dict[str, Callable[[RequestContext, str], Description | None]] = {
    "remove": describe_removal,
    "reset": describe_reset,
    "approve": describe_approval,
    "case": describe_case,
}
