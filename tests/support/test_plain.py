"""The way back from the pseudo-locale is exact, so what browser tests look at is the English page."""

from babel.messages.pofile import read_po

from portal.languages import TEMPLATE
from portal.pseudo import stretch
from tests.support.plain import to_english


def test_every_sentence_comes_back_to_the_letter():
    with TEMPLATE.open("rb") as file:
        sentences = [form for each in read_po(file) if each.id for form in ([each.id] if isinstance(each.id, str) else each.id)]
    assert len(sentences) > 1000
    assert [form for form in sentences if to_english(stretch(form)) != form or to_english(form) != form] == []


def test_a_sentence_in_a_sentence_comes_back_too():
    outer, inner = stretch("Remove %(name)s"), stretch("Authenticator App")
    assert to_english(outer % {"name": inner}) == "Remove Authenticator App"
