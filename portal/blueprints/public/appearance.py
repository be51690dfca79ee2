"""The choice of light, dark, or automatic colors, linked from the footer of every page, for whoever reads it."""

from flask import Blueprint, Response, request, session

from portal.forms.appearance import SCHEMES, AppearanceForm
from portal.web.rendering import redirect_to, refuse_form, render_page

blueprint = Blueprint("appearance", __name__)


@blueprint.get("/appearance")
def choose() -> Response:
    return render_page("public/appearance.html", form=AppearanceForm(), schemes=SCHEMES, is_saved="saved" in request.args)


@blueprint.post("/appearance")
def submit() -> Response:
    """Keep the choice in this browser."""
    form = AppearanceForm(request.form)
    if not form.validate():
        return refuse_form("public/appearance.html", form, schemes=SCHEMES)
    session["new_scheme"] = form.scheme.data
    return redirect_to("appearance.choose", saved=1)
