"""The simulated phone and mailbox; registered only where the test bench is switched on."""

from flask import Blueprint, Response, current_app, render_template

from portal.browser_session import now
from portal.flows import bench
from portal.rendering import page

blueprint = Blueprint("test_bench", __name__, url_prefix="/test-bench")


@blueprint.get("")
def phone() -> Response:
    keys = current_app.extensions["keys"]
    return page(
        "test_bench/phone.html",
        phones=bench.phones(keys, now()),
        texts=bench.texts(keys),
        mails=[letter(mail) for mail in bench.mails(keys)],
    )


def letter(mail: dict) -> dict:
    """A mail as its reader sees it: the template's first line is the subject."""
    text = render_template(f"mail/{mail['template']}.txt", link=mail["link"], **mail["facts"])
    subject, _, body = text.partition("\n")
    return {"to": mail["to"], "subject": subject.strip(), "text": body.strip(), "at": mail["at"]}


@blueprint.get("/gallery")
def gallery() -> Response:
    """Every part once."""
    return page("test_bench/gallery.html")
