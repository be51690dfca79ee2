"""Each text that the product sends is written in the alphabet of texts, or is known to cost more (SM-10)."""

import functools
import itertools
import json
import re
import string

import pytest

from portal import methods
from portal.flows.factors.prove import OLD_NUMBER_TEXT
from portal.flows.messages.send_code import call_owner
from portal.flows.recovery.texts import CODE_TEXT, SET_UP_TEXT, STOP_PATH, WAITING_TEXT, write_code
from portal.gateways.alphabet import BASIC, EXTENSION, count_parts, find_strange
from portal.languages import SOURCE, TEMPLATE, list_languages, load_catalogue
from portal.methods import Secret
from portal.models import User
from portal.policy import PATIENT, POLICIES
from portal.text_check import SAMPLE
from tests.house.source import ROOT
from tests.support.kannel import SETTINGS

OPERATING = (ROOT / "docs" / "operating.md").read_text()
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


SENTENCE = "A text message"  # begins the comment for translators of each
LINK = "a link follows it"  # likewise, in the comment
TOKEN = "0" * 96  # as long as a link's
MOST = {"en": (1, 2), "es": (1, 2), "ko": (2, 4)}  # parts: of a sentence alone or with a code's line, and of one with a link


@functools.cache
def sentences():
    """Returns every sentence that is texted, with its comment for translators."""
    found = [block.partition("msgid ") for block in TEMPLATE.read_text().split("\n\n") if block.startswith(f"#. {SENTENCE}")]
    return {json.loads(rest.splitlines()[0]): " ".join(comment.replace("#. ", "").split()) for comment, _, rest in found}


def people(language):
    """Returns what texts in a language call their readers."""
    users = [User(full_name=name, username="maria") for name in NAMES]
    return {call_owner(user, language) for user in (*users, User(full_name="Ольга", username="ольга"))}


def texts(language):
    """Yields (sentence, issuer, host, text) for every text in a language, as it is sent."""
    said = load_catalogue(language).gettext
    for sentence, comment in sentences().items():
        for issuer, host, called in itertools.product({policy.issuer for policy in POLICIES}, HOSTS, people(language)):
            words = said(sentence) % {"issuer": issuer, "initials": called, "code": "482913"}
            link = f" https://{host}{STOP_PATH}{TOKEN}" if LINK in comment else ""
            yield sentence, issuer, host, words + (f"\n\n@{host} #482913" if "%(code)s" in sentence else link)


@pytest.fixture(scope="module", params=list_languages())
def language(request):
    return request.param


@pytest.fixture(scope="module")
def sent(language):
    """Every text in a language."""
    return list(texts(language))


def test_the_sentences_that_are_texted_are_known_by_their_comments():
    assert {OLD_NUMBER_TEXT, CODE_TEXT, WAITING_TEXT, SET_UP_TEXT} < set(sentences()) and len(sentences()) == 5
    assert sum(LINK in comment for comment in sentences().values()) == 2
    assert find_strange(SAMPLE % {"issuer": PATIENT.issuer}) == ()


def test_codes_are_sent_as_they_are_measured_here(language, sent):
    for called in people(language):
        secret = Secret("", "", issuer=PATIENT.issuer, account="", initials=called, host=HOSTS[0], language=language)
        said = {each.words(secret, "482913") for each in methods.switched_on() if each.sends_texts}
        assert said | {write_code(secret, "482913")} <= {text for *_, text in sent} and said


def test_english_and_spanish_keep_to_the_alphabet_and_korean_is_ucs_2(language, sent):
    """Spanish does without á, í, ó, and ú, which some gateways turn into question marks; Korean has no other alphabet."""
    assert {bool(find_strange(text)) for *_, text in sent} == {language == "ko"}


def test_a_text_is_one_part_where_it_can_be(language, sent):
    alone, with_link = MOST[language]
    assert [text for *_, text in sent if count_parts(text).parts > (with_link if TOKEN in text else alone)] == []


def test_korean_takes_no_more_parts_than_it_has_to_if_the_host_is_short():
    short = [(issuer == PATIENT.issuer, text) for _, issuer, host, text in texts("ko") if host == HOSTS[0]]
    assert {count_parts(text).parts for is_patients, text in short if is_patients and TOKEN not in text} == {1}
    assert {count_parts(text).parts for _, text in short if TOKEN in text} == {3}


def test_kannel_lets_the_longest_text_through():
    """It cuts what has more parts than its settings allow, and says nothing (findings/kannel-cuts-texts.sh)."""
    link = f" https://{'x' * 253}{STOP_PATH}{TOKEN}"  # a host has 253 characters at most
    longest = max(count_parts(text.partition(" https:")[0] + link).parts for language in MOST for *_, text in texts(language))
    assert (
        longest <= int(re.search(r"max-messages = (\d+)", SETTINGS)[1]) == int(re.search(r"`max-messages = (\d+)`", OPERATING)[1])
    )


def test_no_language_changes_the_line_that_binds_a_code(language, sent):
    lines = {(host, text.encode().partition(b"\n")[2]) for sentence, _, host, text in sent if "%(code)s" in sentence}
    assert lines == {(host, f"\n@{host} #482913".encode()) for host in HOSTS}


def test_a_reader_without_a_latin_letter_is_addressed_in_the_language(language, sent):
    nobody = call_owner(User(full_name="Ольга", username="ольга"), language)
    assert nobody.endswith(".") and (nobody == "you.") is (language == SOURCE)
    assert sum(nobody in text for *_, text in sent) >= len(sentences())


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
