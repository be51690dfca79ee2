"""What leaves the portal has no bare word either: every text, email, download, and sheet in the pseudo-locale (pages: tests/browser)."""

import csv
import io
import re
from dataclasses import replace

import pytest
from flask import render_template_string
from icalendar import Calendar
from sqlalchemy import update

from portal import methods
from portal.flows.factors.prove import OLD_NUMBER_TEXT
from portal.flows.recovery.texts import SET_UP_TEXT, WAITING_TEXT, write_code
from portal.languages import PSEUDO, SOURCE, load_catalogue
from portal.methods import Secret
from portal.models import Appointment, Practice, User
from portal.pseudo import GROWTH, PLACE, stretch
from portal.web.emails import compose_email
from portal.web.language import speak
from tests.house.source import TEMPLATES
from tests.support.bare import find_bare_lines
from tests.support.markup import parse

EMAILS = sorted(path.stem for path in (TEMPLATES / "email").glob("[!_]*.txt"))
# Names without a Latin letter, so that a letter is a word of ours.
FACTS = {
    "name": "마리아", "username": "17", "when": "2027-03-01T12:00:10+00:00", "browser": "Chrome on Windows", "ip": "192.0.2.7", "left": 3,
    "by": "로빈", "approved_by": "누르", "address": "m•••@example.test", "phone": "••• ••• ••64", "has_new_password": 1, "who": "아다",
    "hours": 24, "replaced": ["Authenticator App"],
    "practice": "강변", "role": "administrator", "asked_by": "로빈", "last_day": "2027-03-15", "until": "2027-03-02T12:00:10+00:00",
}  # fmt: skip
VARIANTS = (
    {},
    {"may_trust": False, "is_reset": True, "has_new_password": 0, "left": 1, "browser": "", "last_day": None, "codes_left": 0},
    {"role": "support", "purse": "strangers", "codes_left": 2, "left": 0, "approved_by": None},
)
LINKS = {"link": "1" * 43, "not_me": "2" * 43, "stop": "3" * 43}
NAMES = ("Medximity", "DigitalPatientChart", "Chrome", "Windows", "UTC")
CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")


@pytest.fixture
def offered(app, monkeypatch):
    """Offers the pseudo-locale beside English."""
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], languages=(SOURCE, PSEUDO)))
    return app


def prefer_pseudo(database, person):
    database.change(update(User).where(User.username == person.username).values(language=PSEUDO))


@pytest.mark.once("composes emails from facts that stand here")
@pytest.mark.parametrize("template", EMAILS)
@pytest.mark.parametrize("facts", VARIANTS, ids=("usual", "other", "rare"))
def test_no_email_has_a_bare_word(offered, template, facts):
    with offered.test_request_context(base_url="http://127.0.0.1:5000"):
        subject, text, html, _ = compose_email(template, FACTS | facts, LINKS, PSEUDO)
    assert find_bare_lines(f"{subject}\n{text}", *NAMES) == []
    page, _ = parse(html)
    assert page.one("html")["lang"] == PSEUDO and find_bare_lines(page.one("body").text, *NAMES) == []


def test_no_text_has_a_bare_word():
    secret = Secret("", "", issuer="Medximity", account="", initials="마. 레.", host="127.0.0.1", language=PSEUDO)
    texts = [each.words(secret, "482913") for each in methods.switched_on() if each.sends_texts]
    texts.append(load_catalogue(PSEUDO).gettext(OLD_NUMBER_TEXT) % {"issuer": "Medximity", "initials": "마. 레."})
    texts += [write_code(secret, "482913")]
    texts += [
        load_catalogue(PSEUDO).gettext(news) % {"issuer": "Medximity", "initials": "마. 레."}
        for news in (WAITING_TEXT, SET_UP_TEXT)
    ]
    assert len(texts) > 1 and [line for text in texts for line in find_bare_lines(text, *NAMES)] == []
    assert texts[0].splitlines()[-1] == "@127.0.0.1 #482913", "the last line is for programs"


def test_the_file_of_backup_codes_has_no_bare_word(plain, offered, maria, database):
    plain.enter(maria).set_up(maria)
    prefer_pseudo(database, maria)
    text = plain.get("/account/security/two-factor/backup-codes/download").get_data(as_text=True)
    assert "[" in text and len(CODE.findall(text)) == 10
    assert find_bare_lines(CODE.sub("", text), "Medximity", "M. R., m•••a", "UTC") == []


def test_the_table_of_a_practice_has_no_bare_word(plain, offered, admin_lee, database):
    plain.enter(admin_lee)
    prefer_pseudo(database, admin_lee)
    rows = list(
        csv.reader(io.StringIO(plain.get("/ehr/settings/team/security/export").get_data(as_text=True).removeprefix("\ufeff")))
    )
    assert len(rows) > 2 and [cell for cell in rows[0] if not cell.startswith("[")] == []
    assert [cell for row in rows[1:] for cell in row[1:] if re.search("[A-Za-z]{2}", cell)] == []


@pytest.mark.parametrize("length", [1, 40])
def test_an_entry_for_a_calendar_has_no_bare_word(plain, offered, maria, database, length):
    riverside = update(Practice).where(Practice.id == 1).values(name="강" * length, address="변" * length)
    database.change(riverside)
    database.change(update(Appointment).values(practice_id=1, with_whom="누" * length))
    prefer_pseudo(database, maria)
    plain.enter(maria).open("/home")
    link = next(link["href"] for link in plain.page.all("a") if link["href"].endswith(".ics"))
    [event] = Calendar.from_ical(plain.get(link).data).walk("VEVENT")
    texts = [str(event[name]) for name in ("summary", "location", "description")]
    assert texts[0].startswith("[") and "누" * length in texts[2]
    assert [line for text in texts for line in find_bare_lines(text)] == []


@pytest.mark.parametrize("path", ["/account/security", "/account/security/activity"])
def test_no_time_is_written_in_a_fixed_order(plain, offered, sam, database, path):
    plain.enter(sam)
    prefer_pseudo(database, sam)
    page, _ = parse(plain.get(path).get_data(as_text=True))
    texts = [each.text for each in page.all("time")]
    assert texts and [text for text in texts if find_bare_lines(text, "UTC")] == []


@pytest.mark.parametrize("name", ["Authenticator App", "Authenticator App 2", "Text message"])
@pytest.mark.once("writes words that stand here")
def test_a_name_that_a_method_gave_is_translated(offered, name):
    with offered.test_request_context(), speak(PSEUDO):
        shown = render_template_string("{{ name|given_name }}", name=name)
    assert shown.startswith("[") and shown.endswith("2") is name.endswith("2")


@pytest.mark.parametrize("name", ["Tablet", "Authenticator App <b>", "Authenticator App two", "2", "", "x" * 40])
@pytest.mark.once("writes words that stand here")
def test_a_name_that_its_owner_gave_is_left_alone(offered, name):
    with offered.test_request_context(), speak(PSEUDO):
        page, _ = parse(render_template_string("{{ name|given_name }}", name=name))
    assert page.one("span", translate="no").raw_text == name


@pytest.mark.parametrize(("words", "shown"), [("Chrome on Linux", "[Chrome óñ Linux"), ("Safari", "Safari"), ("", "")])
@pytest.mark.once("writes words that stand here")
def test_a_browser_is_named_in_the_readers_language(offered, words, shown):
    with offered.test_request_context(), speak(PSEUDO):
        assert render_template_string("{{ words|browser_name }}", words=words).startswith(shown)


def test_the_pseudo_locale_is_longer_and_keeps_its_places():
    for sentence in ("Set", "Too many attempts. Try again in %(wait)s.", "%(left)d%% of %(num)s", "%(name)s"):
        said = stretch(sentence)
        assert (
            said[0] == "["
            and said[-1] == "]"
            and re.findall(r"%\(\w+\)[sd]|%%", said) == re.findall(r"%\(\w+\)[sd]|%%", sentence)
        )
        assert len(PLACE.sub("", said)) >= len(PLACE.sub("", sentence)) * GROWTH - 1
    assert load_catalogue(PSEUDO).gettext("No such sentence.") == "No such sentence.", "what passes no catalogue shows"
