"""Passwords: how they are kept, and which ones are refused when they are set."""

import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from argon2 import PasswordHasher, extract_parameters

from portal import passwords
from tests.support.hashing import CHEAP


@pytest.fixture
def cheap(monkeypatch):
    """Hashing that costs nothing, for what is not about the cost."""
    monkeypatch.setattr(passwords, "HASHER", CHEAP)


def test_the_cost_is_what_owasp_asks():
    kept = extract_parameters(passwords.hash_password("harbor-lantern-2026"))
    assert kept.type.name == "ID"
    assert (kept.memory_cost, kept.time_cost, kept.parallelism) == (19_456, 2, 1)
    assert kept.salt_len == 16


def test_a_cheaper_hash_is_to_be_made_anew():
    assert passwords.needs_rehash(CHEAP.hash("x"))
    assert not passwords.needs_rehash(PasswordHasher(2, 19_456, 1).hash("x"))


def test_a_composed_letter_is_the_same_password_as_its_parts(cheap):
    composed, parts = "caf\u00e9-lantern-harbor", "cafe\u0301-lantern-harbor"
    assert composed != parts
    assert passwords.verify(passwords.hash_password(composed), parts)
    assert passwords.verify(passwords.hash_password(parts), composed)


def test_compatible_letters_are_not_the_same_password(cheap):
    """NFC and no more: the full-width form is another password."""
    assert unicodedata.normalize("NFKC", "ａ") == "a"
    assert not passwords.verify(passwords.hash_password("a" * 20), "ａ" * 20)


@pytest.mark.parametrize("length", [64, 256])
def test_long_passwords_are_compared_to_their_last_letter(cheap, length):
    stored = passwords.hash_password("x" * (length - 1) + "y")
    assert passwords.verify(stored, "x" * (length - 1) + "y")
    assert not passwords.verify(stored, "x" * length)


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_without_a_stored_hash_nothing_is_right(cheap, stored):
    assert not passwords.verify(stored, "harbor-lantern-2026")


def test_the_dummy_is_as_dear_as_a_real_one():
    """Not under the cheap hasher: what an unknown name is checked against has today's cost."""
    passwords.dummy_hash.cache_clear()
    assert not passwords.needs_rehash(passwords.dummy_hash())


def test_beyond_256_characters_nothing_is_right(cheap):
    assert not passwords.verify(CHEAP.hash("x" * 257), "x" * 257)
    assert not passwords.verify(CHEAP.hash("-"), "x" * 257)


REFUSED = {
    "thirteen plus one": ("abcdefg hijkl8", "password_short"),
    "257": ("quiet harbor " * 19 + "q" * 10, "password_long"),
    "our name": ("Medximity-2026!!", "password_context"),
    "the chart's name": ("digitalpatientchart1", "password_context"),
    "the username": ("mariareyes.1990 2", "password_context"),
    "the username and our name": ("mariareyes-medximity-1", "password_context"),
    "the username three times": ("Mariareyes mariareyes mariareyes", "password_context"),
    "our name twice": ("medximitymedximity", "password_context"),
    "both our names": ("digitalpatientchart-medximity", "password_context"),
    "our name twice and a digit": ("Medximity Medximity 1", "password_context"),
    "our name within our name": ("medximedximitymity", "password_context"),
    "our name and a common word": ("medximity garden 7", "password_context"),
    "a row of one letter": ("aaaaaaaaaaaaaaaa", "password_common"),
    "the keyboard": ("qwertyuiopasdfgh", "password_common"),
    "a common one": ("passwordpassword", "password_common"),
}


@pytest.mark.parametrize(("password", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_password_that_is_easy_to_guess_is_refused_with_its_reason(password, reason):
    assert passwords.refusal(password, "mariareyes") == reason


@pytest.mark.parametrize(
    "password",
    [
        "harbor lantern fig",
        "medximity wakes four herons",
        "mariareyes, quiet fig lanterns",
        "Grüße aus dem Garten",
        "𝒽arbor-lanterns!",
        "ab" + "zq vk " * 40,
    ],
)
def test_length_alone_makes_a_password(password):
    """No digit, capital or sign is asked for; a letter outside the usual planes counts as one."""
    assert passwords.refusal(password, "mariareyes") is None


def test_inside_two_factors_eight_characters_do():
    assert passwords.refusal("zq4vk9wt", "maria") == "password_short"
    assert passwords.refusal("zq4vk9wt", "maria", minimum=8) is None


SIGNS = "4@8({[<369!1|70$5+%2"  # everything that stands for a letter
SLOW = {  # took up to four seconds of the processor, or twenty with both texts weighed
    "every sign": (SIGNS * 4)[:72],
    "every sign between letters": "".join(map("".join, zip(SIGNS * 4, "abcegilostxz" * 7, strict=False)))[:72],
    "repeated": (SIGNS[:18] * 4)[:72],
    "repeated within repeats": ("4@8({[<" * 2 + "369!1|7" * 2 + "0$5+%2x" * 2) * 2,
    "one letter, then signs": "i" * 40 + "96%z((x+s$i52(a9eolt%1|4$@%lc|i2",
    "cut at the limit": SIGNS * 12 + "abcdefgh",
    "the username between the signs": ("mariareyes" + SIGNS) * 8,
    "words and signs": ("p4$$w0rd(1|!3@+7%x2" * 14)[:256],
    "dates": "1991219922" * 25,
    "keys in a row": "qwertyuiop[]asdfghjkl;'zxcvbnm,./" * 7,
    "decomposed": "e\u0301" * 128,
    "grows when its case is folded": "\u0390" * 256,
    "nested product names": "medx" * 64,
}


@pytest.mark.parametrize("password", SLOW.values(), ids=SLOW)
def test_no_password_takes_long_to_weigh(password):
    passwords.refusal("warm up the tables first", "mariareyes")
    began = time.process_time()
    passwords.refusal(password, "mariareyes")
    assert time.process_time() - began < 0.4


@pytest.mark.parametrize("password", ["p4$$w0rdp4$$w0rd", "p4$$w0rdp@55w0rd", "p@$$w0rdp@$$w0rdp@$$w0rd"])
def test_signs_for_letters_make_no_common_password_acceptable(password):
    assert passwords.refusal(password, "mariareyes") == "password_common"


def test_many_signs_are_no_reason_to_refuse():
    assert passwords.refusal("t4K#8(vQ{z3!6|m0$w+7%p2@", "mariareyes") is None


def test_one_of_several_threads_gets_the_turn_of_a_session():
    start, leave = threading.Barrier(4), threading.Event()

    def hash_something():
        start.wait()
        try:
            with passwords.place_in_line("session"):
                leave.wait(5)
                return "hashed"
        except passwords.HashingBusy:
            return "busy"

    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(hash_something) for _ in range(4)]
        done, _ = wait(answers, timeout=2)
        assert [each.result() for each in done] == ["busy"] * 3
        with passwords.place_in_line("another session"), passwords.place_in_line("within it"):
            pass
        leave.set()
    assert sorted(each.result() for each in answers) == ["busy"] * 3 + ["hashed"]
    with passwords.place_in_line("session"):
        pass
