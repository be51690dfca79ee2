"""Shapes of what people type. A form validates shape and names a reason; whether it is true is not its business."""

import re
import unicodedata

from wtforms import Form, HiddenField, PasswordField, RadioField, StringField, TextAreaField
from wtforms.validators import StopValidation, ValidationError

from portal.answers import BACKUP_CODE, CODE, TEXT, Answer
from portal.settings import config
from portal.words.refusals import N_

LOOKALIKES = str.maketrans("OIL", "011")  # BC-8: Crockford's alphabet has no O, I or L
EMAIL = re.compile(
    r"(?!-)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]",
    re.IGNORECASE,
)
SECRETS = re.compile(  # what has the shape of a backup code or a setup key
    r"\b[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}\b|\b[0-9A-Z]{4}(?: [0-9A-Z]{4}){3}\b"
    r"|\b(?=[a-z]*[0-9])[0-9a-z]{16}\b|\b(?:[0-9A-Z]{16}){1,2}\b",
    re.ASCII,
)
NAME_SIGNS = frozenset("'’‘-‐\u200c\u200d")  # the last two join letters in Persian and in scripts of India
BACKUP_CODE_CHARACTERS = frozenset(config.BACKUP_CODE_ALPHABET)


def squeeze_code(typed: str) -> str:
    """What was meant: no spaces, dashes or invisible marks, digits of any script as 0-9, upper case (WD-5)."""
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
    """A squeezed code as a backup code (O read as 0, I and L as 1), or None where its shape is another."""
    meant = code.translate(LOOKALIKES)
    fits = len(meant) == config.BACKUP_CODE_LENGTH and BACKUP_CODE_CHARACTERS.issuperset(meant)
    return meant if fits else None


def filled(reason: str):
    """A validator: something was typed. Where nothing was, no other one of the field is asked."""

    def check(form, field) -> None:
        if not (field.data or "").strip():
            raise StopValidation(reason)

    return check


class ShapedForm(Form):
    """A form whose errors are reasons, one a field; the first that fails speaks."""


class AnswerForm(ShapedForm):
    """A form that takes an answer to a method's question."""

    question = "code"  # the field that a refusal of the answer stands beside

    @property
    def answer(self) -> Answer:
        """The answer, once the form is validated."""
        raise NotImplementedError


class OwnQuestionForm(AnswerForm):
    """What a method's own question sends, and whose it is. The method adds its field, and the answer."""

    way = HiddenField()  # the authenticator


class SignInForm(ShapedForm):
    username = StringField(N_("Username"), [filled("username_empty")])
    password = PasswordField(N_("Password"))

    def validate_password(self, field) -> None:
        if not field.data:
            raise ValidationError("password_empty")


class PasswordForm(ShapedForm):
    """Re-authentication where no second factor is on."""

    password = PasswordField(N_("Current password"))

    def validate_password(self, field) -> None:
        if not field.data:
            raise ValidationError("password_empty")


class CodeForm(AnswerForm):
    """Six digits: what an app shows. `code.data` is squeezed once it is validated."""

    code = StringField(N_("Verification Code"))

    def validate_code(self, field) -> None:
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

    def validate_code(self, field) -> None:
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

    def validate_code(self, field) -> None:
        meant = as_backup_code(squeeze_code(field.data or ""))
        if not (field.data or "").strip():
            raise ValidationError(self.empty)
        if meant is None:
            raise ValidationError("backup_shape")
        field.data = meant

    @property
    def answer(self) -> Answer:
        return Answer(BACKUP_CODE, self.code.data)


class SavedCodeForm(BackupCodeForm):
    """The code asked for by number; its label names the number."""

    empty = "saved_empty"


class ReauthenticationForm(PasswordForm, ChallengeForm):
    """Password and second factor on one page (RA-1)."""


class LabelForm(ShapedForm):
    """The name of an authenticator."""

    name = StringField(N_("Name"))

    def validate_name(self, field) -> None:
        field.data = " ".join("".join(c if c.isprintable() else " " for c in field.data or "").split())
        if not field.data:
            raise ValidationError("label_empty")
        if len(field.data) > config.LABEL_MAX:
            raise ValidationError("label_long")


class MethodForm(ShapedForm):
    """The choice of a verification method; the choices are set by the page."""

    method = RadioField(N_("Verification method"), validate_choice=False)

    def validate_method(self, field) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError("method_empty")


class NameForm(ShapedForm):
    """A person's name. It stands in mails, also to addresses that are not confirmed yet: nothing in it becomes a link there."""

    full_name = StringField(N_("Name"), [filled("name_empty")])

    def validate_full_name(self, field) -> None:
        field.data = " ".join(unicodedata.normalize("NFC", field.data).split())
        if len(field.data) > config.NAME_MAX:
            raise ValidationError("name_long")
        if not is_name(field.data):
            raise ValidationError("name_signs")


def is_name(text: str) -> bool:
    """Letters and a few digits of any script, spaces, hyphens and apostrophes; a full stop or comma at the end of a word only."""
    words = [word.removesuffix(",").removesuffix(".") for word in text.split(" ")]
    has_letter = any(letter.isalpha() for letter in text)
    digits = sum(unicodedata.category(each) == "Nd" for each in text)
    return (
        has_letter and digits <= config.NAME_DIGITS and all(words) and all(is_name_sign(each) for word in words for each in word)
    )


def is_name_sign(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] in "LM" or category == "Nd" or sign in NAME_SIGNS


class EmailForm(ShapedForm):
    email = StringField(N_("Email address"), [filled("email_empty")])

    def validate_email(self, field) -> None:
        field.data = unicodedata.normalize("NFKC", field.data).strip()
        if not field.data.isascii():
            raise ValidationError("email_letters")
        if len(field.data) > config.EMAIL_MAX or not EMAIL.fullmatch(field.data):
            raise ValidationError("email_shape")


class PhoneForm(AnswerForm):
    """A number as people type it; portal/phones.py reads it."""

    phone = StringField(N_("Mobile phone number"), [filled("phone_empty")])

    @property
    def answer(self) -> Answer:
        return Answer(TEXT, self.phone.data)


class ForgotForm(ShapedForm):
    username = StringField(N_("Username or email address"), [filled("forgot_empty")])


def seen_signs(typed: str) -> str:
    """Several lines as they were typed, but for signs that cannot be seen."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(sign for sign in line if sign.isprintable() or sign == "\t") for line in lines).strip()


class NoteForm(ShapedForm):
    """A short note in a chart."""

    note = TextAreaField(N_("Note"), [filled("note_empty")])

    def validate_note(self, field) -> None:
        field.data = seen_signs(field.data)
        if not field.data:
            raise ValidationError("note_empty")
        if len(field.data) > config.NOTE_MAX:
            raise ValidationError("note_long")


class LinkPasswordForm(ShapedForm):
    """The password beside a mailed link."""

    password = PasswordField(N_("Password"))

    def validate_password(self, field) -> None:
        if not field.data:
            raise ValidationError("password_empty")


class NewPasswordForm(ShapedForm):
    """One field and no second one to confirm it (PW-6); portal/passwords.py says what is refused."""

    new_password = PasswordField(N_("New password"))

    def validate_new_password(self, field) -> None:
        if not field.data:
            raise ValidationError("password_new_empty")


class ChangePasswordForm(NewPasswordForm, PasswordForm):
    """The current password beside the new one (PW-9)."""


class ChangePasswordWithCodeForm(NewPasswordForm, ReauthenticationForm):
    """The same with a second factor."""
