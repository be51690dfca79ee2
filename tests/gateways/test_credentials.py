"""Whether a gateway knows its credentials is asked at the start of the worker and by hand; the answer names no secret."""

import base64
import logging
import time

import pytest

from portal.gateways import credentials
from portal.gateways.credentials import NO_ANSWER, NOT_ASKED, QUESTIONS, RIGHT, WRONG, Finding
from portal.settings import config
from tests.support.server import free_port
from tests.support.vendors import SECRET, URLS

YES = {
    "Vonage": {"value": 10.28, "autoReload": False},
    "Twilio": {"sid": "AC1", "status": "active", "auth_token": SECRET},
    "seven": {"amount": 6.1, "currency": "EUR"},
    "BulkSMS": {"id": "1", "username": "user", "credits": {"balance": 4.2}},
    "ClickSend": {"http_code": 200, "response_code": "SUCCESS", "data": {"user_id": 1}},
}
PATHS = {
    "Vonage": "/account/get-balance",
    "Twilio": f"/2010-04-01/Accounts/AC{'a' * 32}.json",
    "seven": "/api/balance",
    "BulkSMS": "/v1/profile",
    "ClickSend": "/v3/account",
}
LOGINS = {"Vonage": "abcd1234", "Twilio": f"AC{'a' * 32}", "BulkSMS": "user", "ClickSend": "user"}


def ask(vendor, service, body, status=200):
    """Asks a service whose server gives this answer; returns the result."""
    vendor.answers = []
    vendor.answer(body, status)
    [finding] = credentials.check_credentials((URLS[service],))
    assert (finding.place, finding.service) == (1, service)
    return finding.result


@pytest.mark.parametrize("service", QUESTIONS)
def test_a_service_is_asked_at_its_own_host_with_its_own_credentials(vendor, service):
    assert ask(vendor, service, YES[service]) == RIGHT
    [(method, path, headers, body)] = vendor.asked
    assert (method, path, body) == ("GET", PATHS[service], "")
    if service == "seven":
        assert headers["X-Api-Key"] == SECRET
    else:
        assert headers["Authorization"] == "Basic " + base64.b64encode(f"{LOGINS[service]}:{SECRET}".encode()).decode()


@pytest.mark.parametrize("service", QUESTIONS)
def test_what_a_service_answers_is_told_apart(vendor, service):
    answers = {401: WRONG, 403: WRONG, 302: NO_ANSWER, 404: NO_ANSWER, 429: NO_ANSWER, 500: NO_ANSWER}
    assert {status: ask(vendor, service, "{}", status) for status in answers} == answers


@pytest.mark.parametrize(
    ("service", "body"),
    [("seven", "900"), ("Twilio", {"status": "suspended"}), ("Twilio", {"status": "closed"})],
)
def test_a_200_may_be_a_no(vendor, service, body):
    assert ask(vendor, service, body) == WRONG


@pytest.mark.parametrize("service", QUESTIONS)
def test_a_200_that_says_nothing_is_no_answer(vendor, service):
    """A page of a proxy, say."""
    for body in ("<html>", "", "[]", "null", '{"value": 1', "[" * 9_999):
        assert ask(vendor, service, body) == NO_ANSWER


def test_an_api_key_of_twilio_logs_in_by_its_own_name(vendor):
    vendor.answer(YES["Twilio"])
    [finding] = credentials.check_credentials((URLS["Twilio"] + "?apikey=SK123",))
    assert finding.result == RIGHT
    assert base64.b64decode(vendor.asked[0][2]["Authorization"].split()[1]).decode() == f"SK123:{SECRET}"


def test_a_service_that_offers_no_question_is_not_asked(vendor):
    urls = (URLS["Clickatell"], "json://host/{to}", "d7sms://token@{to}")
    found = list(credentials.check_credentials(urls))
    assert [each.result for each in found] == [NOT_ASKED] * 3 and vendor.asked == []
    assert [each.place for each in found] == [1, 2, 3]


def test_a_service_that_does_not_run_or_does_not_end_is_left(vendor, monkeypatch):
    from apprise.plugins.vonage import NotifyVonage

    monkeypatch.setattr(credentials, "TIMEOUT", (1, 1))
    monkeypatch.setattr(config, "TEXT_CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(config, "TEXT_READ_SECONDS", 0.5)
    vendor.drip = 0.3
    began = time.monotonic()
    assert ask(vendor, "Vonage", YES["Vonage"]) == NO_ANSWER
    monkeypatch.setattr(NotifyVonage, "notify_url", f"http://127.0.0.1:{free_port()}/sms/json")
    assert ask(vendor, "Vonage", {}) == NO_ANSWER
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        (200, logging.INFO, "PORTAL_SMS_URL: address 1 (Vonage) knows its credentials"),
        (
            401,
            logging.CRITICAL,
            "PORTAL_SMS_URL: address 1 (Vonage) refuses its credentials: no text goes out through it until they",
        ),
        (500, logging.WARNING, "PORTAL_SMS_URL: address 1 (Vonage) could not say whether its credentials are right"),
    ],
)
def test_the_log_says_it_without_the_secret(vendor, caplog, status, level, words):
    caplog.set_level(1)
    vendor.answer(YES["Vonage"], status)
    credentials.report_credentials((URLS["Vonage"],))
    [line] = [each for each in caplog.records if each.name == credentials.__name__]
    assert line.levelno == level and line.getMessage().startswith(words)
    assert SECRET not in caplog.text and "abcd1234" not in caplog.text


def test_a_finding_can_be_shown():
    assert SECRET not in repr(Finding(1, "Vonage", WRONG))
