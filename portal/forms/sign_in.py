"""Forms for signing in and for a new password."""

from wtforms import Field, PasswordField, StringField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm, filled
from portal.settings import config
from portal.typed import strip_separators
from portal.words.refusals import N_


class SignInForm(ShapedForm):
    username = StringField(N_("Username"), [filled("username_empty")])
    password = PasswordField(N_("Password"))

    def validate_password(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("password_empty")


class PasswordForm(ShapedForm):
    """Re-authentication while two-factor authentication is off."""

    password = PasswordField(N_("Current password"))

    def validate_password(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("password_empty")


class PairForm(ShapedForm):
    """The number to compare, which a new browser shows. Validation leaves its digits in the field."""

    number = StringField(N_("Number on its page"))

    def validate_number(self, field: Field) -> None:
        field.data = strip_separators(field.data or "")
        if not field.data:
            raise ValidationError("pair_empty")
        if len(field.data) != config.CONFIRMATION_DIGITS or not (field.data.isascii() and field.data.isdigit()):
            raise ValidationError("pair_shape")


class ForgotForm(ShapedForm):
    username = StringField(N_("Username or email address"), [filled("forgot_empty")])


def strip_invisible(typed: str) -> str:
    """The text with its lines, without invisible characters."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(
        "".join(character for character in line if character.isprintable() or character == "\t") for line in lines
    ).strip()


class LinkPasswordForm(ShapedForm):
    """The password asked for by an emailed link."""

    password = PasswordField(N_("Password"))

    def validate_password(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("password_empty")


class NewPasswordForm(ShapedForm):
    """One field, without a second one to confirm it (PW-6); portal/passwords.py decides what is refused."""

    new_password = PasswordField(N_("New password"))

    def validate_new_password(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("password_new_empty")
