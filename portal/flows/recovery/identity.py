"""How support checks who somebody is: the proofs it accepts, what each is worth, and when a second person decides (RC-1, RC-5, AD-3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.db import db
from portal.flows.base import recent_changes
from portal.flows.base.context import RequestContext
from portal.flows.factors.on_file import unseal_contact
from portal.flows.resets.decide import SECOND_PERSON_REASONS
from portal.models import User
from portal.words.refusals import N_

CALL_BACK = "call_back"
# What is checked, and its worth; config.IDENTITY_WORTH is due. Never what others may know, such as a date of birth (RC-5).
IDENTITY_PROOFS: dict[str, tuple[str, int]] = {
    "video_id": (N_("Compared their photo ID with them on a video call"), 2),
    "practice_id": (
        N_("Their practice compared their photo ID with them in person, and told us when we called its listed number"),
        2,
    ),
    CALL_BACK: (N_("Called the number on file, and they answered with their call-back words"), 1),
    "colleague": (N_("Someone at their practice knows them, and told us by name when we called its listed number"), 1),
}
STAFF, CONTACT_CHANGED, PASSWORD_BY_MAIL = "staff", "contact_changed", "password_by_mail"
SECOND_REASONS = {
    STAFF: N_("This account opens patients' data or the support console."),
    **{key: SECOND_PERSON_REASONS[key] for key in (CONTACT_CHANGED, PASSWORD_BY_MAIL)},
}


@dataclass(frozen=True)
class Proof:
    """One line of the checklist. `why_not`: why it counts for nothing here, or ""; the page translates both."""

    key: str
    label: str
    worth: int
    why_not: str = ""


NO_NUMBER = N_("No number is on file.")
NEW_NUMBER = N_("The number on file changed less than 72 hours ago, so a call to it shows nothing.")


def list_proofs(context: RequestContext, user: User) -> list[Proof]:
    """The checklist for one person. A number that changed lately may be a thief's."""
    why_no_call = why_no_call_back(context, user)
    return [Proof(key, *each, why_not=why_no_call if key == CALL_BACK else "") for key, each in IDENTITY_PROOFS.items()]


def why_no_call_back(context: RequestContext, user: User) -> str:
    """Why a call to the number on file shows nothing, or ""; the page translates it."""
    if not unseal_contact(context, user, "phone"):
        return NO_NUMBER
    return NEW_NUMBER if recent_changes.has_changed(context, user.id, recent_changes.NUMBER) else ""


def has_number(context: RequestContext, user_id: int) -> bool:
    """Whether support can call somebody at a number that shows something."""
    return not why_no_call_back(context, db.session.get_one(User, user_id))


def worth(checks: Sequence[str]) -> int:
    """What these checks add up to; unknown ones are worth nothing, and none counts twice."""
    return sum(IDENTITY_PROOFS[key][1] for key in set(checks) if key in IDENTITY_PROOFS)


def needs_second(context: RequestContext, user: User) -> str | None:
    """Why one person may not approve alone: a key of SECOND_REASONS, or None (AD-3)."""
    if user.role != "patient":
        return STAFF
    if recent_changes.has_changed(context, user.id, *recent_changes.CONTACTS):
        return CONTACT_CHANGED
    return PASSWORD_BY_MAIL if recent_changes.has_mailed_password(context, user.id) else None
