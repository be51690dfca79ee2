"""Every event that is recorded anywhere has a sentence for the person, or is hidden on purpose (AU-8)."""

import ast
from functools import cache

import pytest

from portal.words.activity import HIDDEN, SENTENCES, SHOWN, event_sentence
from portal.words.refusals import SENTENCES as REASONS
from tests.house.source import last_name, modules

RECORDERS = {"record_event": 1, "record_event_alone": 1, "record_digest": 1}  # the argument that names the event


def calls():
    """Returns (module, call) for each call in the portal."""
    return [(module, node) for module in modules() for node in module.nodes(ast.Call)]


@cache
def forwarders():
    """Returns function -> position of its parameter `event`, for functions that hand it on to a recorder."""
    found = {}
    for module in modules():
        if module.name.startswith("portal.watch"):  # it counts events, and records none
            continue
        for function in module.nodes(ast.FunctionDef):
            names = [argument.arg for argument in function.args.args]
            if "event" in names:
                found[function.name] = names.index("event")
    return {**found, **RECORDERS}


@cache
def recorded():
    """Returns event name -> where it is recorded."""
    found = {}
    for module, node in calls():
        position = forwarders().get(last_name(node.func))
        if position is None or len(node.args) <= position:
            continue
        event = node.args[position]
        if last_name(node.func) in RECORDERS or "event" in ast.unparse(event) or is_text(event) or is_constant(event):
            found.setdefault(name_of(module, node.args[position]), module.at(node))
    return {name: place for name, place in found.items() if name is not None}


def is_constant(node):
    return isinstance(node, ast.Name) and node.id.isupper()


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def name_of(module, node):
    """Returns the event's name; None where a parameter `event` is handed on; a constant of the module by its value."""
    if is_text(node):
        return node.value
    if isinstance(node, ast.Name) and node.id == "event":
        return None
    for assigned in module.nodes(ast.Assign):
        if (
            isinstance(node, ast.Name)
            and any(last_name(target) == node.id for target in assigned.targets)
            and is_text(assigned.value)
        ):
            return assigned.value.value
    raise AssertionError(f"{module.at(node)} records an event whose name is not written there: {ast.unparse(node)}")


def test_there_are_events_to_tell_of():
    assert {"authn_login_success", "authn_login_fail", "reauthentication", "session_end", "malicious_csrf"} <= recorded().keys()


def test_every_event_has_a_sentence_or_is_hidden_on_purpose():
    unknown = {name: place for name, place in recorded().items() if name not in SHOWN | HIDDEN}
    assert unknown == {}, "write its sentence in portal/words/activity.py, or hide it there"


def test_no_event_is_both_told_and_hidden():
    assert set() == SHOWN & HIDDEN


def test_no_sentence_tells_of_what_nothing_records():
    assert (SHOWN | HIDDEN) - recorded().keys() == set()


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_is_whole_and_has_a_plain_one_beside_it(key):
    assert SENTENCES[key][0].isupper() and SENTENCES[key].endswith(".") and "%" not in SENTENCES[key].replace("%(method)s", "")
    assert key.partition(":")[0] in SENTENCES


def test_no_sentence_tells_of_two_things():
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_the_reason_speaks_before_the_factor_and_the_factor_before_the_result():
    assert "we asked you" in event_sentence("authn_login_success", "ok", "code_due", "password")
    assert "your password" in event_sentence("authn_login_success", "ok", None, "password")
    assert "confirm it's you" in event_sentence("reauthentication", "refused", "unheard_of", "password")
    assert "verification code" in event_sentence("authn_login_success", "ok", None, "something_new")


NO_CODE_TYPED = [
    "set_up_expired",
    "texts_off",
    "number_shared",
    *(each for each in REASONS if each.startswith(("phone_", "send_"))),
]


@pytest.mark.parametrize("reason", NO_CODE_TYPED)
def test_where_no_code_was_typed_none_is_said_to_be_wrong(reason):
    assert "wrong" not in event_sentence("authenticator_binding", "refused", reason, "sms")


@pytest.mark.parametrize("reason", [*NO_CODE_TYPED[1:], "unreadable", "unheard_of"])
def test_a_text_that_was_not_sent_was_not_always_one_too_many(reason):
    said = event_sentence("code_sent", "refused", reason, "sms")
    assert "not sent" in said or "none was sent" in said
    assert ("there were too many" in said) == (reason in ("send_limit", "send_stopped"))


def test_a_wrong_code_in_a_set_up_is_still_told():
    for reason in ("wrong_clock", "used", "clock_slow", "text_wrong", "text_old"):
        assert event_sentence("authenticator_binding", "refused", reason, "sms").startswith("A wrong code was entered")
