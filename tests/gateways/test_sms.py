"""A text goes to the gateway once, and what the gateway did decides whether another try is allowed."""

import time

import pytest

from portal.gateways import REFUSED, SENT, UNKNOWN, UNREACHABLE, Message
from portal.gateways.text import TextGateway
from portal.settings import config
from portal.settings.addresses import SettingError
from tests.support.gateway import Gateway
from tests.support.server import free_port

NUMBER = "+15035550164"
WORDS = "482913 is your Medximity code for M. R. It works for 10 minutes. Never share it.\n@127.0.0.1 #482913"
TEXT = Message("a" * 32, NUMBER, WORDS)


def nobody():
    """Returns the URL of a gateway that does not run."""
    return f"json://user:gateway-token@127.0.0.1:{free_port()}/texts?:to={{to}}"


@pytest.mark.parametrize("kind", ["json", "form"])
def test_a_text_arrives_with_its_number_and_its_last_line(gateway, kind):
    assert TextGateway((gateway.url(kind),)).hand_over(TEXT) == SENT
    assert [(number, words) for number, words, _ in gateway.taken] == [(NUMBER, WORDS)]


@pytest.mark.parametrize(
    ("order", "outcome"),
    [
        ("refuse", REFUSED),
        ("busy", UNREACHABLE),
        ("too many", UNREACHABLE),
        ("twice", SENT),
        ("break off", UNKNOWN),
        ("take and break off", UNKNOWN),
        ("elsewhere", REFUSED),
    ],
)
@pytest.mark.parametrize("kind", ["json", "form"])
def test_what_the_gateway_does_is_told_apart(gateway, kind, order, outcome):
    gateway.will(order)
    assert TextGateway((gateway.url(kind),)).hand_over(TEXT) == outcome
    assert len(gateway.asked) == 1


def test_a_gateway_that_hangs_is_left_after_a_while_and_may_have_taken_the_text(gateway):
    gateway.will("take and hang")
    began = time.monotonic()
    assert TextGateway((gateway.url(rto=1),)).hand_over(TEXT) == UNKNOWN
    assert time.monotonic() - began < 5


def test_a_url_without_time_outs_gets_ours_and_follows_no_redirect(gateway):
    carrier = TextGateway((gateway.url(),))
    service = carrier.build_service(carrier.build_url(gateway.url(), TEXT))
    assert service.request_timeout == (config.TEXT_CONNECT_SECONDS, config.TEXT_READ_SECONDS)
    assert not service.redirects


def test_a_gateway_that_does_not_run_has_certainly_not_taken_the_text():
    assert TextGateway((nobody(),)).hand_over(TEXT) == UNREACHABLE


@pytest.mark.parametrize("order", ["refuse", "busy"])
def test_the_second_gateway_takes_what_the_first_does_not(gateway, order):
    first = Gateway()
    first.will(order)
    assert TextGateway((first.url(), gateway.url("form"))).hand_over(TEXT) == SENT
    first.close()
    assert gateway.words() == [WORDS] and first.taken == []


def test_the_second_gateway_takes_over_where_the_first_does_not_run(gateway):
    assert TextGateway((nobody(), gateway.url())).hand_over(TEXT) == SENT


def test_the_second_gateway_is_not_asked_where_the_first_may_have_taken_the_text(gateway):
    first = Gateway()
    first.will("take and break off")
    assert TextGateway((first.url(), gateway.url())).hand_over(TEXT) == UNKNOWN
    first.close()
    assert gateway.asked == []


def test_a_url_that_apprise_cannot_read_ends_the_start_with_a_sentence():
    with pytest.raises(SettingError, match="PORTAL_SMS_URL: address 2") as refused:
        TextGateway(("json://127.0.0.1/?:to={to}", "twilio://secret-token@{to}"))
    assert "secret-token" not in str(refused.value)


@pytest.mark.parametrize("url", [f"vonage://abcd1234:{'b' * 32}@{{to}}", f"twilio://AC{'a' * 32}:{'b' * 32}@{{to}}"])
def test_a_url_with_the_number_in_the_wrong_place_ends_the_start(url):
    """It would text its own sender, and call that sent."""
    with pytest.raises(SettingError, match="address 1 would text another number") as refused:
        TextGateway((url,))
    assert "b" * 32 not in str(refused.value)


@pytest.mark.parametrize("order", ["accept", "refuse", "busy", "break off"])
def test_no_number_no_word_and_no_token_reaches_a_log(gateway, caplog, monkeypatch, order):
    """Twilio's service names the number at WARNING; here it is led to the suite's own gateway."""
    from apprise.plugins.twilio import NotifyTwilio

    caplog.set_level(1)
    monkeypatch.setattr(NotifyTwilio, "notify_sms_url", f"http://127.0.0.1:{gateway.server.server_port}/{{sid}}")
    for url in (gateway.url(), gateway.url("form"), f"twilio://AC{'a' * 32}:{'b' * 32}@15550100000/{{to}}"):
        gateway.will(order)
        TextGateway((url,)).hand_over(TEXT)
    assert len(gateway.asked) == 3
    for word in (NUMBER[1:], "482913", "gateway-token", "b" * 32):
        assert word not in caplog.text, "a secret in the log"
