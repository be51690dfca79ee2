"""A mail goes to the mail server as text and HTML, to one recipient; what the server says decides about another try."""

import pytest

from portal.gateways import REFUSED, SENT, UNREACHABLE, Message
from portal.gateways.mail import MailGateway
from portal.gateways.mail import MailServer as Place
from portal.settings import config

SENDER = "no-reply@portal.example"


def mail(to="maria@example.test", subject="Sign-in from a new browser", name="Zoë"):
    """Returns a mail."""
    return Message("b" * 32, to, f"Hello {name}, …\n", subject, f"<!doctype html><p>Hello {name}, …</p>")


def test_a_mail_has_text_and_html_and_says_who_it_is_from(mail_server):
    assert MailGateway(mail_server.url, SENDER).hand_over(mail()) == SENT
    [(recipient, message, _)] = mail_server.box
    assert (recipient, message["To"]) == ("maria@example.test", "maria@example.test")
    assert message["From"] == f"Medximity <{SENDER}>"
    assert message["Subject"] == "Sign-in from a new browser"
    assert message["Message-ID"] == f"<{'b' * 32}@portal.example>"
    assert message["Auto-Submitted"] == "auto-generated" and message["Date"]
    assert "Hello Zoë" in message.get_body(("plain",)).get_content()
    assert "<p>Hello Zoë" in message.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "Hello\nBcc: thief@example.test"},
        {"subject": "Hello\r\nBcc: thief@example.test"},
        {"to": "maria@example.test\nBcc: thief@example.test"},
        {"to": "maria@example.test, thief@example.test"},
        {"to": "maria"},
        {"to": ""},
        {"to": "mär ia@example.test"},
    ],
)
def test_nobody_adds_a_header_or_a_recipient(mail_server, fields):
    assert MailGateway(mail_server.url, SENDER).hand_over(mail(**fields)) == REFUSED
    assert mail_server.box == []


def test_an_address_that_the_server_cannot_write_to_is_tried_no_more(mail_server):
    assert MailGateway(mail_server.url, SENDER).hand_over(mail(to="zoë@example.test")) in (REFUSED, UNREACHABLE)
    assert mail_server.box == []


def test_a_recipient_refused_for_good_costs_nobody_else_a_mail(mail_server):
    mail_server.refused = {"gone@example.test": "550 no such box", "full@example.test": "452 box is full"}
    gateway = MailGateway(mail_server.url, SENDER)
    outcomes = [gateway.hand_over(mail(to)) for to in ("gone@example.test", "full@example.test", "maria@example.test")]
    assert outcomes == [REFUSED, UNREACHABLE, SENT]
    assert [to for to, _, _ in mail_server.box] == ["maria@example.test"]


def test_a_server_that_is_down_or_slow_is_worth_another_try(mail_server, monkeypatch):
    monkeypatch.setattr(config, "SMTP_SECONDS", 0.5)
    mail_server.delay = 2
    assert MailGateway(mail_server.url, SENDER).hand_over(mail()) == UNREACHABLE
    mail_server.down()
    assert MailGateway(mail_server.url, SENDER).hand_over(mail()) == UNREACHABLE


def test_a_server_without_the_tls_that_was_asked_for_gets_nothing(mail_server):
    assert MailGateway(mail_server.url + "?starttls", SENDER).hand_over(mail()) == UNREACHABLE
    assert mail_server.box == []


def test_no_address_and_no_word_reaches_a_log(mail_server, caplog):
    caplog.set_level(1)
    mail_server.refused = {"maria@example.test": "550 maria@example.test is unknown here"}
    gateway = MailGateway(mail_server.url, SENDER)
    gateway.hand_over(mail())
    lines = "\n".join(
        record.getMessage() for record in caplog.records if record.name != "mail.log"
    )  # that one is the server's own
    assert "maria" not in lines and "Zoë" not in lines and "550" in lines
    assert "maria" not in repr(mail())


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("smtp://mail.example", Place("mail.example", 25, False, False, "", "")),
        ("smtp://mail.example?starttls", Place("mail.example", 587, False, True, "", "")),
        ("smtps://us%40er:p%2Fw@mail.example", Place("mail.example", 465, True, False, "us@er", "p/w")),
        ("smtp://[::1]:1025", Place("::1", 1025, False, False, "", "")),
    ],
)
def test_a_url_is_read(url, place):
    assert Place.of(url) == place
    assert "p/w" not in repr(place)
