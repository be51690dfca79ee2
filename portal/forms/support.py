"""Forms of the support console, and of the person who answers support: a note, a question, an answer, the checklist."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

from collections.abc import Callable

from wtforms import Field, Form, SelectMultipleField, TextAreaField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm, filled, looks_secret
from portal.forms.sign_in import strip_invisible
from portal.settings import config
from portal.words.refusals import N_


def written(name: str, most: int, takes_lookalikes: bool = True) -> Callable[[Form, Field], None]:
    """A validator for text: its reasons are `name`_empty and _long, and _secret for what looks like a code. It leaves the text
    without what cannot be seen.
    """

    def check(form: Form, field: Field) -> None:
        field.data = strip_invisible(field.data)
        if not field.data:
            raise ValidationError(f"{name}_empty")
        if len(field.data) > most:
            raise ValidationError(f"{name}_long")
        if not takes_lookalikes and looks_secret(field.data):
            raise ValidationError(f"{name}_secret")

    return check


class CaseNoteForm(ShapedForm):
    """An agent's note about a case."""

    note = TextAreaField(N_("Note"), [filled("note_empty"), written("note", config.NOTE_MAX)])


class QuestionForm(ShapedForm):
    """What support needs to know or see."""

    question = TextAreaField(N_("What you need"), [filled("question_empty"), written("question", config.REASON_MAX)])


class AnswerForm(ShapedForm):
    """The person's answer to support."""

    answer = TextAreaField(
        N_("Your answer"),
        [filled("answer_text_empty"), written("answer_text", config.RECOVERY_STORY_MAX, takes_lookalikes=False)],
    )


class ChecksForm(ShapedForm):
    """How the person's identity was checked so far, perhaps not at all. The view sets the choices."""

    checks = SelectMultipleField(N_("How you checked who they are"), validate_choice=False)

    def validate_checks(self, field: Field) -> None:
        known = dict(field.choices)
        field.data = [name for name in known if name in (field.data or ())]
