"""The simulated phone and mailbox. Registered only if the test bench is on."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app

from portal.flows.operator import test_bench
from portal.languages import SOURCE
from portal.web.browser_session import request_context, request_time
from portal.web.emails import split_paragraphs, write_email
from portal.web.language import offered_languages
from portal.web.rendering import render_page
from portal.words.refusals import N_

blueprint = Blueprint("test_bench", __name__, url_prefix="/test-bench")
STATES = {  # delivery state of a message: label, badge tone
    "waiting": (N_("Waiting"), "none"),
    "trying": (N_("Trying again"), "warn"),
    "sent": (N_("Sent"), "good"),
    "delivered": (N_("Delivered"), "good"),
    "held": (N_("Held back"), "bad"),
    "failed": (N_("Not sent"), "bad"),
}


@blueprint.get("")
def phone() -> Response:
    keys = current_app.extensions["keys"]
    emails = [describe_email(email) for email in test_bench.list_emails(keys, request_time())]
    return render_page(
        "test_bench/phone.html",
        phones=test_bench.list_phones(request_context()),
        texts=test_bench.list_texts(keys, request_time()),
        mails=emails,
        states=STATES,
    )


def describe_email(email: test_bench.SentEmail) -> dict[str, Any]:
    """An email as its recipient sees it; links are made relative, so they work under any host name."""
    subject, text = write_email(email["template"], email["facts"], email["links"], email["language"], email["time_zone"])
    parts = split_paragraphs(text)
    for part in parts:
        part["path"] = urlsplit(part["link"]).path if part["link"] else None
    return {
        "to": email["to"],
        "subject": subject,
        "parts": parts,
        "language": email["language"] if email["language"] in offered_languages() else SOURCE,
        "at": email["at"],
        "state": email["state"],
    }


@blueprint.get("/gallery")
def gallery() -> Response:
    """Each part of a page once."""
    return render_page("test_bench/gallery.html")
