"""Reports from outside: what the content policy blocked in a browser (HD-2), and what became of a text at its carrier."""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, request
from werkzeug.exceptions import BadRequest

from portal.flows.base.audit import one_line
from portal.flows.messages import delivery_reports as flow
from portal.web.browser_session import request_time

blueprint = Blueprint("reports", __name__)
log = logging.getLogger(__name__)
REPORTS_READ = 5
STATE_NAMES = ("state", "status", "MessageStatus")  # what gateways call it


@blueprint.post("/reports/content-policy")
def content_policy() -> tuple[str, int]:
    """A report carries no form of ours and changes nothing, so it needs no CSRF token."""
    try:
        sent = request.get_json(force=True)
    except (BadRequest, RecursionError):  # no JSON, or JSON nested deeper than any report
        return "", 400
    for report in sent[:REPORTS_READ] if isinstance(sent, list) else []:
        body = report.get("body") if isinstance(report, dict) else None
        if isinstance(body, dict):
            log.warning(
                "content policy: %s blocked %s", word(body, "effectiveDirective"), word(body, "blockedURL").partition("?")[0]
            )
    return "", 204


def word(body: dict[str, Any], name: str) -> str:
    """One value of a report as a short line."""
    return one_line(str(body.get(name, "")), 120)


@blueprint.post("/reports/texts/<token>")
def text(token: str) -> tuple[str, int]:
    """The gateway tells how a text ended: by a form, by JSON, or in the address."""
    return take(token, {**sent_json(), **request.form, **filled(request.args)})


@blueprint.get("/reports/texts/<token>")
def text_by_get(token: str) -> tuple[str, int]:
    """The same for gateways that know no POST, such as Kannel: the one address where a GET changes something."""
    return take(token, request.args)


def take(token: str, said: Mapping[str, Any]) -> tuple[str, int]:
    """Whoever has no token of ours learns nothing."""
    state = next((str(said[name]) for name in STATE_NAMES if said.get(name)), "")
    known = flow.take_report(current_app.extensions["keys"], request_time(), token, state)
    return ("", 204) if known else ("", 404)


def sent_json() -> dict[str, Any]:
    """The object that was posted as JSON, {} where it is none."""
    try:
        sent = request.get_json(silent=True)
    except RecursionError:
        return {}
    return sent if isinstance(sent, dict) else {}


def filled(fields: Mapping[str, str]) -> dict[str, str]:
    """Those that hold something: our address ends in "state=", and a gateway that posts its word adds nothing there."""
    return {name: value for name, value in fields.items() if value}
