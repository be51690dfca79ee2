"""Reports from browsers about content policy violations (HD-2), and from gateways about the delivery of texts."""

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
STATE_NAMES = ("state", "status", "MessageStatus")  # what different gateways call the field


@blueprint.post("/reports/content-policy")
def content_policy() -> tuple[str, int]:
    """Log what a browser blocked. Exempt from CSRF: the report changes nothing."""
    try:
        sent = request.get_json(force=True)
    except (BadRequest, RecursionError):  # not JSON, or nested too deeply
        return "", 400
    for report in sent[:REPORTS_READ] if isinstance(sent, list) else []:
        body = report.get("body") if isinstance(report, dict) else None
        if isinstance(body, dict):
            log.warning(
                "content policy: %s blocked %s",
                field_text(body, "effectiveDirective"),
                field_text(body, "blockedURL").partition("?")[0],
            )
    return "", 204


def field_text(body: dict[str, Any], name: str) -> str:
    """One value of a report as a short, single line."""
    return one_line(str(body.get(name, "")), 120)


@blueprint.post("/reports/texts/<token>")
def text(token: str) -> tuple[str, int]:
    """A delivery report as a form, as JSON, or in the query string."""
    return record_report(token, {**json_body(), **request.form, **non_empty(request.args)})


@blueprint.get("/reports/texts/<token>")
def text_by_get(token: str) -> tuple[str, int]:
    """The same for gateways that only send GET, such as Kannel; an exception to "GET never writes" (decision 10)."""
    return record_report(token, request.args)


def record_report(token: str, fields: Mapping[str, Any]) -> tuple[str, int]:
    """Store the state. 404 for an unknown token, so guesses learn nothing."""
    state = next((str(fields[name]) for name in STATE_NAMES if fields.get(name)), "")
    known = flow.take_report(current_app.extensions["keys"], request_time(), token, state)
    return ("", 204) if known else ("", 404)


def json_body() -> dict[str, Any]:
    """The JSON object that was posted, or {}."""
    try:
        sent = request.get_json(silent=True)
    except RecursionError:
        return {}
    return sent if isinstance(sent, dict) else {}


def non_empty(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields with a value: our address ends in "state=", empty if the gateway posts the state."""
    return {name: value for name, value in fields.items() if value}
