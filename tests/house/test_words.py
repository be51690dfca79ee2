"""User-facing text: calm, consistent, and marked for translation."""

import ast
import re
from functools import cache

import pytest

from portal.languages import TEMPLATE, list_languages
from tests.house.source import TEMPLATES, last_name, line_of, modules, templates, without_jinja
from tests.support.messages import as_tuple, extract, read_catalogue, template_text
from tests.support.notes import NOTES, PLACES

CALLS = {"_", "N_", "N_plural", "gettext", "ngettext", "pgettext"}
BEGGING = "please|sorry|oops|whoops|uh-oh"
BLAMING = "invalid|valid|illegal|error occurred"
OTHERS = "recovery codes?|scratch codes?|2FA token|one-time password"  # others' terms for backup codes and verification codes
NEVER = re.compile(rf"\b({BEGGING}|{BLAMING}|{OTHERS})\b", re.IGNORECASE)
PLACE = re.compile(r"%\((\w+)\)[a-z]|%%")  # what is filled in
MARKERS = {"N_", "N_plural"}
LITERAL = r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
SPOKEN = re.compile(r"\b(alt|title|placeholder|aria-label|aria-description)=\"([^\"]*[A-Za-z][^\"]*)\"")


def sentences_in_code():
    """Returns (location, text) of every string marked for translation in Python."""
    found = []
    for module in modules():
        for node in module.nodes(ast.Call):
            if last_name(node) in CALLS:
                texts = [word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
                found += [(module.at(node), text) for text in texts]
    return found


def sentences_in_templates():
    """Returns (location, text) of every string marked for translation in templates."""
    found = []
    for path in templates():
        text = path.read_text()
        for match in re.finditer(rf"\b(?:_|ngettext)\(\s*{LITERAL}(?:\s*,\s*{LITERAL})?", text):
            place = f"{path.relative_to(TEMPLATES)}:{line_of(text, match.start())}"
            found += [(place, literal[1:-1]) for literal in match.groups() if literal]
    return found


def test_there_are_words_to_read():
    assert len(sentences_in_code()) > 30
    assert len(sentences_in_templates()) > 100


@pytest.mark.parametrize("source", [sentences_in_code, sentences_in_templates])
def test_no_word_begs_or_blames(source):
    assert [(place, text) for place, text in source() if NEVER.search(text)] == []


def test_every_word_on_a_page_can_be_translated():
    bare = {str(path.relative_to(TEMPLATES)): words for path in templates() if (words := bare_words(path))}
    assert bare == {}


@cache
def collected():
    """Returns a catalogue of every marked sentence; it takes seconds, and all tests read the same."""
    return extract()


def bare_words(path):
    """Returns the untranslated words of a template, in its text and in attributes that are read aloud."""
    markup = without_jinja(path.read_text())
    bare = re.sub(
        r"<[^<>]*>|<!--.*?-->|&[a-z]+;|\s[a-z-]+=\"[^\"]*\"", "", markup, flags=re.DOTALL
    )  # a macro may render only attributes
    return re.findall(r"[A-Za-z]{2,}", bare) + [match[0] for match in SPOKEN.finditer(markup)]


def test_the_template_holds_what_is_marked_for_translation():
    assert TEMPLATE.read_text() == template_text(collected()), "run: .venv/bin/python -m tests.support.messages"


def test_what_is_collected_are_sentences_and_no_names_of_them():
    """`_(NOTICES["signed_out"])` would put a name of the code's own before translators."""
    texts = [text for message in collected() if message.id for text in as_tuple(message.id)]
    assert [text for text in texts if re.fullmatch("[a-z]+(_[a-z]+)+", text)] == []


def test_translators_are_told_what_is_filled_in_and_where_a_word_stands():
    """One word, or a name between two places, says little in a catalogue, where nobody sees the page."""
    messages = [(as_tuple(message.id), message.auto_comments) for message in collected() if message.id]
    places = {name for sentences, _ in messages for text in sentences for name in PLACE.findall(text)}
    assert places == set(PLACES)
    assert {word for words in NOTES.values() for word in words} - {sentences[0] for sentences, _ in messages} == set()
    alone = [
        (sentences[0], told)
        for sentences, told in messages
        if len(re.findall(r"[^\W\d_][\w'’-]*", PLACE.sub("", sentences[0]))) <= 1
    ]
    assert len(alone) > 100
    assert [word for word, told in alone if all(note.startswith(tuple(f"{name}: " for name in PLACES)) for note in told)] == []


def test_what_a_form_asks_for_is_marked_for_translation():
    """A label that is a bare string would be read in English everywhere."""
    forms = [module for module in modules() if module.name.startswith(("portal.forms.", "portal.methods."))]
    fields = [(module.at(node), node) for module in forms for node in module.nodes(ast.Call) if last_name(node).endswith("Field")]
    assert len(fields) > 15
    assert [place for place, node in fields if node.args and last_name(node.args[0]) != "N_"] == []


def test_what_is_marked_is_written_out():
    """A name or an f-string between the marker's brackets is nothing that a catalogue can hold."""
    markers = [(module.at(node), node) for module in modules() for node in module.nodes(ast.Call) if last_name(node) in MARKERS]
    assert len(markers) > 200
    assert [place for place, node in markers if not all(isinstance(word, ast.Constant) for word in node.args)] == []


def test_no_sentence_holds_markup():
    """A sentence goes into the page as it is, with its facts escaped: a catalogue can change words, not the page."""
    languages = [collected(), *(read_catalogue(language) for language in list_languages()[1:])]
    texts = [text for language in languages for message in language if message.id for text in each_text(message)]
    assert [text for text in texts if re.search('[<>&"]', text)] == []


def each_text(message):
    """Returns the sentences of a message and of its translation."""
    return [text for part in (message.id, message.string or ()) for text in as_tuple(part)]


def test_a_sentence_is_whole_before_it_is_translated():
    """Translators reorder words, so no string begins or ends with whitespace that joins two halves."""
    found = [(place, text) for place, text in sentences_in_code() + sentences_in_templates() if text != text.strip()]
    assert found == []


def test_what_goes_into_a_sentence_is_named():
    """`%(name)s` can be reordered in another language, `%s` cannot."""
    found = [(place, text) for place, text in sentences_in_code() + sentences_in_templates() if re.search(r"%[sd]", text)]
    assert found == []
