"""What a person sees when a page cannot be had: words, a way on, never a stack trace, nothing half-done."""

import contextlib
import logging
import re
import time

import pytest
from sqlalchemy import event, text

from portal.flows.account import security_page
from portal.settings import config, lines
from portal.turned_away import turning_away
from tests.support.client import SCAN, WIZARD


@contextlib.contextmanager
def held(app):
    """Holds the database as another process would: SQLite's one write lock, PostgreSQL's rows of people."""
    with app.extensions["engine"].connect() as connection:
        if connection.dialect.name == "sqlite":
            connection = connection.execution_options(writes=True)
            connection.begin()
        else:
            connection.execute(text("SELECT id FROM users FOR UPDATE"))
        yield
        connection.rollback()


@pytest.mark.parametrize("path", ["/no-such-page", "/account/security/nothing", "/static/nothing.css", "/%00", "/home/"])
def test_an_address_without_a_page_says_so(browser, maria, path):
    browser.enter(maria)
    answer = browser.get(path)
    assert answer.status_code == 404
    browser.open("/no-such-page")
    assert (browser.status, browser.heading) == (404, "We can't find that page")
    browser.press("Go to the start page")
    assert browser.path == "/home"


def test_no_address_with_a_nul_reaches_the_database(app, plain):
    rules = {re.sub(r"<(?:\w+:)?\w+>", "a%00", rule.rule) for rule in app.url_map.iter_rules() if "<" in rule.rule}
    assert len(rules) > 60
    assert {path: answer for path in rules if (answer := plain.client.get(path).status_code) not in (404, 405)} == {}


def test_a_strangers_start_is_the_sign_in_page(plain):
    plain.open("/no-such-page")
    plain.press("Go to the start page")
    assert plain.path == "/sign-in"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_method_that_a_page_does_not_know_is_405(plain, maria, method):
    plain.enter(maria)
    answer = plain.client.open("/home", method=method, data={"csrf_token": plain.token})
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]
    plain.open("/session/extend")
    assert plain.status == 405


@pytest.mark.parametrize("size", [config.MAX_FORM_BYTES + 1, 2_000_000])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(plain, database, maria, size):
    plain.enter(maria).begin_set_up(maria)
    before = database.everything("sessions.last_seen_at")
    answer = plain.post(SCAN, {"code": "1" * size})
    assert answer.status_code == 413
    assert "That's too much to send" in answer.text
    assert database.everything("sessions.last_seen_at") == before


def test_who_posts_the_same_form_on_and_on_gets_a_page_for_which_nothing_is_read(app, browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    before, asked = database.everything(), []
    listener = app.extensions["engine"], "before_cursor_execute", lambda *told: asked.append(told[2])
    event.listen(*listener)
    with turning_away():
        answer = browser.post(SCAN, {"code": "123456"})
    event.remove(*listener)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(lines.IMPATIENT_SECONDS))
    assert asked == [] and database.everything() == before
    assert "Wait a moment</h1>" in answer.text and f'href="{SCAN}"' in answer.text
    is_swapped = "<html" not in answer.text
    assert ("autofocus" in answer.text) == is_swapped, "the step's heading has the focus after a swap"
    assert browser.post(SCAN, {"code": "123456"}).status_code == 422


def test_too_many_fields_are_too_much(plain):
    plain.open("/sign-in")
    answer = plain.client.post(
        "/sign-in", data={f"field{number}": (None, "x") for number in range(1200)}, content_type="multipart/form-data"
    )
    assert answer.status_code in (400, 413)


def test_what_breaks_has_a_reference_that_the_log_has_too(plain, monkeypatch, caplog):
    def break_it():
        raise RuntimeError("the canary in the trace")

    monkeypatch.setattr(security_page, "list_practices", break_it)
    with caplog.at_level(logging.ERROR):
        plain.open("/find-a-provider")
    assert (plain.status, plain.heading) == (500, "Something went wrong on our end")
    assert "canary" not in plain.response.text and "Traceback" not in plain.response.text
    reference = plain.page.one("main").one("code").text
    assert re.fullmatch(r"[0-9a-f]{16}", reference)
    assert f"request {reference} failed" in caplog.text
    plain.press("Contact Support")
    assert plain.heading == "Contact Support"


def test_a_locked_database_is_told_in_five_seconds_and_nothing_is_half_done(app, plain, database, maria, caplog):
    plain.enter(maria).begin_set_up(maria)
    before = database.everything("sessions.last_seen_at")
    with held(app):
        began = time.monotonic()
        plain.fill("Verify and Enable", Verification_Code=maria.code())
        took = time.monotonic() - began
    assert (plain.status, plain.heading) == (503, "We're very busy right now")
    assert "Nothing was changed." in plain.text
    assert plain.response.headers["Retry-After"] == "5"
    assert config.DATABASE_WAIT_SECONDS - 1 < took < config.DATABASE_WAIT_SECONDS + 5
    assert database.everything("sessions.last_seen_at") == before
    assert maria.code() not in caplog.text
    plain.open(SCAN)
    plain.fill("Verify and Enable", Verification_Code=maria.code())
    assert plain.heading == "Save your backup codes"


def test_reading_goes_on_while_another_process_writes(app, plain, clock, maria, monkeypatch):
    """The note of the last click is not worth an error page."""
    plain.enter(maria)
    clock.move(minutes=2)
    with held(app):
        plain.open("/home")
    assert (plain.status, plain.path) == (200, "/home")
    plain.open(WIZARD)
    assert plain.status == 200


def test_a_broken_report_of_the_content_policy_is_no_fault_of_ours(plain):
    assert plain.client.post("/reports/content-policy", data="{").status_code == 400
    assert plain.client.post("/reports/content-policy", data='{"csp-report": {}}').status_code == 204


def test_a_report_of_the_content_policy_is_one_line_in_the_log(plain, database, caplog):
    before = database.everything()
    report = [
        {"body": {"effectiveDirective": "img-src\r\nforged", "blockedURL": "https://evil.example/x?secret=1"}},
        "x",
        {"body": 1},
    ]
    assert plain.client.post("/reports/content-policy", json=report).status_code == 204
    assert [entry.getMessage() for entry in caplog.records] == ["content policy: img-src forged blocked https://evil.example/x"]
    assert database.everything() == before
