"""The call-back words that both sides of a recovery read to each other."""

from dataclasses import replace

import pytest

from portal.flows.base.context import RequestContext
from portal.flows.recovery import support
from portal.models import RecoveryCase
from portal.words.call_back import WORDS
from tests.support.moving import START


@pytest.fixture
def context(app):
    return RequestContext(START, app.extensions["keys"], "", "", "r")


def test_both_sides_have_words_of_their_own_which_stay(context):
    case = RecoveryCase(id="one")
    case.words_sealed = support.promise(context, case)["words_sealed"]
    ours, theirs = support.open_words(context, case)
    assert ours != theirs and all(len(each.split()) == support.WORDS_EACH for each in (ours, theirs))
    case.words_sealed = support.promise(replace(context, now=START), case)["words_sealed"]
    assert support.open_words(context, case) == (ours, theirs)


def test_words_are_sealed_for_their_case(context):
    case, other = RecoveryCase(id="one"), RecoveryCase(id="two")
    assert support.open_words(context, case) is None
    other.words_sealed = support.promise(context, case)["words_sealed"]
    assert support.open_words(context, other) is None


def test_the_words_are_many_and_tell_each_other_apart():
    assert len(set(WORDS)) == len(WORDS) > 128
    assert all(word.isascii() and word.isalpha() and word.islower() and len(word) > 3 for word in WORDS)
