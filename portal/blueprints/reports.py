"""Where browsers report what the content policy blocked (HD-2): one line in the log, nothing stored."""

import logging

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest

from portal.flows.events import one_line

blueprint = Blueprint("reports", __name__)
log = logging.getLogger(__name__)
REPORTS_READ = 5


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


def word(body: dict, name: str) -> str:
    """One value of a report as a short line."""
    return one_line(str(body.get(name, "")), 120)
