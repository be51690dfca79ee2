"""Help and the public pages that the header and footer lead to."""

from flask import Blueprint, Response

from portal.flows import account
from portal.rendering import page

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
def centre() -> Response:
    return page("help/centre.html")


@blueprint.get("/help/contact")
def contact() -> Response:
    return page("help/contact.html")


@blueprint.get("/help/ehr")
def ehr() -> Response:
    """The article for providers."""
    return page("help/ehr.html")


@blueprint.get("/find-a-provider")
def providers() -> Response:
    return page("help/providers.html", practices=account.practices())


@blueprint.get("/community")
def community() -> Response:
    return page("help/community.html")


@blueprint.get("/privacy")
def privacy() -> Response:
    return page("help/privacy.html")
