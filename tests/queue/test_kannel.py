"""One text through a real gateway: Kannel, with a fake of a carrier's centre behind it."""

import re
import time
from datetime import timedelta
from urllib.parse import unquote_to_bytes

import pytest

from portal import clock
from portal.flows.messages import delivery_reports
from portal.gateways import REFUSED, SENT, Message
from portal.gateways.alphabet import count_parts
from portal.gateways.text import TextGateway
from tests.support.application import application
from tests.support.outbox import put_texts, row_of, until
from tests.support.server import running_server

WORDS = "482913 is your Medximity code for M. R. It works for 10 minutes. Never share it.\n@127.0.0.1 #482913"


def test_kannel_delivers_a_text_and_refuses_a_stranger(kannel):
    text = Message("c" * 32, "+15035550164", WORDS)
    assert TextGateway((kannel.url,)).hand_over(text) == SENT
    deadline = time.monotonic() + 10
    while "482913" not in kannel.delivered and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "15035550164" in kannel.delivered and "#482913" in kannel.delivered
    assert TextGateway((kannel.url.replace("kannel-secret", "wrong"),)).hand_over(text) == REFUSED


def test_kannel_reports_the_delivery_to_the_running_portal(site, kannel):
    with running_server(site, PORTAL_WORKER="1", PORTAL_SMS_URL=kannel.reporting_url) as server, application(site) as app:
        [row_id] = put_texts(app, clock.now(), [WORDS], timedelta(minutes=10))
        assert until(lambda: row_of(app, row_id).delivered_at), (server.log.read_text()[-2000:], kannel.delivered[-500:])
        row = row_of(app, row_id)
        assert until(lambda: row_of(app, row_id).state == "sent")
        assert row.stage_at(clock.now()) == "delivered"
        token = delivery_reports.report_token(app.extensions["keys"], row_id)
        assert token not in server.log.read_text() and row_id + token[32:40] not in server.log.read_text()


LAST_LINE = "\n\n@portal.example #482913"
WORDS_OF_THE_WORLD = {
    "English": "482913 is your Medximity code, for M. R. It works for 10 minutes. Never share it." + LAST_LINE,
    "the alphabet's accents": "Código: Åse Ñuñez è é ù ì ò ü ß Ø £ ¿".replace("ó", "ò") + LAST_LINE,
    "two septets each": "[482913] {code} ~ € ^ | \\" + LAST_LINE,
    "Spanish": "482913 es su código de Medximity, para Á. Ñ. Dura 10 minutos. No lo comparta con nadie." + LAST_LINE,
    "French": "Ça va, François ? 482913 est votre code" + LAST_LINE,
    "Polish": "482913 to twój kod, dla Ł. Ć. Nie udostępniaj go." + LAST_LINE,
    "Korean": "482913은(는) M. R. 님의 Medximity 인증 코드입니다. 10분 동안 유효합니다." + LAST_LINE,
    "Arabic": "482913 رمز التحقق الخاص بك" + LAST_LINE,
    "Cyrillic": "482913 — ваш код, О. Ё." + LAST_LINE,
    "an emoji": "📱 482913" + LAST_LINE,
    "typographer's quotes": "“482913” – don’t share…" + LAST_LINE,
}
GOT = re.compile(
    r"Got message \d+: <15550100 \+15035550164 (?:text (?P<plain>[^>]*)|(?P<kind>ucs-2|udh \S+ data) (?P<coded>[^>]*))>"
)
MORE = re.compile(r"Got message \d+: <([^>]*)>")


def arrived(kannel, since):
    """Returns (text, parts) of what the SMSC received, as a phone would join it."""
    log = kannel.delivered[since:]
    whole = GOT.findall(log)
    if whole and whole[0][0]:  # a text in the default alphabet, one line of the log for each of its own
        lines = MORE.findall(log)
        return "\n".join([whole[0][0], *lines[1:]]), 1
    pieces = [unquote_to_bytes(coded.replace("+", "%20")) for _, _, coded in whole]
    return b"".join(pieces).decode("utf-16-be", "replace"), len(pieces)


@pytest.mark.parametrize("words", WORDS_OF_THE_WORLD.values(), ids=WORDS_OF_THE_WORLD)
def test_kannel_gets_every_language_whole_and_takes_as_many_parts_as_are_counted(kannel, words):
    since = len(kannel.delivered)
    assert TextGateway((kannel.url,)).hand_over(Message("c" * 32, "+15035550164", words, report="0")) == SENT
    assert until(lambda: arrived(kannel, since)[0] == words, 10), (words, arrived(kannel, since), kannel.delivered[since:])
    assert arrived(kannel, since)[1] == count_parts(words).parts


def test_an_alphabet_that_the_operator_names_is_kept():
    url = "form://host/cgi-bin/sendsms?:to={to}&:coding=0&:charset=ISO-8859-1"
    built = TextGateway((url,)).build_url(url, Message("c" * 32, "+15035550164", WORDS_OF_THE_WORLD["Korean"], report="0"))
    assert built.count("coding") == built.count("charset") == 1
