"""Asks a gateway whether it knows the credentials in PORTAL_SMS_URL, where it offers a question that sends no text."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

import requests

from portal.gateways.replies import find_row, read_json
from portal.gateways.text import SAMPLE_MESSAGE, load_apprise
from portal.gateways.witness import answer_deadline, keep_answer
from portal.settings import config

log = logging.getLogger(__name__)
RIGHT, WRONG, NO_ANSWER, NOT_ASKED = "right", "wrong", "no answer", "not asked"
TIMEOUT = (config.TEXT_CONNECT_SECONDS, config.TEXT_READ_SECONDS)
FORBIDDEN = (401, 403)


@dataclass(frozen=True)
class Question:
    """How to ask one service, with the words of its plugin; `says_no` reads a 200 that is a refusal still."""

    path: str  # on the host that texts go to
    login: Callable[[Any], tuple[str, str] | None] = lambda service: None
    headers: Callable[[Any], dict[str, str]] = lambda service: {}
    says_no: Callable[[Any], bool] = lambda answer: False


@dataclass(frozen=True)
class Finding:
    """What came of asking one address of PORTAL_SMS_URL."""

    place: int
    service: str
    result: str


# Sources, read on 2026-11-29: developer.vonage.com/account/code-snippets/account-balance; www.twilio.com/docs/iam/api/account;
# github.com/seven-io/api-schemes, openapi.yml, /balance; developer.bulksms.com/json/v1/swagger.yaml, /profile;
# github.com/ClickSend/clicksend-python, docs/AccountApi.md.
QUESTIONS = {
    "Vonage": Question("/account/get-balance", login=lambda service: (service.apikey, service.secret)),
    "Twilio": Question(
        "/2010-04-01/Accounts/{account_sid}.json",
        login=lambda service: (service.apikey or service.account_sid, service.auth_token),
        says_no=lambda answer: isinstance(answer, dict) and answer.get("status") in ("suspended", "closed"),
    ),
    "seven": Question(
        "/api/balance",
        headers=lambda service: {"X-Api-Key": service.apikey, "Accept": "application/json"},
        says_no=lambda answer: answer in (900, "900"),
    ),
    "BulkSMS": Question("/v1/profile", login=lambda service: (service.user, service.password)),
    "ClickSend": Question("/v3/account", login=lambda service: (service.user, service.password)),
}
LINES = {
    RIGHT: (logging.INFO, "knows its credentials"),
    WRONG: (logging.CRITICAL, "refuses its credentials: no text goes out through it until they are corrected"),
    NO_ANSWER: (logging.WARNING, "could not say whether its credentials are right"),
    NOT_ASKED: (logging.INFO, "offers no question about its credentials"),
}


def check_credentials(urls: tuple[str, ...]) -> Iterator[Finding]:
    """What each gateway says of its credentials, in order. Takes at most some twenty seconds for each; never raises."""
    build_service = load_apprise()
    for place, url in enumerate(urls, 1):
        row = find_row(url)
        finding = Finding(place, row.name if row else url.partition("://")[0], NOT_ASKED)
        question = QUESTIONS.get(finding.service)
        service = build_service(url.replace("{to}", SAMPLE_MESSAGE.to).replace("{report}", ""))
        yield ask(finding, question, service) if question and service else finding


def ask(finding: Finding, question: Question, service: Any) -> Finding:
    """Ask one gateway, at the host that texts go to."""
    base: str = getattr(service, "notify_sms_url", None) or service.notify_url
    address = urljoin(base.partition("{")[0], question.path.format_map(vars(service)))
    options: dict[str, Any] = {"auth": question.login(service), "headers": question.headers(service)}
    deadline = answer_deadline()
    try:
        with requests.get(address, timeout=TIMEOUT, allow_redirects=False, stream=True, **options) as response:
            keep_answer(response, deadline)
    except requests.RequestException as error:
        log.info("text gateway %d was asked for its credentials: %s", finding.place, type(error).__name__)
        return replace(finding, result=NO_ANSWER)
    status, answer = response.status_code, read_json(response.content)
    if status in FORBIDDEN or (status == 200 and question.says_no(answer)):
        return replace(finding, result=WRONG)
    return replace(finding, result=RIGHT if status == 200 and isinstance(answer, dict) else NO_ANSWER)


def report_credentials(urls: tuple[str, ...]) -> None:
    """Ask all gateways, and log what they say without the credentials."""
    for each in check_credentials(urls):
        level, words = LINES[each.result]
        log.log(level, f"PORTAL_SMS_URL: address %d (%s) {words}", each.place, each.service)
