"""Base classes and validators. A form validates shape and names a reason; whether the input is true is for flows."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

import re
import unicodedata
from collections.abc import Callable

from wtforms import Field, Form, RadioField
from wtforms.validators import StopValidation, ValidationError

from portal.words.refusals import N_

SECRETS = re.compile(  # shapes of backup codes and setup keys
    r"\b[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}\b|\b[0-9A-Z]{4}(?: [0-9A-Z]{4}){3}\b"
    r"|\b(?=[a-z]*[0-9])[0-9a-z]{16}\b|\b(?:[0-9A-Z]{16}){1,2}\b",
    re.ASCII,
)
LIVE_CODE = re.compile(  # six digits alone, and no part of a phone number
    r"(?<![\w+-])(?:\d{3}[ -]?\d{3}|(?<!\d[ .-])\d(?:[ .-]\d){5}(?![ .-]\d))(?![\w-]|[ ]\d)"
)


def looks_secret(text: str) -> bool:
    """Whether a text holds the shape of a backup code, a setup key, or a verification code, in digits and letters of any script.

    For people who are not signed in with a code. What others write is compared: see `portal/flows/factors/shared_secrets.py`.
    """
    folded = "".join(str(unicodedata.decimal(each, each)) for each in unicodedata.normalize("NFKC", text))
    return bool(SECRETS.search(folded) or LIVE_CODE.search(folded))


def filled(reason: str) -> Callable[[Form, Field], None]:
    """A validator for required input; if it is missing, the field's other validators don't run."""

    def check(form: Form, field: Field) -> None:
        if not (field.data or "").strip():
            raise StopValidation(reason)

    return check


class ShapedForm(Form):
    """A form whose errors are reasons; a field shows its first one."""


class MethodForm(ShapedForm):
    """The choice of a verification method; the view sets the choices."""

    method = RadioField(N_("Verification method"), validate_choice=False)

    def validate_method(self, field: RadioField) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError("method_empty")
