"""Forms of account recovery: the request, and the code from its email."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

from wtforms import Field, StringField, TextAreaField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm, looks_secret
from portal.forms.profile import EmailForm
from portal.forms.sign_in import strip_invisible
from portal.settings import config
from portal.typed import strip_separators
from portal.words.refusals import N_


class RecoveryForm(EmailForm):
    """A request: the registered address, the practice for providers, and what happened, as much as the person likes to say."""

    practice = StringField(N_("Practice"))
    story = TextAreaField(N_("What happened"))

    def validate_practice(self, field: Field) -> None:
        field.data = " ".join(strip_invisible(field.data or "").split())
        if len(field.data) > config.NAME_MAX:
            raise ValidationError("practice_long")

    def validate_story(self, field: Field) -> None:
        field.data = strip_invisible(field.data or "")
        if len(field.data) > config.RECOVERY_STORY_MAX:
            raise ValidationError("story_long")
        if looks_secret(field.data):
            raise ValidationError("story_secret")


class ReferenceForm(ShapedForm):
    """The number of a request, as people wrote it down."""

    reference = StringField(N_("Reference number"))


class MailedCodeForm(ShapedForm):
    """The code of eight digits, with spaces and dashes anywhere, in digits of any script."""

    code = StringField(N_("Code from the email"))

    def validate_code(self, field: Field) -> None:
        field.data = strip_separators(field.data or "")
        if not field.data:
            raise ValidationError("recovery_code_empty")
        if len(field.data) != config.RECOVERY_CODE_DIGITS or not (field.data.isascii() and field.data.isdigit()):
            raise ValidationError("recovery_code_shape")
