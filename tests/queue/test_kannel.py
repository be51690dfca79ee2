"""One text through a real gateway: Kannel, with a fake of a carrier's centre behind it."""

import functools
import re
import time
from datetime import timedelta
from urllib.parse import unquote_to_bytes

from portal import clock
from portal.flows.messages import delivery_reports
from portal.flows.messages.send_code import call_owner
from portal.gateways import REFUSED, SENT, Message
from portal.gateways.alphabet import count_parts
from portal.gateways.text import TextGateway
from portal.languages import list_languages
from portal.models import User
from portal.policy import PROVIDER
from tests.gateways.test_alphabet import HOSTS, texts
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
# A text, or a part of one, as the centre logs it: in the default alphabet, in UCS-2, or behind a header that says which part it is.
GOT = re.compile(
    r"<15550100 \+15035550164 (?:text (?P<plain>.*)|ucs-2 (?P<wide>.*)|udh (?P<header>\S+) data (?P<coded>.*))>$", re.M
)
MORE = re.compile(r"Got message \d+: <([^>]*)>")


def arrived(log):
    """Returns (text, parts) of one text as the centre got it, joined as a phone does. `log`: the centre's, from that text on."""
    found = list(GOT.finditer(log))
    if not found:
        return "", 0
    if found[0]["plain"] is not None:  # one line of the log for each of its own
        lines = MORE.findall(log[found[0].end() :])
        return "\n".join([found[0]["plain"], *lines]), 1
    pieces = [unquote_to_bytes((each["wide"] or each["coded"]).replace("+", "%20")) for each in found]
    numbers = [each["header"] and each["header"][-2:] for each in found]
    assert numbers in ([None], [f"{at:02x}" for at in range(1, len(found) + 1)]), "parts come in order, each once"
    joined = b"".join(pieces)
    return joined.decode("utf-16-be" if b"\0" in joined else "utf-8", "replace"), len(pieces)


def every_text():
    """Returns each text of each language, with the longest brand and a name without a Latin letter."""
    found = []
    for language in list_languages():
        called = call_owner(User(full_name="Ольга", username="ольга"), language)
        sent = [text for _, issuer, host, text in texts(language) if (issuer, host) == (PROVIDER.issuer, HOSTS[0])]
        found += [text for text in sent if called in text]
    return found


def test_kannel_gets_every_text_whole_and_takes_as_many_parts_as_are_counted(kannel):
    sent = [*WORDS_OF_THE_WORLD.values(), *every_text()]
    assert len(sent) == len(WORDS_OF_THE_WORLD) + 5 * len(list_languages())
    gateway, since = TextGateway((kannel.url,)), 0
    for words in sent:
        assert gateway.hand_over(Message("c" * 32, "+15035550164", words, report="0")) == SENT
        expected = (words, count_parts(words).parts)
        log = functools.partial(lambda since: kannel.delivered[since:], since)
        assert until(lambda log=log, expected=expected: arrived(log()) == expected, 10), (expected, arrived(log()), log())
        since = len(kannel.delivered)


def test_an_alphabet_that_the_operator_names_is_kept():
    url = "form://host/cgi-bin/sendsms?:to={to}&:coding=0&:charset=ISO-8859-1"
    built = TextGateway((url,)).build_url(url, Message("c" * 32, "+15035550164", WORDS_OF_THE_WORLD["Korean"], report="0"))
    assert built.count("coding") == built.count("charset") == 1
