"""A look-alike site that passes everything on gets no session where sign-ins in new browsers are confirmed (decision 43)."""

import re
from concurrent.futures import ThreadPoolExecutor

from portal.models import Session
from tests.support.new_browsers import HERE
from tests.support.people import Database
from tests.support.wire import BACKUP_CODE, CODE, Wire, at_once

VICTIMS = 20
HOME, NEW = "/account/security", "/account/security/new-browsers"


def link_to(town, person):
    return f"{HERE}/{town.token(person, 'new_browser_asked')}"


def enter_code(browser, town, person):
    """A password and a right code; returns where the last one leads."""
    browser.sign_in(person.username)
    browser.open(CODE)
    return browser.post(CODE, code=person.phone.code(town.now())).location


def number_on(browser):
    return re.search(r'class="spoken"><code[^>]*>(\d\d)<', browser.get(HERE).text)[1]


def fall_for_it(town, server, relay, person, way):
    """Somebody types password and code into the look-alike, and then does what its page and the email say, as far as they can."""
    own, here = Wire(server), Wire(relay)
    if way == "an open session":  # from before, at home
        token = town.open_session(person)
        own.cookies["session"] = token
        assert own.signed_in()
    where = enter_code(here, town, person)
    if way == "an open session":
        number, asked = number_on(here), own.open(HOME)
        page = re.search(rf'href="({NEW}/\d+)"', asked.text)[1]
        assert "on another network than this one" in own.open(page).lines
        answers = [own.post(page, number=number)]
    else:
        answers = [own.get(link_to(town, person))]
    here.post(HERE)
    return where, answers[0].lines


def test_no_relayed_sign_in_of_twenty_gets_a_session(look_alike):
    town, server, relay = look_alike
    people = [town.careful() for _ in range(VICTIMS)]
    ways = ["the link, in their own browser", "an open session"] * (VICTIMS // 2)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda each: fall_for_it(town, server, relay, *each), zip(people, ways, strict=True)))
    assert {where for where, _ in told} == {HERE}, "each code was right, and passed on"
    told_by_link, told_by_session = told[0][1], told[1][1]
    assert "Somebody is signing in to your account" in told_by_link and relay.ip in told_by_link
    assert "so nothing was confirmed" in told_by_session
    assert len(relay.sessions) >= VICTIMS and relay.stolen("/account") == []
    rows = Database(town.app).all(Session, Session.ip == relay.ip, Session.user_id.in_(map(town.id_of, people)))
    assert [row.level for row in rows] == ["unconfirmed"] * VICTIMS


def test_who_did_not_turn_it_on_is_robbed(look_alike):
    """So that the relay is one: what stops it above is the confirmation."""
    town, _, relay = look_alike
    person = town.regular()
    assert enter_code(Wire(relay), town, person) == "/home"
    [token] = relay.stolen("/account")
    relay.sessions.discard(token)


def test_honest_people_press_one_link_more(look_alike):
    town, server, _ = look_alike
    person, browser = town.careful(), Wire(server)
    assert enter_code(browser, town, person) == HERE
    link, tabs = link_to(town, person), [browser.tab() for _ in range(8)]
    answers = at_once(*[lambda tab=tab: tab.get(link) for tab in tabs])
    assert [answer.location for answer in answers if answer.status == 303] == ["/home"]
    assert sum(tab.signed_in() for tab in tabs) == 1, "one UPDATE decides"
    other = Wire(server)
    other.sign_in(person.username)
    other.open(BACKUP_CODE)
    assert other.post(BACKUP_CODE, code=person.codes[3]).location == "/home"
