"""Forms for verification codes and backup codes."""

import unicodedata

from wtforms import Field, HiddenField, StringField
from wtforms.validators import ValidationError

from portal.answers import BACKUP_CODE, CODE, Answer
from portal.forms.base import ShapedForm
from portal.forms.sign_in import PasswordForm
from portal.settings import config
from portal.words.refusals import N_

LOOKALIKES = str.maketrans("OIL", "011")  # BC-8: Crockford's alphabet has no O, I, or L
BACKUP_CODE_CHARACTERS = frozenset(config.BACKUP_CODE_ALPHABET)


def squeeze_code(typed: str) -> str:
    """The code in canonical form: no spaces, dashes, or invisible characters; digits of any script as 0-9; upper case (WD-5)."""
    kept = []
    for character in unicodedata.normalize("NFKC", typed):
        if character.isspace() or unicodedata.category(character) in ("Pd", "Cf"):
            continue
        digit = unicodedata.decimal(character, None)
        kept.append(character.upper() if digit is None else str(digit))
    return "".join(kept)


def is_digits(code: str) -> bool:
    """Whether a squeezed code is six digits."""
    return len(code) == config.CODE_DIGITS and code.isascii() and code.isdigit()


def as_backup_code(code: str) -> str | None:
    """A squeezed code as a backup code (O read as 0, I and L as 1), or None if it doesn't have that shape."""
    read = code.translate(LOOKALIKES)
    has_shape = len(read) == config.BACKUP_CODE_LENGTH and BACKUP_CODE_CHARACTERS.issuperset(read)
    return read if has_shape else None


class AnswerForm(ShapedForm):
    """A form for the answer to a method's question."""

    question = "code"  # the field that a refusal is shown beside

    @property
    def answer(self) -> Answer:
        """The answer; read it after validation."""
        raise NotImplementedError  # each form says what kind of answer it takes


class OwnQuestionForm(AnswerForm):
    """The base of a form for a method's own question. The method adds its field and `answer`."""

    way = HiddenField()  # the id of the authenticator that is asked


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
            raise ValidationError("code_or_backup_shape")

    @property
    def answer(self) -> Answer:
        code = self.code.data
        return Answer(CODE, code) if is_digits(code) else Answer(BACKUP_CODE, as_backup_code(code) or "")


class BackupCodeForm(AnswerForm):
    code = StringField(N_("Backup code"))
    empty = "backup_empty"

    def validate_code(self, field: Field) -> None:
        code = as_backup_code(squeeze_code(field.data or ""))
        if not (field.data or "").strip():
            raise ValidationError(self.empty)
        if code is None:
            raise ValidationError("backup_shape")
        field.data = code

    @property
    def answer(self) -> Answer:
        return Answer(BACKUP_CODE, self.code.data)


class SavedCodeForm(BackupCodeForm):
    """The code asked for by its number, which the label names."""

    empty = "saved_empty"


class ReauthenticationForm(PasswordForm, ChallengeForm):
    """Password and second factor on one page (RA-1)."""
