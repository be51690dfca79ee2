"""The switches for faults on the test bench."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm
from portal.gateways import KEPT, REFUSED, UNREACHABLE
from portal.settings import config
from portal.words.refusals import N_

ANSWERS = {KEPT: N_("Accepts everything"), REFUSED: N_("Refuses for good"), UNREACHABLE: N_("Does not answer")}
REPORTS = {"": N_("No report"), "delivered": N_("It was delivered"), "undelivered": N_("It was not delivered")}


def read_number(typed: str | None, most: int, reason: str) -> int:
    """A whole number from 0 up; raises ValidationError(reason)."""
    text = (typed or "0").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise ValidationError(reason)
    return int(text)


class FaultsForm(ShapedForm):
    """How one gateway answers. After validation `seconds` and `until_report` are numbers."""

    delay = StringField(N_("Seconds until it answers"))
    answer = RadioField(N_("How it answers"), validate_choice=False)
    twice = BooleanField(N_("Delivers each message twice"))

    seconds = until_report = 0

    def __init__(self, *data: Any, **named: Any) -> None:
        super().__init__(*data, **named)
        self.answer.choices = list(ANSWERS.items())

    def validate_delay(self, field: StringField) -> None:
        self.seconds = read_number(field.data, config.BENCH_DELAY_MAX, "delay_shape")

    def validate_answer(self, field: RadioField) -> None:
        if field.data not in ANSWERS:
            raise ValidationError("gateway_answer_empty")

    @property
    def switches(self) -> dict[str, Any]:
        """The switches, by their names in `flows/operator/bench/faults.py`."""
        return {"delay": self.seconds, "answer": self.answer.data, "twice": self.twice.data, "report": "", "minutes": 0}


class TextFaultsForm(FaultsForm):
    """The same for texts, which carriers report on."""

    report = SelectField(N_("What the carrier reports later"), validate_choice=False)
    minutes = StringField(N_("Minutes until the report"))

    def __init__(self, *data: Any, **named: Any) -> None:
        super().__init__(*data, **named)
        self.report.choices = list(REPORTS.items())

    def validate_report(self, field: SelectField) -> None:
        if field.data not in REPORTS:
            raise ValidationError("report_empty")

    def validate_minutes(self, field: StringField) -> None:
        self.until_report = read_number(field.data, config.BENCH_REPORT_MAX, "report_minutes_shape")

    @property
    def switches(self) -> dict[str, Any]:
        return {**super().switches, "report": self.report.data, "minutes": self.until_report}
