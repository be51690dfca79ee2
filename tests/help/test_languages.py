"""Help in another language says the same: its labels are those of the translated pages, its links and numbers those of the English one."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from portal.help.articles import FOLDER, Offered, list_articles
from portal.help.search import search
from portal.help.spanish import stem
from portal.help.words import words_of
from portal.languages import SOURCE, list_languages
from tests.support.messages import as_tuple, read_catalogue

EVERYTHING = Offered(texts=True, trusted_days=30, passkeys=True, practice_passkeys=True, new_browsers=True)
NOTHING = Offered(texts=False, trusted_days=0)
TRANSLATED = [language for language in list_languages()[1:] if (FOLDER / language).is_dir()]
LABEL = re.compile(r"\*\*(.+?)\*\*")
FILLED_IN = re.compile(r"%\(\w+\)[a-z]|\{[\w ]+\}")
SHARED = re.compile(r"\]\([^)]*\)|\{[^}]*\}|(?<=\n)(?:## |- |\d\. )")  # links, pictures, numbers, conditions, headings, steps
OF_THE_PHONE = {"+", "Add Account", "Enter a setup key", "Set Automatically"}  # labels of other programs
LINE = re.compile(r"(?P<article>[a-z-]+) +(?:~ )?(?P<question>.+)")


def read(language):
    """Returns the articles of a language by name, as they are written."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / language).glob("*.md"))}


def labels_in(language):
    """Returns English sentences and what they are in a language, with "#" for what is filled in."""
    found = {}
    for message in read_catalogue(language):
        if message.id:
            found |= dict(zip(as_tuple(message.id), as_tuple(message.string), strict=False))
    return {FILLED_IN.sub("#", english): FILLED_IN.sub("#", own) for english, own in found.items()}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_article_is_there_and_calm(language):
    assert read(language).keys() == read(SOURCE).keys()
    for offered in (EVERYTHING, NOTHING):
        articles = list_articles(language, offered)
        assert articles.keys() == list_articles(SOURCE, offered).keys()
        for each in articles.values():
            assert each.language == language and each.title and each.about, each.name
            assert not re.search(r"[{}<*]|\]\(|  ", each.text), each.name


@pytest.mark.parametrize("language", TRANSLATED)
def test_links_pictures_numbers_and_steps_are_those_of_the_english_article(language):
    english = read(SOURCE)
    wrong = {
        name: (Counter(SHARED.findall(english[name])) - own, own - Counter(SHARED.findall(english[name])))
        for name, text in read(language).items()
        if (own := Counter(SHARED.findall(text))) != Counter(SHARED.findall(english[name]))
    }
    assert wrong == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_label_in_an_article_is_the_one_on_the_page(language):
    catalogue, english, missing = labels_in(language), read(SOURCE), {}
    for name, text in read(language).items():
        named = [FILLED_IN.sub("#", label) for label in LABEL.findall(english[name]) if label not in OF_THE_PHONE]
        expected = Counter(catalogue[label] for label in named if label in catalogue)
        lacking = expected - Counter(FILLED_IN.sub("#", label) for label in LABEL.findall(text))
        if lacking:
            missing[name] = lacking
    assert missing == {}


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(("kind", "number", "most"), [("questions", 60, 3), ("typed", 190, 9)])
def test_nearly_every_question_finds_its_article_among_the_first_three(language, kind, number, most):
    lines = Path(__file__).with_name(f"{kind}-{language}.txt").read_text(encoding="utf-8").splitlines()
    questions = [match for line in lines if (match := LINE.match(line))]
    assert len(questions) == number
    missed = [each["question"] for each in questions if each["article"] not in names(each["question"], language)[:3]]
    assert len(missed) <= most, missed


def test_spanish_is_found_without_accents_in_any_form_and_as_it_sounds():
    for typed, article in (("código", "signing-in"), ("teléfono perdido", "lost-phone"), ("contraseña", "forgot-password")):
        found = names(typed, "es")
        plain = "".join(sign for sign in unicodedata.normalize("NFD", typed) if sign.isascii())
        assert found == names(plain, "es") == names(typed.upper(), "es") and article in found[:3]
    for alike in (
        "código codigos KÓDIGO",
        "perdí perdió pierdo perder perdida",
        "olvidé olvidada olbide",
        "contraseña contrasenas",
    ):
        assert len({stem(word) for word in words_of(alike)}) == 1, alike
    assert len({stem(word) for word in words_of("código teléfono perder pedir nuevo número seguro sesión")}) == 8


def test_what_was_meant_is_written_with_its_accents():
    assert search("teelfono", "es", EVERYTHING).meant == "teléfono"
    assert search("telefono codigos", "es", EVERYTHING).meant is None


def test_korean_finds_a_phone_whatever_particle_it_carries():
    assert [typed for typed in ("폰", "폰을", "폰은", "폰만", "폰에") if "lost-phone" not in names(typed, "ko")[:3]] == []


def names(typed, language):
    """Returns the names of what a search finds."""
    return [article.name for article in search(typed, language, EVERYTHING).articles]
