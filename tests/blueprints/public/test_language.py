"""A language for each person: guessed from the browser, chosen in the footer or in Profile, kept for texts and emails."""

from dataclasses import replace

import pytest
from flask import render_template_string
from sqlalchemy import update

from portal.flows.base import places
from portal.flows.base.context import RequestContext
from portal.flows.messages import outbox, send_code
from portal.languages import PSEUDO, SOURCE, load_catalogue
from portal.models import Appointment, Event, Outbox, Practice, User
from portal.web.emails import compose_email
from tests.support.texts import Inbox

NAME = "[Þšéúđó]"  # what the pseudo-locale calls itself


@pytest.fixture
def offered(app, monkeypatch):
    """Offers languages as PORTAL_LANGUAGES does; at first English and the pseudo-locale."""

    def offer(*languages):
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], languages=languages))

    offer(SOURCE, PSEUDO)
    return offer


def language(browser):
    """Returns the language that the page says it is in, after checking that its words are."""
    said = browser.page.one("html")["lang"]
    assert browser.heading.startswith("[") is (said == PSEUDO)
    return said


def choose(browser, tag):
    """Selects a language in the footer."""
    form = browser.page.one("form", **{"class": "languages"})
    assert [button["value"] for button in form.all("button")] == [SOURCE, PSEUDO]
    place = {"Referer": f"http://localhost{browser.path}?{browser.query}"}
    answer = browser.post(form["action"], {"language": tag}, **place)
    return browser.open(answer.headers["Location"])


def prefer(browser, header, path="/sign-in"):
    """Returns the language of a page for a browser that sends this Accept-Language."""
    return 'lang="en-XA"' in browser.get(path, Accept_Language=header).text.partition("<head>")[0]


def kept(database, person):
    return database.user(person).language


# --- no choice


def test_with_one_language_nothing_is_shown_or_taken(plain, maria, database):
    plain.enter(maria).open("/account")
    assert not plain.offers("Change language") and plain.page.all("form", **{"class": "languages"}) == []
    assert plain.get("/account/language").status_code == 404
    assert plain.post("/language", {"language": "en"}).status_code == 404
    assert plain.cookie("language") is None and kept(database, maria) is None


# --- guessed


@pytest.mark.parametrize(
    ("header", "is_pseudo"),
    [
        ("en-XA", True),
        ("en-xa,en;q=0.5", True),
        ("en", False),
        ("en-GB,en-XA;q=0.9", False),  # English of another place is wanted more
        ("fr-CA,en-XA;q=0.9,en;q=0.8", True),
        ("en-XA;q=0.5,en-GB", False),
        ("fr", False),
        ("*", False),
        ("", False),
        ("en-XA;q=0, en", False),
        (",;q=,fr_XA,;;q=9", False),
        ("en-XA-" + "x" * 5000, False),
        ("\x00", False),
        ("q=0.1;en-XA", False),
    ],
)
def test_the_first_language_of_the_browser_that_is_offered(plain, offered, header, is_pseudo):
    assert prefer(plain, header) is is_pseudo


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("es-MX,en;q=0.8", "es"),
        ("es_419,en-US;q=0.8,en;q=0.7", "es"),
        ("ko-KR,en;q=0.9", "ko"),
        ("en-US,es;q=0.9", "en"),
        ("es-MX;q=0,ko-KR;q=0.1", "ko"),
        ("*,es-US;q=0.1", "es"),
        ("*", "en"),
    ],
)
def test_a_language_of_some_country_is_that_language_and_what_is_wanted_more_goes_first(plain, offered, header, tag):
    offered("ko", "es", SOURCE)  # where any will do, English, whatever the operator's order
    assert f'lang="{tag}"' in plain.get("/sign-in", Accept_Language=header).text.partition("<head>")[0]


def test_a_guess_is_kept_once_every_factor_was_shown(plain, offered, sam, database, clock):
    plain.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = PSEUDO
    answer = plain.post("/sign-in", {"username": sam.username, "password": sam.password}, token=token_of(plain, "/sign-in"))
    assert answer.status_code == 303 and kept(database, sam) is None
    plain.open("/sign-in/code")
    assert language(plain) == PSEUDO
    plain.post("/sign-in/code", {"code": sam.code()})
    assert kept(database, sam) == PSEUDO


def token_of(browser, path):
    browser.open(path)
    return browser.token


# --- chosen in the footer


def test_a_stranger_chooses_for_this_browser_and_comes_back_to_the_page(plain, offered):
    plain.open("/sign-in?next=/account")
    assert language(plain) == SOURCE
    choose(plain, PSEUDO)
    assert (plain.path, plain.query, language(plain)) == ("/sign-in", "next=/account", PSEUDO)
    assert plain.cookie("language") == PSEUDO
    choose(plain, SOURCE)
    assert language(plain) == SOURCE


def test_somebody_signed_in_chooses_for_the_account(plain, offered, maria, database):
    plain.enter(maria)
    choose(plain, PSEUDO)
    assert kept(database, maria) == PSEUDO and language(plain) == PSEUDO
    assert [row.event for row in database.all(Event, Event.event == "language_changed")] == ["language_changed"]
    other = plain.another()
    other.open("/sign-in")
    assert language(other) == SOURCE
    other.enter(maria)
    assert language(other) == PSEUDO, "the account's own choice goes before the browser's wish"


def test_choosing_what_is_chosen_already_records_nothing(plain, offered, maria, database):
    plain.enter(maria)
    for _ in range(2):
        plain.post("/language", {"language": PSEUDO})
    assert len(database.all(Event, Event.event == "language_changed")) == 1


def test_while_a_code_is_due_only_the_browser_remembers(plain, offered, sam, database):
    database.change(update(User).where(User.username == "sam").values(language=SOURCE))
    plain.sign_in(sam)
    choose(plain, PSEUDO)
    assert (plain.path, language(plain)) == ("/sign-in/code", PSEUDO)
    assert kept(database, sam) == SOURCE, "somebody with the password alone can't change the language of the owner's emails"


def test_the_choice_needs_the_token_of_its_page(plain, offered, maria, database):
    plain.enter(maria)
    assert plain.post("/language", {"language": PSEUDO}, token=None).status_code == 403
    assert plain.get(f"/language?language={PSEUDO}").status_code == 405
    assert kept(database, maria) == SOURCE and plain.cookie("language") is None


@pytest.mark.parametrize("chosen", ["xx", "", "en-XA\n", "../en", "é" * 500, "EN"])
def test_a_language_that_is_not_offered_changes_nothing(plain, offered, maria, database, chosen):
    plain.enter(maria)
    answer = plain.post("/language", {"language": chosen})
    assert answer.status_code == 303 and kept(database, maria) == SOURCE and plain.cookie("language") is None


@pytest.mark.parametrize(
    "referrer",
    ["", "http://elsewhere.example/home", "//elsewhere.example", "http://localhost//elsewhere.example", "http://localhost/\\x",
     "http://localhost/sign-out", "http://localhost/nowhere", "http://[", "http://localhost/sign-in?" + "x" * 9000],
)  # fmt: skip
def test_where_the_page_before_is_unknown_the_choice_leads_home(plain, offered, referrer):
    plain.open("/help")
    answer = plain.post("/language", {"language": PSEUDO}, Referer=referrer)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "path",
    ["/contact-support", "/contact-support?at=ehr", "/recovery", "/forgot-password", "/forgot-password/sent",
     "/not-me/done", "/phone-found"],
)  # fmt: skip
def test_who_is_locked_out_chooses_and_stays_on_the_page(plain, offered, path):
    """A browser says which page it was, unless the page forbids it: there the choice would lead to the sign-in page."""
    plain.open(path)
    assert (plain.status, plain.response.headers["Referrer-Policy"]) == (200, "same-origin")
    choose(plain, PSEUDO)
    assert (plain.path, language(plain)) == (path.partition("?")[0], PSEUDO)


# --- chosen in Profile


def test_profile_asks_one_question(browser, offered, maria, database):
    browser.enter(maria).open("/account")
    browser.press("Change language")
    assert browser.heading == "Choose your language"
    browser.choose(NAME)
    browser.press("Save")
    assert browser.path == "/account" and language(browser) == PSEUDO
    assert browser.notices == [load_catalogue(PSEUDO).gettext("Your language has been saved.")]
    assert kept(database, maria) == PSEUDO


@pytest.mark.parametrize("chosen", ["xx", "", "en-XA "])
def test_profile_refuses_what_it_does_not_offer(plain, offered, maria, database, chosen):
    plain.enter(maria).open("/account/language")
    answer = plain.post("/account/language", {"language": chosen})
    assert answer.status_code == 422 and "Choose one of these languages." in answer.text
    assert kept(database, maria) == SOURCE


# --- vanished


@pytest.mark.parametrize("gone", ["xx", "es", "not a tag", "en_XA", ""])
def test_an_account_whose_language_vanished_reads_english(plain, offered, maria, database, gone):
    database.change(update(User).where(User.username == "maria").values(language=gone))
    plain.client.set_cookie("language", gone)
    plain.enter(maria)
    assert language(plain) == SOURCE and plain.open("/account").status == 200
    (row,) = database.all(Outbox)
    assert compose(plain.app, row)[0] == "Sign-in from a new browser"


def test_a_language_that_is_switched_off_is_gone_at_once_and_comes_back(plain, offered, maria, database):
    plain.enter(maria)
    choose(plain, PSEUDO)
    offered(SOURCE)
    plain.open("/account")
    assert language(plain) == SOURCE
    offered(SOURCE, PSEUDO)
    plain.open("/account")
    assert language(plain) == PSEUDO


# --- texts and emails


def compose(app, row):
    """Returns subject, text, and HTML of an email, as the worker makes them: in no request of anybody."""
    with app.test_request_context(base_url=app.extensions["settings"].base_url, headers={"Accept-Language": PSEUDO}):
        return compose_email(row.template, row.facts, {"not_me": "a-token"}, row.language)[:3]


def test_an_email_is_in_the_language_of_its_account_whoever_causes_it(plain, offered, maria, database):
    database.change(update(User).where(User.username == "maria").values(language=PSEUDO))
    plain.enter(maria)
    (row,) = database.all(Outbox)
    subject, text, html = compose(plain.app, row)
    assert row.language == PSEUDO and subject.startswith("[") and '<html lang="en-XA">' in html
    assert all(line.startswith(("[", "http")) for line in text.splitlines() if line)
    database.change(update(Outbox).values(language=None))
    (row,) = database.all(Outbox)
    assert compose(plain.app, row)[0][0] != "[", "without a language it is English, whatever the worker's machine prefers"


def test_a_text_is_in_the_language_of_its_reader(plain, offered, maria, database):
    database.change(update(User).where(User.username == "maria").values(language=PSEUDO))
    plain.enter(maria).open("/account/security")
    plain.post("/account/security/two-factor", {"method": "sms"})
    assert plain.post("/account/security/two-factor/sms/number", {"phone": "(503) 555-0164"}).status_code == 303
    (text,) = Inbox(database).of(maria)
    assert text.words.startswith("[") and text.code


def test_an_email_to_somebody_who_never_chose_is_in_the_language_of_their_practice(plain, offered, dr_chen, database):
    """So is one to somebody whose choice was switched off; the choice itself stays as it was."""
    plain.enter(dr_chen)
    database.change(update(Outbox).values(language=None))
    practice = database.user(dr_chen).practice_id
    place(database, practice, PSEUDO)
    (row,) = database.all(Outbox)
    assert sent(plain.app, database, row).subject.startswith("[")
    database.change(update(Outbox).values(language="es"))
    assert sent(plain.app, database, row).subject.startswith("["), "a choice that is switched off"
    place(database, practice, "es")
    assert sent(plain.app, database, row).subject == "Sign-in from a new browser", "a default that is switched off"
    place(database, practice, PSEUDO)
    database.change(update(Outbox).values(language=SOURCE))
    assert sent(plain.app, database, row).subject == "Sign-in from a new browser", "one's own goes first"


def place(database, practice, language):
    database.change(update(Practice).where(Practice.id == practice).values(language=language))


def sent(app, database, row):
    """Returns the email of a row as the worker hands it over."""
    (row,) = database.all(Outbox, Outbox.id == row.id)
    with app.test_request_context():
        return outbox.open_message(database.keys, row, compose_email)


def test_a_patient_who_never_chose_is_written_to_as_the_practice_of_the_latest_visit_says(app, offered, maria, database, clock):
    user = database.user(maria)
    visits = sorted(database.all(Appointment, Appointment.patient_id == user.id), key=lambda visit: (visit.starts_at, visit.id))
    for visit in visits:
        place(database, visit.practice_id, "es")
    place(database, visits[-1].practice_id, PSEUDO)
    context = RequestContext(clock.now, database.keys, "", "", "", languages=(SOURCE, PSEUDO), language=SOURCE)
    with app.app_context():
        assert places.recipient(user.id)[1] == PSEUDO == send_code.language_of_owner(context, user)
        assert send_code.language_of_owner(replace(context, languages=(SOURCE,), language=PSEUDO), user) == SOURCE


def test_a_page_is_in_the_practices_language_only_where_the_browser_asks_for_none(plain, offered, dr_chen, database):
    place(database, database.user(dr_chen).practice_id, PSEUDO)
    plain.enter(dr_chen)
    database.change(update(User).values(language=None))
    assert [prefer(plain, header, "/ehr/settings") for header in ("en", "en-XA", "fr", "")] == [False, True, True, True]


# --- two sides of one browser


def test_a_patients_choice_leaves_the_ehr_as_it_is_and_the_other_way_round(plain, offered, maria, dr_okafor, database):
    plain.open("/sign-in")
    choose(plain, PSEUDO)
    assert (plain.cookie("language"), plain.cookie("language_ehr")) == (PSEUDO, None)
    for path in ("/sign-in?at=ehr", "/sign-in?next=/ehr/settings", "/ehr/nothing"):
        assert 'lang="en"' in plain.get(path).text.partition("<head>")[0]
    plain.enter(dr_okafor, "/ehr")
    assert kept(database, dr_okafor) == SOURCE, "the other side's choice is no guess either"
    plain.open("/ehr/settings")
    choose(plain, SOURCE)
    assert (plain.cookie("language"), plain.cookie("language_ehr")) == (PSEUDO, SOURCE)
    plain.post("/sign-out", {})
    plain.open("/sign-in?at=ehr")
    choose(plain, PSEUDO)
    choose(plain, SOURCE)
    assert (plain.cookie("language"), plain.cookie("language_ehr")) == (PSEUDO, SOURCE)
    plain.open("/sign-in")
    assert language(plain) == PSEUDO


def test_profile_says_which_choice_is_switched_off_and_keeps_it(plain, offered, maria, database):
    database.change(update(User).where(User.username == "maria").values(language="ko"))
    plain.enter(maria).open("/account")
    assert "You chose 한국어, which isn't available now." in plain.text and plain.offers("Change language")
    assert [each.text for each in plain.page.all("span", lang="ko")] == ["한국어"]
    offered(SOURCE)
    plain.open("/account")
    assert "You chose 한국어, which isn't available now." in plain.text and not plain.offers("Change language")
    assert kept(database, maria) == "ko"
    offered(SOURCE, "ko")
    assert "한국어" in plain.get("/account").text and 'lang="ko"' in plain.get("/account").text.partition("<head>")[0]


@pytest.mark.once("asks for pages whose words stand in a catalogue")
def test_a_korean_particle_stays_with_the_quotation_mark_before_it_on_a_page_and_in_no_email(plain, offered):
    """Browsers break lines between the two."""
    offered(SOURCE, "ko")
    page = plain.get("/help/practice-run/connect", Accept_Language="ko").get_data(as_text=True)
    assert "‘설정 키 입력’\N{WORD JOINER}을 누르고" in page
    with plain.app.test_request_context(headers={"Accept-Language": "ko"}):
        sentence = "Open your authenticator app and tap + or Add Account."
        said = [
            render_template_string(f"{{% autoescape {on} %}}{{{{ _('{sentence}') }}}}{{% endautoescape %}}")
            for on in ("true", "false")
        ]
    assert ["\N{WORD JOINER}" in each for each in said] == [True, False]
