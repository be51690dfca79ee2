"""Forms for verification codes and backup codes."""

import re

from wtforms import Field, HiddenField, StringField
from wtforms.validators import ValidationError

from portal.answers import BACKUP_CODE, CODE, Answer
from portal.forms.base import ShapedForm
from portal.forms.sign_in import PasswordForm
from portal.settings import config
from portal.typed import LOOKALIKES, strip_separators
from portal.words.refusals import N_

BACKUP_CODE_CHARACTERS = frozenset(config.BACKUP_CODE_ALPHABET)


BEFORE_A_CODE = re.compile(r"\W*(?:CODE)?\W*(?:([0-9]{1,2})\W*)?")  # its number, and a box, a quote, or our label
BEFORE_A_CODE_MAX = 16
SETUP_KEY = re.compile(r"[A-Z2-7]{32}")  # 160 bits in base32
AFTER_A_CODE = "\"'”’»)]"


def squeeze_code(typed: str) -> str:
    """The code in canonical form: no spaces, dashes, dots, or invisible characters; digits of any script as 0-9; upper case (WD-5).

    Of a whole text message of ours, pasted as it came, the code in its last line (SM-10).
    """
    before, _, last = typed.rpartition(" #")
    sent = strip_separators(last)
    if is_digits(sent) and "@" in "".join(before.split()[-1:]):
        return sent
    return strip_separators(typed).upper()


def is_digits(code: str) -> bool:
    """Whether a squeezed code is six digits."""
    return len(code) == config.CODE_DIGITS and code.isascii() and code.isdigit()


def as_backup_code(code: str) -> str | None:
    """A squeezed code as a backup code (O read as 0, I and L as 1), or None if it doesn't have that shape.

    A copied line begins with the code's number ("10. XXXX-…"), which is dropped. The length tells it from the code's own digits.
    """
    code = code.rstrip(AFTER_A_CODE)
    before = code[: -config.BACKUP_CODE_LENGTH]
    listed = BEFORE_A_CODE.fullmatch(before) if len(before) <= BEFORE_A_CODE_MAX else None
    if listed and (listed[1] is None or 1 <= int(listed[1]) <= config.BACKUP_CODES):
        code = code[-config.BACKUP_CODE_LENGTH :]
    read = code.translate(LOOKALIKES)
    has_shape = len(read) == config.BACKUP_CODE_LENGTH and BACKUP_CODE_CHARACTERS.issuperset(read)
    return read if has_shape else None


def is_several(code: str) -> bool:
    """Whether a squeezed text is long enough for two backup codes: a whole list, pasted. A setup key is as long, but is one thing."""
    return len(code) >= 2 * config.BACKUP_CODE_LENGTH and not SETUP_KEY.fullmatch(code)


class AnswerForm(ShapedForm):
    """A form for the answer to a method's question."""

    question = "code"  # the field that a refusal is shown beside

    @property
    def answer(self) -> Answer:
        """The answer; read it after validation."""
        raise NotImplementedError  # each form says what kind of answer it takes


class OwnQuestionForm(AnswerForm):
    """The base of a form for a method's own question. The method adds its field and `answer`."""

    authenticator = HiddenField()  # the id of the authenticator that is asked


class CodeForm(AnswerForm):
    """Six digits, as an app shows them. Validation squeezes `code.data`."""

    code = StringField(N_("Verification Code"))

    def validate_code(self, field: Field) -> None:
        field.data = squeeze_code(field.data or "")
        if not field.data:
            raise ValidationError("code_empty")
        if not is_digits(field.data):
            raise ValidationError("code_shape")

    @property
    def answer(self) -> Answer:
        return Answer(CODE, self.code.data)


class ChallengeForm(AnswerForm):
    """Six digits or a backup code, at sign-in (C-13)."""

    code = StringField(N_("Verification Code"))

    def validate_code(self, field: Field) -> None:
        field.data = squeeze_code(field.data or "")
        if not field.data:
            raise ValidationError("code_empty")
        if not is_digits(field.data) and as_backup_code(field.data) is None:
            raise ValidationError("backup_many" if is_several(field.data) else "code_or_backup_shape")

    @property
    def answer(self) -> Answer:
        code = self.code.data
        return Answer(CODE, code) if is_digits(code) else Answer(BACKUP_CODE, as_backup_code(code) or "")


class BackupCodeForm(AnswerForm):
    code = StringField(N_("Backup code"))
    empty = "backup_empty"

    def validate_code(self, field: Field) -> None:
        typed = squeeze_code(field.data or "")
        if not typed:
            raise ValidationError(self.empty)
        code = as_backup_code(typed)
        if code is None:
            raise ValidationError("backup_many" if is_several(typed) else "backup_shape")
        field.data = code

    @property
    def answer(self) -> Answer:
        return Answer(BACKUP_CODE, self.code.data)


class SavedCodeForm(BackupCodeForm):
    """The code asked for by its number, which the label names."""

    empty = "saved_empty"


class ReauthenticationForm(PasswordForm, ChallengeForm):
    """Password and second factor on one page (RA-1)."""
