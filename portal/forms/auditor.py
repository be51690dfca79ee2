"""The form for an auditor's folder: a period of whole days."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

from datetime import date

from wtforms import Field, StringField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm, filled
from portal.forms.practice import parse_day
from portal.words.refusals import N_


def read_day(field: Field, reason: str) -> date:
    """The day in a field. Raises ValidationError with the reason."""
    try:
        return parse_day((field.data or "").strip())
    except ValueError:
        raise ValidationError(reason) from None


class FolderForm(ShapedForm):
    """The first and the last day. The view sets `today` and `earliest`; validation sets `first` and `last`."""

    first_day = StringField(N_("First day"), [filled("folder_first_empty")])
    last_day = StringField(N_("Last day"), [filled("folder_last_empty")])
    today: date
    earliest: date
    first: date | None = None
    last: date | None = None

    def validate_first_day(self, field: Field) -> None:
        self.first = read_day(field, "folder_first_shape")
        if self.first > self.today:
            raise ValidationError("folder_future")
        if self.first < self.earliest:
            raise ValidationError("folder_early")

    def validate_last_day(self, field: Field) -> None:
        self.last = read_day(field, "folder_last_shape")
        if self.last > self.today:
            raise ValidationError("folder_future")
        if self.first and self.last < self.first:
            raise ValidationError("folder_order")
