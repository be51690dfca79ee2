"""Waiting for your approval: for administrators and support; without an address of its own: its parent supplies guard and chrome."""

from flask import Blueprint, Response, abort, g, request, url_for

from portal.blueprints.done import mark, said
from portal.blueprints.doors import ask_again
from portal.browser_session import visit
from portal.flows import approvals as flow
from portal.rendering import go_to, page, refuse
from portal.words.refusals import Refused

blueprint = Blueprint("approvals", __name__)
ANSWERS = ("approve", "refuse")


@blueprint.get("")
def listed() -> Response:
    back_url = None if g.door.home == "approvals.listed" else g.door.url("settings")
    return page("approvals/list.html", waiting=flow.listed(visit()), notice=said(on=visit().who.is_on), back_url=back_url)


@blueprint.get("/waiting/<kind>/<row_id>")
def show(kind: str, row_id: str) -> Response:
    again = ask_again()
    if again:
        return again
    try:
        return page("approvals/decide.html", **asked(kind, row_id))
    except Refused as refused:
        return refuse("approvals/gone.html", (), refused)


@blueprint.post("/waiting/<kind>/<row_id>")
def decide(kind: str, row_id: str) -> Response:
    """One address, two buttons: what decides is the form's field."""
    again = ask_again()
    if again:
        return again
    answer = request.form.get("answer")
    approved = answer == "approve"
    try:
        context = asked(kind, row_id)
        if answer not in ANSWERS:
            return refuse("approvals/decide.html", (), Refused("answer_empty"), **context)
        flow.decide(visit(), kind, row_id, approved)
    except Refused as refused:
        return refuse("approvals/gone.html", (), refused)
    return go_to(url_for(".listed", done=mark("approved" if approved else "refused")))


def asked(kind: str, row_id: str) -> dict:
    """404 for what waits no longer, or for somebody else; Refused where it is known who was first."""
    found = flow.find(visit(), kind, row_id)
    if found is None:
        flow.miss(visit(), kind, row_id)
        abort(404)
    return {"asked": found, "action": url_for(".decide", kind=kind, row_id=row_id)}
