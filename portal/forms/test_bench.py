"""Forms of the test bench: a phone's app and settings, and the search in its mailbox."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

import re
from typing import Any

from wtforms import BooleanField, FileField, SelectField, StringField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm, filled
from portal.settings import config
from portal.typed import strip_separators
from portal.words.refusals import N_

NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")  # E.164
POWERS = {"on": N_("On"), "dead": N_("Battery dead"), "lost": N_("Lost")}
MINUTES = re.compile("[-+\N{MINUS SIGN}]?[0-9]{1,5}")


class SetupKeyForm(ShapedForm):
    """An account in the phone's app, by its setup key."""

    label = StringField(N_("Account name"))
    key = StringField(N_("Setup key"), [filled("setup_key_empty")])


class PictureForm(ShapedForm):
    """A screenshot with a QR code."""

    picture = FileField(N_("Screenshot"))

    def validate_picture(self, field: FileField) -> None:
        if not (field.data and field.data.filename):
            raise ValidationError("picture_empty")


class PhoneForm(ShapedForm):
    """A phone's settings. `drift`: how many minutes its clock is fast, below 0 slow; 0 if it sets itself."""

    automatic = BooleanField(N_("Set Automatically"))
    drift = StringField(N_("Minutes"))
    network = BooleanField(N_("Network"))
    power = SelectField(N_("Phone"), validate_choice=False)
    number = StringField(N_("Number of its SIM card"))

    def __init__(self, *data: Any, **named: Any) -> None:
        super().__init__(*data, **named)
        self.power.choices = list(POWERS.items())

    def validate_drift(self, field: StringField) -> None:
        typed = "0" if self.automatic.data else (field.data or "0").strip()
        minutes = int(typed.replace("\N{MINUS SIGN}", "-")) if MINUTES.fullmatch(typed) else None
        if minutes is None or abs(minutes) > config.BENCH_DRIFT_MAX:
            raise ValidationError("drift_shape")
        self.minutes = minutes

    def validate_power(self, field: SelectField) -> None:
        if field.data not in POWERS:
            raise ValidationError("power_empty")

    def validate_number(self, field: StringField) -> None:
        number = re.sub(r"[()]", "", strip_separators(field.data or ""))
        if number and not NUMBER.fullmatch(number):
            raise ValidationError("card_shape")
        self.card = number


class MailSearchForm(ShapedForm):
    """Which emails to list."""

    q = StringField(N_("Search emails"))
