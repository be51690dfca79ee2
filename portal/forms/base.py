"""Shapes of what people type. A form validates shape and names a reason; whether it is true is not its business."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

import re
from collections.abc import Callable

from wtforms import Field, Form, RadioField
from wtforms.validators import StopValidation, ValidationError

from portal.words.refusals import N_

SECRETS = re.compile(  # what has the shape of a backup code or a setup key
    r"\b[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}\b|\b[0-9A-Z]{4}(?: [0-9A-Z]{4}){3}\b"
    r"|\b(?=[a-z]*[0-9])[0-9a-z]{16}\b|\b(?:[0-9A-Z]{16}){1,2}\b",
    re.ASCII,
)


def filled(reason: str) -> Callable[[Form, Field], None]:
    """A validator: something was typed. Where nothing was, no other one of the field is asked."""

    def check(form: Form, field: Field) -> None:
        if not (field.data or "").strip():
            raise StopValidation(reason)

    return check


class ShapedForm(Form):
    """A form whose errors are reasons, one a field; the first that fails speaks."""


class MethodForm(ShapedForm):
    """The choice of a verification method; the choices are set by the page."""

    method = RadioField(N_("Verification method"), validate_choice=False)

    def validate_method(self, field: RadioField) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError("method_empty")
