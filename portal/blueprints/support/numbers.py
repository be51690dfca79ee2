"""Waiting times of account recovery, measured. Nested in the support console."""

from datetime import timedelta

from flask import Blueprint, Response

from portal.flows.recovery.numbers import ENDINGS, measure
from portal.references import format_reference
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.language import current_locale
from portal.web.rendering import render_page
from portal.words import times
from portal.words.refusals import N_

blueprint = Blueprint("numbers", __name__)
# How a case ended; one in any other state is open.
ENDED = dict(zip(ENDINGS, (N_("Done"), N_("Refused"), N_("Stopped"), N_("Expired")), strict=True))


@blueprint.get("")
def show() -> Response:
    """How long people wait, in all and case by case; it names nobody."""
    return render_page(
        "support/numbers.html",
        numbers=measure(request_context()),
        shown=config.RECOVERY_MEASURED_SHOWN,
        days=config.RECOVERY_MEASURED.days,
        ended=ENDED,
        length=write_length,
        reference=format_reference,
    )


def write_length(of: timedelta) -> str:
    return times.length(of, current_locale())
