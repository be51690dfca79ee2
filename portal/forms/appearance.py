"""The choice of colors."""

from wtforms import RadioField, ValidationError

from portal.forms.base import ShapedForm
from portal.words.refusals import N_

AUTOMATIC = "auto"  # as the device has them
SCHEMES = {AUTOMATIC: N_("Automatic"), "light": N_("Light"), "dark": N_("Dark")}


class AppearanceForm(ShapedForm):
    """Light, dark, or automatic."""

    scheme = RadioField(N_("Colors"), validate_choice=False)

    def validate_scheme(self, field: RadioField) -> None:
        if field.data not in SCHEMES:
            raise ValidationError("scheme_empty")
