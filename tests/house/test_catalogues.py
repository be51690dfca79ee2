"""Catalogues are complete, say the same as English, and call each label by one name; docs/languages.md says who reviewed them."""

import re

import pytest

from portal import languages
from portal.languages import NOT_REVIEWED, SOURCE, is_reviewed, list_languages, name_of
from tests.support import labels as table
from tests.support.messages import as_tuple, read_catalogue
from tests.support.own_words import find_copied

TRANSLATED = list_languages()[1:]
FACT = re.compile(r"%\(\w+\)s|%%")
NEVER = {
    "es": r"(?i)por favor|lo sentimos|perdón|disculpe|inválid|no (es )?válid|%\((at|due|moment|until|when)\)s\.",
    "ko": "죄송|미안|유효하지|부탁",
}


@pytest.fixture(params=TRANSLATED)
def language(request):
    return request.param


@pytest.fixture
def messages(language):
    """The messages of a language's catalogue."""
    return [message for message in read_catalogue(language) if message.id]


def test_there_are_languages_beside_english():
    assert {"es", "ko"} <= set(TRANSLATED)


def test_a_catalogue_is_complete(language, messages):
    """What `make messages` has added or changed waits for its translation; that people read English meanwhile is for production alone."""
    assert len(messages) > 2000
    assert [message.id for message in messages if message.fuzzy or not all(as_tuple(message.string))] == []


def test_a_translation_holds_the_same_facts(messages):
    different = [
        (message.id, string)
        for message in messages
        for string in as_tuple(message.string)
        if sorted(FACT.findall(string)) not in [sorted(FACT.findall(each)) for each in as_tuple(message.id)]
    ]
    assert different == []


def test_a_translation_is_as_calm_as_english(language, messages):
    assert [text for message in messages for text in as_tuple(message.string) if re.search(NEVER[language], text)] == []


def test_a_translation_has_no_english_word(language):
    """But for what stays English, by tests/support/stays_english.txt. Pages are read by tests/browser/test_every_page.py."""
    assert find_copied(language) == []


def test_each_label_has_one_name(language):
    """The table is what the catalogue says, and a sentence that names a label of several words uses it."""
    catalogue, labels = read_catalogue(language), table.labels_in(language)
    assert len(labels) > 20
    assert {label: catalogue[label].string for label in labels} == labels
    astray = [
        (label, message.id)
        for message in catalogue
        if message.id
        for text, said in zip(as_tuple(message.id), as_tuple(message.string), strict=False)
        for label in labels_in(text, labels)
        if labels[label] not in said
    ]
    assert astray == []


def labels_in(text, labels):
    """Returns the labels that a sentence names: those of several capitalized words, which stand for nothing else.

    But for "Contact Support", which sentences also tell people to do.
    """
    names = sorted((label for label in labels if " " in label and label.title() == label), key=len, reverse=True)
    names.remove("Contact Support")
    assert len(names) > 8
    return re.findall("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names), text)


def test_the_document_says_who_reviewed_each_catalogue():
    rows = table.rows_under("Who reviewed what")[1:]
    told = {row[1].strip("`"): row[2] for row in rows if row[1].startswith("`")}
    assert {language: said != NOT_REVIEWED for language, said in told.items()} == {each: is_reviewed(each) for each in TRANSLATED}
    assert [row[0] for row in rows] == [name_of(each) for each in (SOURCE, *TRANSLATED)]


@pytest.mark.parametrize(
    ("comment", "is_one"),
    [
        ("# Reviewed: a certified translator, 2026-12-01\n", True),
        (f"# Reviewed: {NOT_REVIEWED}\n", False),
        (f"# Reviewed: a certified translator\n# Reviewed: {NOT_REVIEWED}\n", False),
        ("# Reviewed:\n", False),
        ("# Reviewed\n", False),
        ('msgid "a"\n# Reviewed: a certified translator\n', False),
        ("\N{ZERO WIDTH NO-BREAK SPACE}", False),
    ],
)
def test_a_catalogue_is_reviewed_by_whoever_is_named(comment, is_one, tmp_path, monkeypatch):
    path = tmp_path / "xx" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(comment, encoding="utf-8")
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    is_reviewed.cache_clear()
    try:
        assert is_reviewed("xx") is is_one
    finally:
        is_reviewed.cache_clear()
