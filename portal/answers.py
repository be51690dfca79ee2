"""What a person answers a question with. The form that took it says what kind it is and, if it can, whose it is. Pure."""

from dataclasses import dataclass, field

CODE = "code"  # six digits: of an app, of a text; whose they are is found by trying
BACKUP_CODE = "backup_code"
KEY = "key"  # what a key, a device or a program answers, as it came
TEXT = "text"  # what a set-up asks for and is no proof: a number, a name


@dataclass(frozen=True)
class Answer:
    """An answer of one kind. It is tried on, and charged to, only the authenticators that it is for."""

    kind: str
    value: str = field(repr=False)  # never in a log or an exception
    authenticator_id: str | None = None  # None: any that takes this kind


NO_ANSWER = Answer(BACKUP_CODE, "")  # what is missing counts as a wrong one
