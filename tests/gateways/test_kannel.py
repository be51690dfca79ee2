"""One text through a real gateway: Kannel, with a fake of a carrier's centre behind it."""

import time

from portal.gateways import REFUSED, SENT, Message
from portal.gateways.text import TextGateway

WORDS = "482913 is your Medximity code for M. R. It works for 10 minutes. Never share it.\n@127.0.0.1 #482913"


def test_kannel_delivers_a_text_and_refuses_a_stranger(kannel):
    text = Message("c" * 32, "+15035550164", WORDS)
    assert TextGateway((kannel.url,)).hand_over(text) == SENT
    deadline = time.monotonic() + 10
    while "482913" not in kannel.delivered and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "15035550164" in kannel.delivered and "#482913" in kannel.delivered
    assert TextGateway((kannel.url.replace("kannel-secret", "wrong"),)).hand_over(text) == REFUSED
