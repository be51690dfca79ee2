"""Codes and keys in texts are found however they are written."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.settings import config
from portal.typed import is_separator
from portal.written import read_written, without

CODE = "7K2MQ9TX4WRBH0AV"
SCRIPTS = [zero for zero in map(chr, range(0x110000)) if unicodedata.decimal(zero, None) == 0]  # the zeros of every script
SEPARATORS = [each for each in map(chr, range(0x20000)) if is_separator(each) or unicodedata.category(each) == "Mn"]
BETWEEN = st.text(st.sampled_from([*SEPARATORS, *" -.,;:/|*_~\n\r\t\"'()[]{}#"]), max_size=4)
TAGS = st.sampled_from(["", " ", "<b>", "</b>", "<br/>", "<span class='a'>", "&nbsp;", "&#8203;", "&#x2d;", "%20", "%2D", "\\n"])


def dress(character, script, wide, lower):
    """Returns a letter or digit as another script, width, or case has it."""
    if character.isdigit():
        return chr(ord(script) + int(character))
    dressed = character.lower() if lower else character
    return chr(ord(dressed) + 0xFEE0) if wide else dressed


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_code_is_found_in_any_spacing_case_width_and_script(data):
    script, wide = data.draw(st.sampled_from(SCRIPTS)), data.draw(st.booleans())
    spelled = [dress(each, script, wide, data.draw(st.booleans())) + data.draw(BETWEEN) for each in CODE]
    written = read_written(f"My code is {''.join(spelled)}, and it fails.")
    assert CODE in written.likely


@settings(max_examples=40, deadline=None)
@given(st.lists(TAGS, min_size=16, max_size=16))
def test_a_code_is_found_between_markup_and_escapes(between):
    text = "".join(each + tag for each, tag in zip(CODE, between, strict=True))
    written = read_written(f"see {text}.")
    assert CODE in written.likely
    cut = without(f"see {text}.", written.pieces[CODE])
    assert CODE not in read_written(cut).pieces and cut.startswith("see …")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SCRIPTS), st.lists(BETWEEN, min_size=5, max_size=5))
def test_six_digits_are_found_in_any_spacing_and_script(script, between):
    digits = [chr(ord(script) + int(each)) for each in "482913"]
    text = "".join(each + gap for each, gap in zip(digits, [*between, ""], strict=True))
    assert "482913" in read_written(f"It says {text}!").sixes


@pytest.mark.parametrize("text", ["4829137", "x 4829 1x3 4", "4829 a 13", "48 291", "(503) 555-01479", "٤٨٢٩١٣٧"])
def test_a_part_of_a_longer_number_is_no_code(text):
    assert "482913" not in read_written(text).sixes


@pytest.mark.parametrize(
    "text", ["code482913x", "482913", "482 913 2026", "1. 482913", "#482913", "1 1 482913", "4-8-2-9-1-3", "4̶8̶2̶9̶1̶3̶"]
)
def test_a_code_beside_other_words_and_numbers_is_found(text):
    assert "482913" in read_written(text).sixes


def test_letters_that_look_like_latin_ones_are_read_as_those():
    assert "ABEKMHOPCTYXSIJQ" in read_written("АВЕКМНОРСТУХЅІЈԚ").pieces


def test_plain_prose_may_hold_few_codes():
    prose = "I could not sign in this morning, because the portal said that my code was wrong, so I tried once more. " * 9
    written = read_written(prose)
    assert len(written.likely) < 30 and written.sixes == {}
    assert "COULDNOTSIGNINTH" in written.pieces


def test_a_code_without_a_digit_is_found_if_it_stands_alone():
    letters = "QWRTKMPXQWRTKMPX"
    assert letters in read_written(f"it is {letters[:8]} {letters[8:]}.").likely
    assert letters not in read_written(f"itis{letters[:8]} {letters[8:]}").likely


def test_a_text_longer_than_any_field_is_an_error_of_the_caller():
    read_written("x" * config.WRITTEN_MAX)
    with pytest.raises(ValueError, match="no limit"):
        read_written("x" * (config.WRITTEN_MAX + 1))


def test_overlapping_places_are_taken_out_once():
    assert without("abcdefgh", [(4, 6), (1, 3), (2, 5)]) == "a…gh"
    assert without("abc", []) == "abc"
