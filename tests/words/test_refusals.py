"""Every refusal has one sentence, and no sentence serves two."""

import ast
import re

import pytest
from babel import Locale
from flask_babel import gettext, ngettext

from portal.methods import import_method
from portal.words.endings import NOTICES
from portal.words.refusals import LIMITS, SENTENCES, Refused, sentence
from tests.house.source import last_name, modules

FACTS = {
    "minutes": 3,
    "seconds": 40,
    "wait": 580,
    "codes": 8,
    "most": 5,
    "set": 2,
    "number": 3,
    "asked": 10,
    "tries": 4,
    "issuer": "Medximity",
    "who": "Robin Lee",
    "when": "Mon, Mar 1, 2027, 12:00 PM UTC",
}
import_method("passkey")  # its sentences too: it is off unless the operator switches it on
REASON = re.compile(r"[a-z]+(_[a-z]+)*")


def raised():
    """Returns every reason that the code refuses for."""
    found = set()
    for module in modules():
        for node in module.nodes(ast.Call):
            if last_name(node) in ("Refused", "CodeRejected", "CodeLate", "ValidationError", "filled") and node.args:
                found |= {
                    word.value
                    for word in ast.walk(node.args[0])
                    if isinstance(word, ast.Constant) and isinstance(word.value, str)
                }
    return found


@pytest.fixture
def say(app):
    """Says a refusal in English."""
    with app.test_request_context():
        yield lambda reason, **facts: sentence(Refused(reason, **facts), gettext, ngettext, Locale.parse("en"))


def test_every_reason_that_is_raised_has_a_sentence():
    internal = {"wrong"}  # explained before it reaches a person
    reasons = {reason for reason in raised() if REASON.fullmatch(reason)}
    assert len(reasons) > 15
    assert reasons - internal - SENTENCES.keys() == set()


def test_no_sentence_serves_two_reasons(say):
    said = [say(reason, **FACTS) for reason in SENTENCES]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("reason", SENTENCES)
def test_a_sentence_is_whole_and_its_facts_are_filled_in(say, reason):
    said = say(reason, **FACTS)
    assert said[0].isupper() and said.endswith(".") and "%" not in said


def test_no_sentence_types_a_limit_that_the_settings_hold():
    typed = re.compile(r"\b(three|four|five|six|seven|eight|nine|ten|hundred|[1-9][\d,]*)\b(?!-)", re.IGNORECASE)
    example = "2027-03-15"
    assert [reason for reason, entry in SENTENCES.items() if typed.search(str(entry).replace(example, ""))] == []
    named = {name for entry in SENTENCES.values() for name in re.findall(r"%\((\w+)\)", str(entry))}
    assert LIMITS.keys() - named == set()


def test_a_limit_is_written_as_the_reader_writes_numbers(app):
    def say(language):
        return sentence(Refused("note_long"), gettext, ngettext, Locale.parse(language))

    with app.test_request_context():
        assert ("2,000" in say("en")) and ("2.000" in say("de"))


@pytest.mark.parametrize("reason", NOTICES)
def test_a_notice_is_a_whole_sentence(reason):
    assert NOTICES[reason][0].isupper() and NOTICES[reason].endswith(".")


def test_one_minute_is_not_one_minutes(say):
    assert "about 1 minute slow" in say("clock_slow", minutes=1)
    assert "about 4 minutes fast" in say("clock_fast", minutes=4)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (1, "1 second"),
        (40, "40 seconds"),
        (60, "1 minute"),
        (61, "1 minute and 1 second"),
        (580, "9 minutes and 40 seconds"),
        (1200, "20 minutes"),
        (3600, "1 hour"),
    ],
)
def test_a_wait_is_told_to_the_second(say, wait, words):
    assert say("throttled", wait=wait) == f"Too many attempts. Try again in {words}."


def test_the_tries_left_are_told_where_they_are_known(say):
    assert say("used", left=1).endswith("You have 1 try left before a pause.")
    assert say("used", left=7).endswith("You have 7 tries left before a pause.")
    assert "left" not in say("used")


@pytest.mark.parametrize("reason", ["disabled", "disabled_here", "unreadable", "used_meanwhile", "set_up_expired"])
def test_what_people_without_an_app_read_names_no_app(say, reason):
    assert not re.search(r"\b(app|QR code)\b", say(reason, **FACTS))
