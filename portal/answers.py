"""Answers to a challenge. The form that read one sets its kind and, if known, the authenticator it is for. Pure."""

from dataclasses import dataclass, field

CODE = "code"  # six digits, from an app or a text; trying it shows which authenticator it is for
BACKUP_CODE = "backup_code"
KEY = "key"  # the response of a security key, device, or program, unchanged
TEXT = "text"  # setup input that proves nothing, such as a phone number or a name


@dataclass(frozen=True)
class Answer:
    """An answer of one kind. Only the authenticators it is for verify it and count it as an attempt."""

    kind: str
    value: str = field(repr=False)  # never in a log or an exception
    authenticator_id: str | None = None  # None: any authenticator that accepts this kind
    method: str | None = None  # if it is for every authenticator of one method: its name
