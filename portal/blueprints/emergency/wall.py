"""What an emergency session may open: charts to read, help, and sign-out. Everything else is a 403 page that says why (AD-6)."""

from flask import Response, g, request

from portal.flows.base.audit import record_event_alone
from portal.flows.emergency import read as flow
from portal.web.browser_session import request_context, session_user
from portal.web.headers import SAFE_METHODS
from portal.web.rendering import render_page

CHARTS = ("provider.charts", "provider.chart")
EXITS = ("appearance.submit", "emergency.end_now", "sign_in.sign_out", "sign_in.extend", "reports.content_policy")
# Anybody may read these; the entry pages of each side redirect to the charts.
OPEN_BLUEPRINTS = ("help", "appearance", "sign_in", "emergency", "test_bench")


def refuse_outside_emergency() -> Response | None:
    """A before_request: None if the page may be opened. An allowlist, so a new route is closed by default."""
    user = session_user()
    if user is None or not user.is_emergency or request.endpoint in EXITS:
        return None
    reads = request.method in SAFE_METHODS
    if reads and (request.endpoint in (None, "static") or request.blueprint in OPEN_BLUEPRINTS):
        return None
    g.grant = flow.running_grant(request_context())
    if reads and g.grant and request.endpoint in CHARTS:
        return None
    if g.grant and not reads:
        flow.refuse_write(request_context(), g.grant.id)
    else:
        record_event_alone(request_context(), "authz_fail", "read_only")
    return render_page("errors/read_only.html", 403)
