"""What the test bench's pages share: their blueprint, and the row of tabs. Each module of this package adds its pages to it."""

from typing import Any

from flask import Blueprint, current_app, request
from flask_wtf.csrf import CSRFError

from portal.web.errors import form_expired
from portal.words.refusals import N_

blueprint = Blueprint("test_bench", __name__, url_prefix="/test-bench")
TABS = (
    ("test_bench.people", N_("People")),
    ("test_bench.phone", N_("Phones")),
    ("test_bench.mailbox", N_("Mailbox")),
    ("test_bench.scenarios", N_("Scenarios")),
    ("test_bench.faults", N_("Faults and clock")),
    ("test_bench.gallery", N_("Gallery")),
)


@blueprint.context_processor
def list_tabs() -> dict[str, list[tuple[str, str]]]:
    """(endpoint, label) of each tab that has a page."""
    return {"bench_tabs": [tab for tab in TABS if tab[0] in current_app.view_functions]}


@blueprint.errorhandler(CSRFError)
def take_open_form(error: CSRFError) -> Any:
    """Take a form of the bench's own although its token is an earlier session's: 403 for any other.

    Signing in on the portal's pages, in another tab, renews the session under the bench's open pages. A browser alone writes
    Sec-Fetch-Site (W3C Fetch Metadata), so no other site can send such a form.
    """
    if request.endpoint is None or "csrf_token" not in request.form or request.headers.get("Sec-Fetch-Site") != "same-origin":
        return form_expired(error)
    return current_app.view_functions[request.endpoint](**(request.view_args or {}))
