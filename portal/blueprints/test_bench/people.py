"""People to pick: one press puts somebody into their state and signs in as far as the password."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort, current_app

from portal.blueprints.test_bench.frame import blueprint
from portal.blueprints.test_bench.phones import bench_folder
from portal.blueprints.test_bench.twins import answer_json
from portal.crypto import Keyring
from portal.flows.operator.bench import people
from portal.flows.operator.bench.cast import BY_NAME
from portal.flows.operator.demo import PASSWORD
from portal.flows.sign_in import sign_in
from portal.passwords import HashingBusy
from portal.policy import PATIENT, PROVIDER, SUPPORT
from portal.web.browser_session import give_browser_token, request_context
from portal.web.rendering import home_endpoint, redirect_to, refuse_form, render_page, renew_session
from portal.web.rendering import translate as _
from portal.words.marks import N_
from portal.words.refusals import Refused

GROUPS = (
    (N_("Accounts of patients"), PATIENT.roles),
    (N_("Accounts of providers and administrators"), PROVIDER.roles),
    (N_("Accounts of support"), SUPPORT.roles),
)
STATES = {
    "on": (N_("On"), "good"),
    "off": (N_("Off"), "warn"),
    "reset": (N_("Reset"), "warn"),
    None: (N_("Not there yet"), "none"),
}


def keys() -> Keyring:
    found: Keyring = current_app.extensions["keys"]
    return found


def page_context() -> dict[str, Any]:
    listed = people.list_people(request_context(), bench_folder())
    groups = [(_(title), [person for person in listed if person["role"] in roles]) for title, roles in GROUPS]
    return {"groups": groups, "states": STATES, "password": PASSWORD}


@blueprint.get("/people", endpoint="people")
def show_people() -> Response:
    return render_page("test_bench/people.html", **page_context())


@blueprint.get("/people.json")
def people_as_json() -> Response:
    """The same for scripts."""
    return answer_json(people.list_people(request_context(), bench_folder()))


@blueprint.post("/people/<username>/sign-in")
def sign_in_as(username: str) -> Response:
    """Put a person into their state, and sign in as far as the password."""
    return enter_as(username, is_put_back=True)


@blueprint.post("/people/<username>/sign-in-now")
def sign_in_now(username: str) -> Response:
    """Sign in as a person in the state they are in now."""
    return enter_as(username, is_put_back=False)


def enter_as(
    username: str, is_put_back: bool, page: str = "test_bench/people.html", shown: Callable[[], dict[str, Any]] | None = None
) -> Response:
    """Answer both. Whoever isn't there yet is put in place either way. `page`: what tells a refusal, with what `shown` returns."""
    shown = shown or page_context
    if username not in BY_NAME:
        abort(404)
    try:
        if is_put_back or not people.is_there(username):
            people.put_in_place(request_context(), bench_folder(), username)
        return enter(username)
    except HashingBusy:
        return refuse_form(page, (), Refused("busy"), **shown())
    except Refused as refused:
        return refuse_form(page, (), refused, **shown())


def enter(username: str) -> Response:
    """Submit the password as the sign-in page does, and lead on as it does. Raises Refused, HashingBusy."""
    give_browser_token()
    begun = sign_in.submit_password(request_context(), username, PASSWORD, None)
    renew_session(begun.token)
    return redirect_to("sign_in.ask_code" if begun.asks_code else home_endpoint(begun.role))
