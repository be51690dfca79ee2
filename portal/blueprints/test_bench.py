"""The simulated phone and mailbox; registered only where the test bench is switched on."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app

from portal.browser_session import now, visit
from portal.flows import bench
from portal.mails import paragraphs, write
from portal.rendering import page
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
    letters = [letter(mail) for mail in bench.mails(keys, now())]
    return page(
        "test_bench/phone.html",
        phones=bench.phones(visit()),
        texts=bench.texts(keys, now()),
        mails=letters,
        states=STATES,
    )


def letter(mail: dict) -> dict:
    """A mail as its reader sees it; links lead on within this server, whatever name it is called by."""
    subject, text = write(mail["template"], mail["facts"], mail["links"])
    parts = paragraphs(text)
    for part in parts:
        part["path"] = urlsplit(part["link"]).path if part["link"] else None
    return {"to": mail["to"], "subject": subject, "parts": parts, "at": mail["at"], "state": mail["state"]}


@blueprint.get("/gallery")
def gallery() -> Response:
    """Every part once."""
    return page("test_bench/gallery.html")
