"""Each text that the product sends is written in the alphabet of texts, or is known to cost more (SM-10)."""

import string

import pytest

from portal import methods
from portal.flows.factors.prove import OLD_NUMBER_TEXT
from portal.gateways.alphabet import BASIC, EXTENSION, count_parts, find_strange
from portal.languages import SOURCE, list_languages
from portal.methods import Secret
from portal.names import initials
from portal.policy import PATIENT, PROVIDER, SUPPORT
from portal.text_check import SAMPLE

HOSTS = ("portal.example", "my-portal.health.example:8443", "127.0.0.1", "[::1]", "a_b.example")
NAMES = (
    "Maria Rossi",
    "Łukasz Ćwik",
    "Álvaro Ñuñez",
    "김 민준",
    "Ольга Ёлкина",
    "محمد علي",
    "李 小龍",
    "📱 Phone",
    "Ça va",
    "x" * 100,
    "",
)


def every_text(language=lambda words: words):
    """Returns every text, in a language (a function that translates), for every brand and many names and hosts."""
    found = []
    for issuer in {policy.issuer for policy in (PATIENT, PROVIDER, SUPPORT)}:
        found.append(language(SAMPLE) % {"issuer": issuer})
        for name in NAMES:
            called = initials(name, "maria")
            found.append(language(OLD_NUMBER_TEXT) % {"issuer": issuer, "initials": called})
            for host in HOSTS:
                secret = Secret("", "", issuer=issuer, account="", initials=called, host=host)
                found += [each.words(secret, "482913") for each in methods.switched_on() if each.sends_texts]
    return found


def test_every_text_in_english_is_one_part_of_the_alphabet():
    texts = every_text()
    assert len(texts) > 50
    assert [(text, find_strange(text)) for text in texts if find_strange(text) or count_parts(text).parts != 1] == []


def test_another_language_is_measured_by_the_same_function():
    spanish = every_text(lambda words: "Tu código: " + words)
    assert {find_strange(text) for text in spanish} >= {("ó",)}
    assert max(count_parts(text).parts for text in spanish) == 2


@pytest.mark.parametrize("language", list_languages())
def test_a_code_takes_three_parts_at_most_in_each_language_that_has_a_catalogue(language):
    """English, in the alphabet, takes one; what another language costs is its translators' choice within this bound."""
    secrets = [Secret("", "", "Medximity", "", initials="M. R.", host=host, language=language) for host in HOSTS]
    costs = [
        count_parts(each.words(secret, "482913")) for each in methods.switched_on() if each.sends_texts for secret in secrets
    ]
    most = 1 if language == SOURCE else 3
    assert costs and max(cost.parts for cost in costs) <= most


@pytest.mark.parametrize("character", sorted(set("áíóúçÁÍÓÚêõčłžšÐþ“”‘’–—…\u00a0`\t안е中ع📱\u200b\u0301")))
def test_what_the_alphabet_lacks_is_found(character):
    assert find_strange(f"a{character}b{character}") == (character,)


def test_what_the_alphabet_has_is_not():
    """3GPP TS 23.038: 127 characters and the escape, ten of them behind it."""
    assert (len(BASIC), len(EXTENSION), BASIC & EXTENSION) == (127, 10, frozenset())
    assert find_strange(string.ascii_letters + string.digits + "@#\n èéùìòÇØøÅåÄäÖöÑñÜüàß¿¡§¤£¥ΔΩ€[]{}~^|\\") == ()
    assert find_strange("") == ()


@pytest.mark.parametrize(
    ("characters", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 76 in each: the last septet of 153 stays empty
        ("€" * 153, 3),
        ("안" * 70, 1),
        ("안" * 71, 2),
        ("안" * 134, 2),
        ("안" * 135, 3),
        ("📱" * 35, 1),
        ("📱" * 36, 2),
        ("📱" * 66, 2),  # 33 in each, two units a piece
        ("📱" * 67, 3),
        ("a" * 69 + "안", 1),
        ("a" * 70 + "안", 2),
    ],
)
def test_the_parts_of_a_text(characters, expected):
    assert count_parts(characters).parts == expected
