"""Every route is guarded, or is on a short list of public routes."""

import re

import pytest

from tests.support.application import application

# Public routes, and those for a claimant, whose password is verified but whose code is not.
PUBLIC = {
    "static",
    "sign_in.open_patient_portal",
    "sign_in.open_ehr",
    "sign_in.ask_password",
    "sign_in.submit_password",
    "sign_in.sign_out",
    "sign_in.time_left",
    "sign_in.no_code",  # a claimant gets more
    "sign_in.extend",
    "new_browser.open_link",  # authorized by the emailed token, in the browser that waits; elsewhere it only tells
    "email_links.forgot",
    "email_links.submit_forgot",
    "email_links.forgot_sent",
    "email_links.new_password",
    "email_links.submit_new_password",
    "email_links.set_up_again",
    "email_links.submit_set_up_again",
    "email_links.confirm_address",
    "email_links.submit_confirm_address",
    "email_links.unblock",
    "email_links.submit_unblock",
    "help.centre",
    "help.contact",
    "help.article",
    "practice_run.begin",
    "practice_run.connect",
    "practice_run.submit_connect",  # checks codes of a key that opens nothing
    "practice_run.sign_in",
    "practice_run.submit_sign_in",
    "practice_run.done",
    "practice_run.examples",
    "practice_run.example",
    "help.providers",
    "help.community",
    "help.privacy",
    "help.accessibility",
    "help.language_help",
    "recovery.ask",
    "recovery.submit_ask",
    "recovery.find",
    "recovery.show",  # words alone: what a request's page lets do depends on the browser
    "recovery.confirm",
    "recovery.mail_again",
    "recovery.ways",  # these and the next: only in the browser that the mailed code was entered in
    "recovery.ask_password",
    "recovery.give_password",
    "recovery.ask_text",
    "recovery.give_text",
    "recovery.send_text",
    "recovery.ask_backup_code",
    "recovery.give_backup_code",
    "recovery.ask_support",
    "recovery.answer",
    "recovery.mail_link",
    "recovery.cancel",
    "recovery.set_up",  # authorized by the emailed token
    "recovery.submit_set_up",
    "appearance.choose",
    "appearance.submit",  # keeps a choice of colors in the browser
    "language.submit",
    "reports.content_policy",
    "reports.text",  # authorized by the token that the gateway got with the text
    "reports.text_by_get",
    "not_me.ask",  # authorized by the emailed token
    "not_me.answer",
    "not_me.done",
    "lost_phone.found",  # authorized by the emailed token
    "lost_phone.submit_found",
    "lost_phone.works_again",
    "stop_recovery.show",  # authorized by the emailed token
    "stop_recovery.submit",
}
BENCH = "test_bench."  # registered only on loopback, and only if switched on
FOR_CLAIMANTS = {
    "sign_in.ask_code",
    "sign_in.submit_code",
    "sign_in.ask_backup_code",
    "sign_in.submit_backup_code",
    "sign_in.send_code",
    "new_browser.wait",
    "new_browser.go_on",
    "lost_phone.ask",
    "lost_phone.submit",
    "lost_phone.mail_link",
    "emergency.show",  # 404 if the account does not belong to the EHR
    "emergency.ask",
    "emergency.open_charts",
    "emergency.end_now",
}
PASSWORD = "harbor-lantern-2026"
SAMPLES = {
    "method_name": "totp",
    "step_name": "scan",
    "filename": "portal.css",
    "token": "a-token",
    "reference": "0000-0000-0000",
    "name": "backup-codes",
    "example": "used",
    "username": "nobody",
    "step": "years",
    "scenario": "none",
}


@pytest.fixture(scope="module")
def app(sites):
    site = sites.seeded()
    with application(site) as app:
        yield app
    sites.remove(site)


@pytest.fixture
def stranger(app):
    return app.test_client()


@pytest.fixture
def claimant(app):
    """Sam's browser after the password step and before the code step."""
    client = app.test_client()
    client.post("/sign-in", data={"username": "sam", "password": PASSWORD, "csrf_token": stamp(client)})
    assert client.get("/sign-in/code").status_code == 200
    return client


def stamp(client):
    """Returns the CSRF token for a browser's next form."""
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]


def routes(app):
    """Returns (endpoint, method, URL) of every route, with variable parts filled with samples."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.build_only:
            continue
        address = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: SAMPLES.get(match[1], "1"), rule.rule)
        found += [(rule.endpoint, method, address) for method in sorted(rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"})]
    return found


def open_doors(app, client, token):
    """Returns endpoint -> URLs that did not redirect this browser to the sign-in pages."""
    opened = {}
    for endpoint, method, address in routes(app):
        answer = client.open(address, method=method, data={"csrf_token": token} if method != "GET" else None)
        sent_back = answer.status_code in (401, 303) and re.match(r"/sign-in|https?://[^/]+/sign-in", target(answer))
        if not sent_back:
            opened.setdefault(endpoint, []).append(f"{method} {address}: {answer.status_code}")
    return opened


def target(answer):
    """Returns where an answer leads, by redirect or by htmx."""
    return answer.headers.get("Location") or answer.headers.get("HX-Redirect") or ""


def test_a_stranger_is_sent_to_sign_in_from_everywhere_but_the_public_list(app, stranger):
    opened = open_doors(app, stranger, stamp(stranger))
    assert {endpoint: opened[endpoint] for endpoint in opened.keys() - PUBLIC if not endpoint.startswith(BENCH)} == {}


def test_a_claimant_gets_no_further_than_the_code(app, claimant):
    token = re.search(r'name="csrf_token" value="([^"]+)"', claimant.get("/sign-in/code").text)[1]
    last = {"sign_in.sign_out", "sign_in.submit_password"}  # these end the claimant's session, so they run last
    opened = {}
    for endpoint, method, address in routes(app):
        if endpoint in PUBLIC | FOR_CLAIMANTS | last or endpoint.startswith(BENCH):
            continue
        answer = claimant.open(address, method=method, data={"csrf_token": token} if method != "GET" else None)
        if not re.search(r"/sign-in/code$", target(answer)):
            opened[f"{method} {address}"] = answer.status_code
    assert opened == {}


def test_the_lists_name_no_door_that_is_gone(app):
    names = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert (PUBLIC | FOR_CLAIMANTS) - names == set()


def test_a_page_that_is_only_read_takes_no_form(app):
    """A view that writes accepts no GET."""
    both = [rule.endpoint for rule in app.url_map.iter_rules() if {"GET", "POST"} <= rule.methods]
    assert both == []
