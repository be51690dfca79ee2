"""The simulated phone and mailbox; registered only where the test bench is switched on."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app

from portal.flows.operator import test_bench
from portal.web.browser_session import request_context, request_time
from portal.web.emails import split_paragraphs, write_email
from portal.web.rendering import render_page
from portal.words.refusals import N_

blueprint = Blueprint("test_bench", __name__, url_prefix="/test-bench")
STATES = {  # how far a message has come, and the badge's tone
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
    letters = [letter(mail) for mail in test_bench.list_emails(keys, request_time())]
    return render_page(
        "test_bench/phone.html",
        phones=test_bench.list_phones(request_context()),
        texts=test_bench.list_texts(keys, request_time()),
        mails=letters,
        states=STATES,
    )


def letter(mail: dict[str, Any]) -> dict[str, Any]:
    """A mail as its reader sees it; links lead on within this server, whatever name it is called by."""
    subject, text = write_email(mail["template"], mail["facts"], mail["links"])
    parts = split_paragraphs(text)
    for part in parts:
        part["path"] = urlsplit(part["link"]).path if part["link"] else None
    return {"to": mail["to"], "subject": subject, "parts": parts, "at": mail["at"], "state": mail["state"]}


@blueprint.get("/gallery")
def gallery() -> Response:
    """Every part once."""
    return render_page("test_bench/gallery.html")
