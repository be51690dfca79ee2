"""The phone number on file, and its confirmation by a code that came back."""

from portal.crypto import SealBroken
from portal.flows.base.context import RequestContext
from portal.models import User


def unseal_phone(context: RequestContext, user: User, column: str) -> str:
    try:
        return user.unseal(context.keys, column) or ""
    except SealBroken:
        return ""


def confirm_phone(context: RequestContext, user: User, number: str) -> None:
    """A code that was sent to this number came back: where it is the one on file, or none was, it is confirmed.

    Part of the caller's transaction. Another number on file stays: where codes go and where people are called may differ.
    """
    on_file = unseal_phone(context, user, "phone")
    if not on_file:
        user.seal(context.keys, "phone", number)
    if on_file in (None, "", number):
        user.phone_confirmed_at = context.now
