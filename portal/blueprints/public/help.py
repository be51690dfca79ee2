"""Help, and the public pages linked from header and footer."""

from flask import Blueprint, Response

from portal.flows.account import security_page
from portal.web.browser_session import request_context, session_user
from portal.web.rendering import redirect_to, render_page

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
def centre() -> Response:
    return render_page("public/help/centre.html", texts=request_context().texts)


@blueprint.get("/help/contact")
def contact() -> Response:
    """Support's contact, for who is signed in. Others may be locked out: they get the page where a request begins."""
    user = session_user()
    if user is None or user.owes_code:
        return redirect_to("recovery.ask")
    return render_page("public/help/contact.html")


@blueprint.get("/help/ehr")
def ehr() -> Response:
    """The article for providers."""
    return render_page("public/help/ehr.html")


@blueprint.get("/find-a-provider")
def providers() -> Response:
    return render_page("public/help/providers.html", practices=security_page.list_practices())


@blueprint.get("/community")
def community() -> Response:
    return render_page("public/help/community.html")


@blueprint.get("/accessibility")
def accessibility() -> Response:
    """The accessibility statement."""
    return render_page("public/help/accessibility.html")


@blueprint.get("/privacy")
def privacy() -> Response:
    return render_page("public/help/privacy.html")
