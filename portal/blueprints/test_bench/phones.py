"""A person's simulated phones: what the app shows, the camera, the settings, the texts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Response, abort, current_app, request
from wtforms import Form

from portal.blueprints.test_bench.frame import blueprint
from portal.blueprints.test_bench.twins import answer_json
from portal.flows.operator.bench import camera, devices, mailbox, phone, phone_changes
from portal.flows.operator.bench.phone import BEGUN, HELD, OVER, Owner
from portal.forms.test_bench import PhoneForm, PictureForm, SetupKeyForm
from portal.web.browser_session import request_context, request_time
from portal.web.rendering import redirect_to, refuse_form, render_page
from portal.words.refusals import N_, Refused

PAGE = "test_bench/phone.html"
NO_CAMERA = "camera_missing"
ENTRY_STATES = {  # what the account makes of an entry's codes: label, badge tone
    HELD: (N_("On hold"), "warn"),
    BEGUN: (N_("Being set up"), "none"),
    OVER: (N_("No longer used"), "bad"),
}
Deed = Callable[[Owner, Path, int], None]


def bench_folder() -> Path:
    """Where the bench's state lies."""
    folder: Path = current_app.extensions["settings"].instance
    return folder


def need_owner(username: str, number: int = 1) -> Owner:
    """The person, and a phone that they have; 404 for others."""
    owner = phone.find_owner(request_context(), username) if number in range(1, devices.DEVICES + 1) else None
    return owner or abort(404)


@blueprint.get("/phones/<username>", defaults={"number": 0})
@blueprint.get("/phones/<username>/<int:number>")
def one_phone(username: str, number: int) -> Response:
    """One phone of a person: by default the one with the SIM card."""
    return render_page(PAGE, **page_of(need_owner(username, number or 1), number))


def page_of(owner: Owner, number: int, **forms: Form) -> dict[str, Any]:
    """What the page shows; `forms` that were refused stand as they were sent."""
    phones = phone.show_phones(owner, bench_folder())
    shown = phones[number - 1] if number else next(each for each in phones if each["card"])
    settings = {"automatic": not shown["minutes"], "drift": shown["minutes"] or "", "number": shown["sim"]}
    return {
        "phone": shown,
        "phones": phones,
        "entry_states": ENTRY_STATES,
        "has_camera": camera.is_there(),
        "key_form": SetupKeyForm(label=owner.user.username),
        "picture_form": PictureForm(),
        "settings_form": PhoneForm(data={**settings, "power": shown["power"], "network": shown["network"]}),
        **forms,
    }


def act(username: str, number: int, deed: Deed, form: Form = (), field: str = "", **forms: Form) -> Response:
    """Do it and show the phone; the page with the refusal if the form or the deed is refused."""
    owner = need_owner(username, number)
    try:
        if form and not form.validate():
            return refuse_form(PAGE, form, **page_of(owner, number, **forms))
        deed(owner, bench_folder(), number - 1)
    except Refused as refused:
        field = "" if refused.reason == NO_CAMERA else field  # then the page has no such field
        return refuse_form(PAGE, form, refused, field, **page_of(owner, number, **forms))
    return redirect_to("test_bench.one_phone", username=username, number=number)


@blueprint.post("/phones/<username>/<int:number>/scan")
def scan(username: str, number: int) -> Response:
    """Read the QR code of the person's open set-up page."""
    return act(username, number, phone_changes.scan)


@blueprint.post("/phones/<username>/<int:number>/key")
def type_key(username: str, number: int) -> Response:
    form = SetupKeyForm(request.form)

    def deed(owner: Owner, folder: Path, index: int) -> None:
        phone_changes.type_key(owner, folder, index, form.label.data or "", form.key.data)

    return act(username, number, deed, form, "key", key_form=form)


@blueprint.post("/phones/<username>/<int:number>/screenshot")
def use_screenshot(username: str, number: int) -> Response:
    form = PictureForm(request.files)

    def deed(owner: Owner, folder: Path, index: int) -> None:
        phone_changes.scan_upload(owner, folder, index, form.picture.data.read())

    return act(username, number, deed, form, "picture", picture_form=form)


@blueprint.post("/phones/<username>/<int:number>/other")
def add_other(username: str, number: int) -> Response:
    """An account of another company, to confuse with ours."""
    return act(username, number, phone_changes.add_other)


@blueprint.post("/phones/<username>/<int:number>/entries/<entry_id>/delete")
def delete_entry(username: str, number: int, entry_id: str) -> Response:
    def deed(owner: Owner, folder: Path, index: int) -> None:
        phone_changes.delete_entry(owner, folder, index, entry_id)

    return act(username, number, deed)


@blueprint.post("/phones/<username>/<int:number>/settings")
def set_phone(username: str, number: int) -> Response:
    form = PhoneForm(request.form)

    def deed(owner: Owner, folder: Path, index: int) -> None:
        card = form.card if "number" in request.form else None
        phone_changes.set_phone(owner, folder, index, form.minutes, form.power.data, form.network.data, card)

    return act(username, number, deed, form, settings_form=form)


@blueprint.post("/phones/<username>/<int:number>/sim")
def move_sim(username: str, number: int) -> Response:
    """Put the SIM card into this phone."""
    return act(username, number, phone_changes.move_sim)


@blueprint.get("/phones.json")
def phones_json() -> Response:
    return answer_json(phone.list_phones(request_context(), bench_folder()))


@blueprint.get("/phones/<username>.json")
def one_phone_json(username: str) -> Response:
    """Both phones of a person."""
    return answer_json(phone.show_phones(need_owner(username), bench_folder()))


@blueprint.get("/texts.json")
def texts_json() -> Response:
    return answer_json(mailbox.list_texts(current_app.extensions["keys"], request_time()))
