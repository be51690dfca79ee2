"""Every email in every language arrives whole, also for programs that show plain text alone (RFC 2047, RFC 3676)."""

import itertools
import re
import unicodedata
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP, default

import pytest

from portal.gateways import SENT, Message
from portal.gateways.mail import LINE, MailGateway, build_email, flow_lines
from portal.languages import SOURCE, list_languages
from portal.web.emails import compose_email
from tests.web.test_pseudo import EMAILS, FACTS, LINKS, VARIANTS

NAMES = {"en": "김 민준", "es": "Máire Ní Dhónaill-O’Néill", "ko": "محمد الأمين Żółć", "": '\'李 <小龍> & "Zoë"'}
pytestmark = pytest.mark.once("writes emails from facts that stand here")
SENDER = "no-reply@portal.example"
WIDEST = 78  # columns, and bytes of a line of a header (RFC 5322 2.1.1)


@pytest.fixture
def emails(app, monkeypatch):
    """Composes every email in a language, each in one of its variants."""
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], languages=list_languages()))

    def compose(language, name):
        with app.test_request_context(base_url="https://portal.example"):
            for template, facts in zip(EMAILS, itertools.cycle(VARIANTS)):
                yield compose_email(template, FACTS | {"name": name, "by": name, "practice": name} | facts, LINKS, language)

    return compose


def joined(text):
    """Returns flowed text as a program that knows RFC 3676 shows it."""
    unstuffed = "\n".join(line.removeprefix(" ") for line in text.splitlines())
    return re.sub(r" \n(?!$)", " ", unstuffed) + "\n"


def columns(line):
    return sum(2 if unicodedata.east_asian_width(each) in ("W", "F") else 1 for each in line)


def see_mail(message, subject, text, html, language):
    """What arrived is what was written, and can be read as it came."""
    assert str(make_header(decode_header(message.get("Subject")))) == message["Subject"] == subject
    assert message["Content-Language"] == language
    plain, page = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert (
        plain["Content-Type"].params["format"] == "flowed"
        and plain.get_content_charset() == page.get_content_charset() == "utf-8"
    )
    got, shown = (part.get_content().replace("\r\n", "\n") for part in (plain, page))
    assert joined(got) == re.sub(r" +\n", "\n", text) and shown == html.rstrip("\n") + "\n"
    assert f'<html lang="{language}">' in html
    lines = got.splitlines()
    assert [line for line in lines if columns(line) > WIDEST and not line.startswith("http")] == []
    assert [line for line in lines if "http" in line and not re.fullmatch(r"https?://\S+", line)] == []
    assert not re.search(r"&(#\d+|\w+);|</?(span|en|p|a|b)\b", got), "what is left of a page"


def test_every_email_of_every_language_arrives_whole(emails, mail_server):
    """Each goes to the server in one language, in turn; in the others it is read as it would go, which takes a tenth of the time."""
    gateway, seen = MailGateway(mail_server.url, SENDER), []
    for turn, language in enumerate(list_languages()):
        for at, (subject, text, html, told) in enumerate(emails(language, NAMES[language])):
            mail = Message(f"{at:032}", "maria@example.test", text, subject, html, told)
            if at % len(list_languages()) == turn:
                assert gateway.hand_over(mail) == SENT
                got = mail_server.box[-1][1]
            else:
                got = message_from_bytes(build_email(mail, SENDER).as_bytes(policy=SMTP), policy=default)
            assert told == language
            see_mail(got, subject, text, html, language)
            assert NAMES[language] in text or NAMES[language] not in html
            seen.append(subject)
    assert len(seen) == len(list_languages()) * len(EMAILS) and len(mail_server.box) == len(EMAILS)
    assert sum(not subject.isascii() for subject in seen) > len(seen) / 3


def test_a_header_of_any_script_is_ascii_on_the_wire(mail_server):
    subject = "환자 포털 계정의 2단계 인증이 다시 설정되었어요: ¿lo pidió usted? محمد 📱 " * 3
    message = Message("c" * 32, "maria@example.test", "x\n", subject.strip(), "<p>x</p>", "ko")
    assert MailGateway(mail_server.url, SENDER).hand_over(message) == SENT
    got = mail_server.box[-1][1]
    head = bytes(got).partition(b"\n\n")[0]
    assert got["Subject"] == subject.strip() and head.isascii() and max(map(len, head.splitlines())) <= WIDEST


@pytest.mark.parametrize(
    ("text", "flowed"),
    [
        ("a " * 40 + "end\n", "a " * 36 + "\n" + "a " * 4 + "end\n"),
        ("From me\n> x\n  y\n", " From me\n > x\n   y\n"),
        ("가 " * 30 + "\n", "가 " * 24 + "\n" + "가 " * 5 + "가\n"),
        ("https://portal.example/" + "x" * 200 + "\n", "https://portal.example/" + "x" * 200 + "\n"),
        ("x" * 100 + " y\n\n", "x" * 100 + " \ny\n\n"),
        ("", ""),
    ],
)
def test_lines_are_short_and_join_again(text, flowed):
    assert flow_lines(text) == flowed
    assert max((columns(line) for line in flowed.splitlines() if " " in line.strip()), default=0) <= LINE + 1


def test_no_line_begins_a_signature():
    """After a line of two hyphens and a space, mail programs hide what follows."""
    typed = "x" * (LINE - 2) + " -- " + "y" * LINE
    assert "-- " not in flow_lines(typed).split("\n") and flow_lines(typed).replace(" \n", " ").strip() == typed


def test_english_is_said_to_be_english(emails):
    assert {told for *_, told in emails("xx", NAMES[""])} == {SOURCE}
