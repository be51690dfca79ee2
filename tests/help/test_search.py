"""Questions as people ask them find the right article, and whatever is typed gets an answer."""

import re
import time
from pathlib import Path

import pytest

from portal.help.articles import Offered
from portal.help.search import fill_shelf, search
from portal.languages import PSEUDO, SOURCE
from portal.settings import config

EVERYTHING = Offered(texts=True, trusted_days=30, passkeys=True, practice_passkeys=True, new_browsers=True)
LINE = re.compile(r"(?P<article>[a-z-]+) +(?P<slip>~ )?(?P<question>.+)")
QUESTIONS = [match for line in Path(__file__).with_name("questions.txt").read_text().splitlines() if (match := LINE.match(line))]
MISSED_AT_MOST, MILLISECONDS = 3, 5


def names(typed, offered=EVERYTHING):
    """Returns the names of what a search finds."""
    return [article.name for article in search(typed, SOURCE, offered).articles]


def test_nearly_every_question_finds_its_article_among_the_first_three():
    assert len(QUESTIONS) == 60 and sum(bool(each["slip"]) for each in QUESTIONS) == 20
    missed = [each["question"] for each in QUESTIONS if each["article"] not in names(each["question"])[:3]]
    assert len(missed) <= MISSED_AT_MOST, missed


def test_a_search_takes_few_milliseconds():
    fill_shelf(SOURCE, EVERYTHING)
    begun = time.process_time()
    for each in QUESTIONS:
        names(each["question"])
    assert (time.process_time() - begun) / len(QUESTIONS) * 1000 <= MILLISECONDS
    begun = time.process_time()
    names("verifikation " * 1000)
    assert (time.process_time() - begun) * 1000 <= 10 * MILLISECONDS


@pytest.mark.parametrize("typed", ["OTP", "pin", "token", "2fa", "lost phone", "new number", "ＯＴＰ", "Can’t get in"])
def test_other_peoples_words_find_ours(typed):
    assert names(typed)


@pytest.mark.parametrize(
    ("typed", "meant"), [("bakcup codes", "backup codes"), ("swiched phones", "switched phones"), ("backup codes", None)]
)
def test_what_was_meant(typed, meant):
    assert search(typed, SOURCE, EVERYTHING).meant == meant


@pytest.mark.parametrize(
    "typed", ["", " ", "%", "+", "-", "~ ^", "*", "the", "비밀번호", "код", "\0", "🔒", "x" * 10_000, "__", "zzzz qqqq"]
)
def test_what_fits_nothing_finds_nothing(typed):
    found = search(typed, SOURCE, EVERYTHING)
    assert (found.articles, found.meant) == ((), None)


@pytest.mark.parametrize("typed", ["+backup -codes", "title:backup", "backup~1^10", "*backup*", "backup " * 2000])
def test_nothing_typed_is_an_operator(typed):
    assert "backup-codes" in names(typed)[:3]


def test_only_what_is_offered_is_found():
    without = Offered(texts=False, trusted_days=0)
    assert names("set it up with text messages")[0] == "set-up-texts"
    assert names("confirm a sign-in in a new browser")[0] == "new-browsers"
    assert "new-browsers" not in names("confirm a sign-in in a new browser", without)
    assert not {"set-up-texts", "new-number", "trusted-browsers"} & set(names("text message new number trusted browser", without))


def test_a_few_articles_are_enough_and_english_ones_stand_in():
    assert len(names("code phone account")) == config.HELP_FOUND
    assert {article.language for article in search("backup codes", PSEUDO, EVERYTHING).articles} == {SOURCE}
