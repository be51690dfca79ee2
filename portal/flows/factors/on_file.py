"""The contacts on file, and the confirmation of a phone number by a code sent to it."""

from portal.crypto import SealBroken
from portal.flows.base.context import RequestContext
from portal.models import User


def unseal_contact(context: RequestContext, user: User, column: str) -> str:
    """A sealed column of the user in the clear; "" if it is empty or cannot be decrypted."""
    try:
        return user.unseal(context.keys, column) or ""
    except SealBroken:
        return ""


def mask_email(address: str) -> str:
    """m•••@example.test: enough to recognize, not enough to write to."""
    name, at, host = address.partition("@")
    return f"{name[:1]}•••{at}{host}" if at else ""


def confirm_phone(context: RequestContext, user: User, number: str) -> None:
    """Confirm the number on file, in the caller's transaction, after a code sent to `number` proved it.

    If no number is on file, this one is stored. A different number stays: people may be called on another phone than gets codes.
    """
    on_file = unseal_contact(context, user, "phone")
    if not on_file:
        user.seal(context.keys, "phone", number)
    if on_file in ("", number):
        user.phone_confirmed_at = context.now
