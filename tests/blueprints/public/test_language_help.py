"""The notice of language help (AX-12): complete, marked with language and direction, in the languages that the operator chose."""

import re
import tomllib
from dataclasses import replace

import pytest
from babel import Locale, UnknownLocaleError

from portal.language_help import FILE, OWN, count_languages, read_notices
from portal.languages import SOURCE
from portal.settings.language_help import LEAST, LanguageHelp, read_language_help

PHONE = "(503) 555-0142"
RIGHT_TO_LEFT = {"ar", "fa", "ur", "he", "yi", "ps"}


@pytest.fixture
def offered(app, monkeypatch):
    """Sets what the operator's settings say of the notice."""

    def offer(*languages, phone=PHONE):
        settings = replace(app.extensions["settings"], language_help=LanguageHelp(languages, phone))
        monkeypatch.setitem(app.extensions, "settings", settings)

    return offer


def shown(browser):
    """Returns tag -> (direction, words) of the page's notices, in their order."""
    browser.open("/language-help")
    parts = browser.page.one("div", **{"class": "tongues"}).all("section")
    return {part["lang"]: (part["dir"], part.text) for part in parts}


@pytest.mark.once("the words are in a file")
def test_each_notice_is_whole_and_has_its_source():
    notices, sources = read_notices(), tomllib.loads(FILE.read_text())["sources"]
    assert next(iter(notices)) == SOURCE and {notice.source for notice in notices.values()} == set(sources)
    for tag, notice in notices.items():
        assert notice.says and notice.call.count("{phone}") == 1 and "{" not in notice.says + notice.aids
        assert notice.direction == ("rtl" if tag in RIGHT_TO_LEFT else "ltr")
        assert notice.aids or notice.source == "hhs-2016", tag  # 45 CFR 92.11 asks for both
        try:
            own = Locale.parse(tag, sep="-").get_language_name() or notice.name
        except UnknownLocaleError:
            continue  # Haitian Creole, Hmong, and Pennsylvania Dutch have no locale
        assert own in ("中文", "Filipino") or notice.name.casefold()[:2] == own.casefold()[:2], tag


@pytest.mark.once("settings are read before any database")
def test_what_nobody_has_reviewed_stays_home_and_enough_remains():
    here, away = (read_language_help({}, may_show_unreviewed=may).languages for may in (True, False))
    assert SOURCE not in here and {*here} - {*away} == {tag for tag, notice in read_notices().items() if notice.source == OWN} - {
        SOURCE
    }
    assert LEAST <= count_languages(away) < count_languages(here)
    assert read_language_help({"PORTAL_SUPPORT_CONTACT": PHONE}, may_show_unreviewed=False).phone == PHONE
    assert read_language_help({"PORTAL_SUPPORT_CONTACT": "help@portal.example"}, may_show_unreviewed=False).phone == ""


@pytest.mark.once("the page asks no database")
def test_each_language_is_marked_and_gives_the_number(plain, offered):
    offered("ar", "es", "zh-Hant")
    found = shown(plain)
    assert [(tag, direction) for tag, (direction, _) in found.items()] == [
        ("en", "ltr"),
        ("ar", "rtl"),
        ("es", "ltr"),
        ("zh-Hant", "ltr"),
    ]
    assert all(PHONE in words and "{" not in words for _, words in found.values())
    assert {link["href"] for link in plain.page.one("main").all("a")} == {"tel:+15035550142"}
    assert {part["dir"] for part in plain.page.all("bdi")} == {"ltr"}


@pytest.mark.once("the page asks no database")
def test_the_readers_own_language_comes_first_after_english(plain, offered, app, monkeypatch):
    offered("ar", "es", "ko")
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], languages=("en", "ko")))
    words = plain.get("/language-help", Accept_Language="ko").text
    assert re.findall(r'<section lang="([^"]*)"', words) == ["en", "ko", "ar", "es"]


@pytest.mark.once("the page asks no database")
def test_without_a_number_supports_contact_is_told_and_nobody_is_told_to_call(plain, offered):
    offered("es", phone="")
    assert "Llame" not in shown(plain)["es"][1] and "accesibles." in shown(plain)["es"][1]
    assert [link["href"] for link in plain.page.one("main").all("a")] == ["mailto:support@medximity.example"]
