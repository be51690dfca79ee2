"""Forms of the EHR's pages: search, deadline, reason, note."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from wtforms import Field, Form, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm, filled, looks_secret
from portal.forms.sign_in import strip_invisible
from portal.settings import config
from portal.typed import strip_separators
from portal.words.refusals import N_

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class ReasonForm(ShapedForm):
    """The reason given for a request that others decide on."""

    reason = TextAreaField(N_("Reason"), [filled("reason_empty")])

    def validate_reason(self, field: Field) -> None:
        field.data = strip_invisible(field.data)
        if not field.data:
            raise ValidationError("reason_empty")
        if len(field.data) > config.REASON_MAX:
            raise ValidationError("reason_long")


class ClaimantReasonForm(ReasonForm):
    """The same from somebody who has not shown a code."""

    def validate_reason(self, field: Field) -> None:
        super().validate_reason(field)
        if looks_secret(field.data):
            raise ValidationError("reason_secret")


class ResetForm(ReasonForm):
    """The reason for a reset, and how the person's identity was verified (AD-2). The view sets the choices."""

    checks = SelectMultipleField(N_("How you checked who they are"), validate_choice=False)

    def validate_checks(self, field: Field) -> None:
        known = dict(field.choices)
        field.data = [name for name in known if name in (field.data or ())]
        if not field.data:
            raise ValidationError("checks_empty")


class NumberForm(ShapedForm):
    """The number that the requester of emergency access reads out. Validation leaves its digits in the field."""

    number = StringField(N_("Number they read to you"))

    def validate_number(self, field: Field) -> None:
        field.data = strip_separators(field.data or "")
        if not field.data:
            raise ValidationError("number_empty")
        if len(field.data) != config.EMERGENCY_NUMBER_DIGITS or not (field.data.isascii() and field.data.isdigit()):
            raise ValidationError("number_shape")


class ChoiceField(StringField):
    """One of several choices (value, label); an unknown value becomes the first."""

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, default=choices[0][0], **kwargs)
        self.choices = choices

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = valuelist[0] if valuelist and valuelist[0] in dict(self.choices) else self.default


class TeamForm(ShapedForm):
    """The filter of Security Status. It comes from the address, so nothing is refused; read it with `asked`."""

    q = StringField(N_("Search team members"))
    state = ChoiceField(
        N_("Two-factor authentication"),
        choices=[("", N_("All")), ("on", N_("On")), ("off", N_("Off")), ("reset", N_("Reset"))],
    )
    sort = ChoiceField(
        N_("Sort by"),
        choices=[
            ("name", N_("Name")),
            ("state", N_("Off and reset first")),
            ("last_sign_in", N_("Last sign-in, newest first")),
            ("codes", N_("Backup codes, fewest first")),
        ],
    )

    def asked(self) -> dict[str, str]:
        """The filter by name; the search text is cut to one line of a name's length."""
        typed = "".join(
            character if character.isprintable() else " " for character in unicodedata.normalize("NFC", self.q.data or "")
        )
        self.q.data = " ".join(typed.split())[: config.NAME_MAX]
        return {"state": self.state.data, "search": self.q.data, "sort": self.sort.data}


def parse_whole_number(reason: str, most: int) -> Callable[[Form, Field], None]:
    """A validator for a whole number from 0 to `most` in digits of any script; it leaves 0-9 in the field."""

    def check(form: Form, field: Field) -> None:
        typed = "".join(str(unicodedata.decimal(character, character)) for character in (field.data or "").strip())
        if not typed.isascii() or not typed.isdigit() or len(typed) > 4 or int(typed) > most:
            raise ValidationError(reason)
        field.data = typed

    return check


def parse_day(typed: str) -> date:
    """The date of YYYY-MM-DD. ISO 8601 also has weeks and dates without dashes; they are rejected. Raises ValueError."""
    if not DAY.fullmatch(typed):
        raise ValueError
    return date.fromisoformat(typed)


class DeadlineForm(ShapedForm):
    """A practice's set-up deadline, and the grace after it. The view sets `today`; validation sets `chosen`."""

    day = StringField(N_("Setup deadline"))
    days = StringField(N_("Extra days"), [parse_whole_number("grace_days", config.GRACE_DAYS_MAX)])
    sign_ins = StringField(N_("Extra sign-ins"), [parse_whole_number("grace_sign_ins", config.GRACE_SIGN_INS_MAX)])
    today: date
    chosen: date

    def validate_day(self, field: Field) -> None:
        if not (field.data or "").strip():
            raise ValidationError("deadline_empty")
        try:
            self.chosen = parse_day(field.data.strip())
        except ValueError:
            raise ValidationError("deadline_shape") from None
        if self.chosen < self.today:
            raise ValidationError("deadline_past")
        if self.chosen > self.today + config.DEADLINE_AHEAD:
            raise ValidationError("deadline_far")


class NoteForm(ShapedForm):
    """A short note in a chart."""

    note = TextAreaField(N_("Note"), [filled("note_empty")])

    def validate_note(self, field: Field) -> None:
        field.data = strip_invisible(field.data)
        if not field.data:
            raise ValidationError("note_empty")
        if len(field.data) > config.NOTE_MAX:
            raise ValidationError("note_long")
