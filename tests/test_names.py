"""The order of names is that of a telephone directory, the same byte for byte in every database."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.names import list_key, sort_key
from portal.settings import config

ORDER = [
    "Asa", "Åsa", "Dr. Ada Okafor", "Dr. Émile Roux", "Dr. Emily Roux", "Élodie", "emil", "Emil", "Émil", "Emil Zatopek", "Émile",
    "Émile Ajar", "Emily", "Nguyễn Thị Hồng", "Óscar", "Zoe", "Ольга", "محمد علی", "李小龍",
]  # fmt: skip


def test_names_come_as_people_look_for_them():
    assert [pair for pair in pairwise(ORDER) if sort_key(pair[0]) >= sort_key(pair[1])] == []


@pytest.mark.parametrize(("one", "same"), [("Émile", "E\u0301mile"), ("Åsa", "A\u030asa"), ("Åsa", "\u212bsa")])
def test_it_does_not_matter_how_an_accent_was_typed(one, same):
    assert sort_key(one) == sort_key(same)


@pytest.mark.parametrize("name", ["", " ", "\ufdfa" * 255, "x" * 255, "\U00020000" * 255, "\ud7ff\U0010ffff"])
def test_whatever_a_row_may_hold_has_a_key_that_an_index_takes(name):
    assert len(sort_key(name)) <= config.NAME_KEY_BYTES < 2704 // 2


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_every_text_has_a_key_and_always_the_same(name):
    assert sort_key(name) == sort_key(name)


# As ICU 78.2 sorts them (CLDR 48, Intl.Collator in Node.js 24).
LISTED = {
    "en": "9|Ámsterdam|Ana|Kim|na|Nu|ñu|Nunez|Nuñez|Núñez|nz|Zoe|김|이",
    "es": "9|Ámsterdam|Ana|Kim|na|Nu|Nunez|Nuñez|Núñez|nz|ñu|Zoe|김|이",
    "ko": "9|김|이|Ámsterdam|Ana|Kim|na|Nu|ñu|Nunez|Nuñez|Núñez|nz|Zoe",
}


@pytest.mark.parametrize("language", LISTED)
def test_a_list_is_sorted_by_the_rules_of_its_readers_language(language):
    listed = LISTED[language].split("|")
    assert sorted(set(listed), key=lambda text: list_key(text, language)) == listed
    apart = [unicodedata.normalize("NFD", text) for text in listed]
    assert sorted(set(apart), key=lambda text: list_key(text, language)) == apart
