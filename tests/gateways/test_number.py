"""A number is asked about before a code goes to it; only a plain "changed" keeps the code back (SM-7)."""

import time
from dataclasses import dataclass, field

import pytest

from portal.gateways import HELD, SENT, Message
from portal.gateways.number import CHANGED, OK, UNKNOWN, Checked
from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from tests.support.number_check import ANSWERS
from tests.support.server import free_port

NUMBER = "+15035550164"
CODE = Message("a" * 32, NUMBER, "482913 is your Medximity code", has_code=True)
NEWS = Message("b" * 32, NUMBER, "We no longer text your codes to this number.")


@dataclass
class Carrier:
    """A gateway that takes everything."""

    taken: list = field(default_factory=list)

    def hand_over(self, message):
        self.taken.append(message)
        return SENT


@pytest.mark.parametrize(("answer", "outcome"), [(OK, SENT), (UNKNOWN, SENT), (CHANGED, HELD)])
def test_a_code_goes_out_unless_its_number_has_changed(number_check, answer, outcome):
    number_check.answer, carrier = answer, Carrier()
    assert Checked(carrier, number_check.url).hand_over(CODE) == outcome
    assert number_check.asked == [{"number": NUMBER}]
    assert carrier.taken == ([CODE] if outcome == SENT else [])


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_says_nothing_keeps_no_code_back(number_check, answer, caplog):
    number_check.answer, carrier = answer, Carrier()
    assert Checked(carrier, number_check.url).hand_over(CODE) == SENT
    assert carrier.taken == [CODE] and len(number_check.asked) == 1, "a redirect was followed, or it was asked twice"
    assert "number check failed" in caplog.text or "unknown answer" in caplog.text


def test_who_hangs_costs_a_code_a_few_seconds_and_no_more(number_check):
    number_check.answer, began = "hang", time.monotonic()
    assert Checked(Carrier(), number_check.url).hand_over(CODE) == SENT
    assert time.monotonic() - began < 6


def test_who_is_away_keeps_no_code_back():
    assert Checked(Carrier(), f"http://127.0.0.1:{free_port()}/").hand_over(CODE) == SENT


def test_a_text_without_a_code_is_nobodys_question(number_check):
    number_check.answer, carrier = CHANGED, Carrier()
    assert Checked(carrier, number_check.url).hand_over(NEWS) == SENT
    assert carrier.taken == [NEWS] and number_check.asked == []


@pytest.mark.parametrize("answer", [OK, CHANGED, "garbage", "error"])
def test_no_number_and_no_token_reaches_a_log(number_check, caplog, answer):
    caplog.set_level("INFO")
    number_check.answer = answer
    Checked(Carrier(), number_check.url).hand_over(CODE)
    Checked(Carrier(), f"http://127.0.0.1:{free_port()}/?key=check-token").hand_over(CODE)
    for word in (NUMBER[1:], "482913", "check-token"):
        assert word not in caplog.text, "a secret in the log"


@pytest.mark.parametrize(
    "url",
    ["numbers.example", "http://numbers.example/", "ftp://127.0.0.1/", "https://", "https://numbers.example:0/", "https://[1"],
)
def test_an_address_in_the_clear_or_of_no_host_stops_the_start(tmp_path, url):
    with pytest.raises(SettingError, match="PORTAL_NUMBER_CHECK_URL"):
        load_settings({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_NUMBER_CHECK_URL": url})


@pytest.mark.parametrize("url", ["", "https://numbers.example/v1?key=1", "http://127.0.0.1:9000/", "http://localhost/"])
def test_an_address_in_tls_or_on_this_machine_is_taken(tmp_path, url):
    assert load_settings({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_NUMBER_CHECK_URL": url}).number_check_url == url
