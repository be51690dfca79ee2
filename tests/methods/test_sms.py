"""What a text says, what a code is worth, how a number is shown; the rest of the method is told by its pages."""

import re
from dataclasses import replace

import pytest

from portal import methods, phones
from portal.crypto import Keyring
from portal.methods import Secret, sms
from portal.models import SentCode
from portal.names import initials
from portal.policy import PATIENT, PROVIDER, SUPPORT
from portal.settings import config
from tests.support.texts import CODE_LINE

GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)  # 3GPP TS 23.038, the basic alphabet
PEOPLE = {
    "two names": ("Maria Reyes", "maria", "M. R."),
    "four names": ("Anna van der Berg", "anna", "A. B."),
    "one name": ("Cher", "cher", "C."),
    "an accent": ("Élodie Brun", "elodie", "B."),
    "Hangul": ("박준", "jun", "J."),
    "Cyrillic, name and username": ("Жанна Агузарова", "жанна", ""),
    "a username with a sign": ("Жанна", "жанна.1", "1."),
    "no name": ("", "maria", "M."),
}


def secret(name="Maria Reyes", username="maria", host="portal.example"):
    """Returns what the method knows of a person."""
    return Secret("id", "+15035550164", "Medximity", username, initials=initials(name, username), host=host)


@pytest.mark.parametrize(("name", "username", "shown"), PEOPLE.values(), ids=PEOPLE)
def test_a_text_says_whose_it_is_in_letters_that_every_phone_has(name, username, shown):
    words = sms.words(secret(name, username), "012345")
    assert f"for {shown} It works" in words
    assert initials(name, username) == shown
    assert set(words) <= GSM_7


def test_a_text_names_the_service_begins_with_the_code_and_warns(name="Maria Reyes"):
    words = sms.words(secret(name), "012345")
    assert words.startswith("012345 is your Medximity code")
    assert "10 minutes" in words and "Never share it" in words
    assert not re.search(r"https?:|www\.|portal\.example/", words)


@pytest.mark.parametrize("host", ["127.0.0.1", "portal.example", "secure-sign-in.patients.medximity-health-network.example"])
def test_a_text_fits_into_160_and_its_last_line_binds_it_to_the_host(host):
    words = sms.words(secret("Bartholomew Featherstonehaugh", host=host), "012345")
    assert len(words) <= 160
    assert CODE_LINE.fullmatch(words.split("\n")[-1]).groups() == (host, "012345")
    assert words.split("\n")[-1] == f"@{host} #012345"


@pytest.mark.parametrize("number", ["+15035550164", "+821055501234", "+4915112345678"])
def test_a_masked_number_shows_two_digits(number):
    assert re.findall(r"\d", phones.mask(number)) == list(number[-2:])


def test_the_method_is_offered_where_the_policy_takes_telephone_codes_and_comes_after_the_app():
    assert [each.name for each in methods.offered(PATIENT)] == ["totp", "sms"]
    assert [each.name for policy in (PROVIDER, SUPPORT) for each in methods.offered(policy)] == ["totp", "totp"]


def test_switched_off_the_method_is_gone_and_the_app_stays(monkeypatch):
    monkeypatch.setattr(config, "METHODS", ("totp",))
    assert [each.name for each in methods.offered(PATIENT)] == ["totp"]
    assert methods.method("sms") is None


def test_a_method_says_before_it_is_chosen_that_it_is_less_secure():
    assert sms.METHOD.restricted
    assert any("Less secure" in fact for fact in sms.METHOD.facts)


def test_without_a_key_no_code_is_hashed():
    with pytest.raises(LookupError):
        secret().hash_code("row", "012345")


def test_a_phone_that_gets_texts_shows_no_code_of_its_own(clock):
    assert sms.Ask().simulate(secret(), None, clock.now) == {}


def test_a_code_that_went_out_before_a_new_key_came_first_is_right():
    old, new = ("k1", bytes(range(32))), ("k2", bytes(range(32, 64)))
    sent = SentCode(id="row", code_hash=Keyring((old,)).mac("012345", "row"))
    for keys, is_right in (((old,), True), ((new, old), True), ((new,), False)):
        assert sms.matches(replace(secret(), macs=Keyring(keys).macs), sent, "012345") == is_right
