"""A backup code, a setup key, or a current code in a ticket ends there: in no table, log, mail, or page afterwards, and spent."""

import re

import pytest

from tests.support import canary, moments, phone, wire
from tests.support.loud import break_inserts, heap, said
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import BACKUP_CODE, CODE, Wire, claimant

NEW = "/help/tickets/new"
PLACES = {"spaced": "subject", "wide": "message", "key": "subject", "digits": "message"}
ARABIC, WIDE = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"), str.maketrans({chr(at): chr(at + 0xFEE0) for at in range(0x21, 0x7F)})
OTHERS = "7K2M-Q9TX-4WRB-7K2M, 482 913, and JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # look like codes and a key, and are nobody's


@pytest.fixture
def portal(site):
    """A portal that logs everything there is to log."""
    with running_server(site, workers=2, **said(site)) as server:
        yield server


def spell(entry, codes, moment):
    """Returns what is pasted: a code by blanks, one in full width, one in markup, the key in groups, a code in Arabic digits."""
    key, digits = entry.secret.lower(), entry.code(moments.after(moment))
    return {
        "spaced": " ".join(codes[1].replace("-", "")),
        "wide": codes[2].translate(WIDE),
        "marked": re.sub("-", "<br>-</br>", codes[3]),
        "key": "otpauth://totp/x?secret=" + "%20".join(re.findall("....", key)),
        "digits": f"{digits[:3]} {digits[3:]}".translate(ARABIC),
    }


def send(browser, text, place):
    """Sends a ticket with that text in its subject or its message."""
    browser.open(NEW)
    return browser.post(NEW, **{"subject": "I can't sign in", "message": "My phone says no.", place: f"Is {text} right?"})


@pytest.mark.long
def test_what_was_pasted_into_a_ticket_is_nowhere_and_spent(portal, postgres):
    moment, person, rows = moments.quiet(8), Wire(portal), Rows(portal.site)
    entry, codes = wire.turn_on(person, "maria", moments.before(moment))
    assert wire.prove_saved(person, codes).status == 303
    pasted, digits = spell(entry, codes, moment), entry.code(moments.after(moment))
    assert person.send(NEW, subject="Ours look alike", message=OTHERS).status == 303
    answers = [send(person, pasted[name], PLACES[name]) for name in PLACES]
    assert [answer.status for answer in answers] == [422] * 4
    late = claimant(portal, "maria")
    spent = [late.post(CODE, code=digits), *(late.post(BACKUP_CODE, code=codes[number]) for number in (1, 2))]
    assert ["already used" in answer.lines for answer in spent] == [True] * 3
    break_inserts(portal.site, "events")
    answers.append(send(person, pasted["marked"], "message"))
    assert answers[-1].status == 500
    assert rows.one("SELECT count(*) FROM tickets") == rows.one("SELECT count(*) FROM ticket_messages") == 1
    assert rows.one("SELECT count(*) FROM backup_codes WHERE used_at IS NOT NULL") == 2, "what broke took nothing"
    assert rows.one("SELECT count(*) FROM outbox WHERE template = 'secret_shown'") == 3
    log = portal.log.read_text()
    assert f"POST {NEW}" in log and "UPDATE backup_codes" in log and "Traceback" in log
    pages = " ".join(answer.text for answer in answers)
    needles = {name: canary.of_text(text) for name, text in pasted.items()} | {
        "the key": canary.of_key(entry.secret),
        "the codes": {raw for number in (1, 2, 3) for raw in canary.of_backup_code(codes[number])},
    }
    for place in (pages.encode(), heap(portal, postgres)):
        assert {name: canary.hits(place, spelled) for name, spelled in needles.items()} == dict.fromkeys(needles, 0)
    assert canary.digits_in(re.sub(r"\.\d{6}", "", log) + pages, [digits]) == 0
    assert sum(canary.digits_in(cell, [digits]) for cell in rows.texts()) == 0


def test_the_search_finds_what_would_stand_there():
    codes, entry = (
        {1: "7K2M-Q9TX-4WRB-7K2M", 2: "7K2M-Q9TX", 3: "4WRB-7K2M"},
        phone.Entry("", "", "JBSWY3DPEHPK3PXP" * 2, 6, 30, ""),
    )
    for text in spell(entry, codes, 0).values():
        assert canary.hits(f"<p>Is {text} right?".encode(), canary.of_text(text)) == 1
