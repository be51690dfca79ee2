"""Sealing: bound to its place, its key named, closed to every other key."""

import secrets

import pytest

from portal.crypto import Keyring, SealBroken, derive, keyed_hash, token_hash

OLD, NEW = ("2026a", secrets.token_bytes(32)), ("2027a", secrets.token_bytes(32))
PLACE = "authenticators:7:abc:secret"


def test_what_is_sealed_opens_in_its_place():
    keys = Keyring((NEW,))
    sealed = keys.seal("grün", PLACE)
    assert keys.open(sealed, PLACE) == "grün"
    assert "grün".encode() not in sealed


def test_the_same_text_is_never_sealed_the_same():
    keys = Keyring((NEW,))
    assert len({keys.seal("text", PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("place", ["authenticators:8:abc:secret", "authenticators:7:abd:secret", "users:7:password"])
def test_a_seal_moved_to_another_place_does_not_open(place):
    keys = Keyring((NEW,))
    with pytest.raises(SealBroken):
        keys.open(keys.seal("text", PLACE), place)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "stranger"])
def test_a_damaged_seal_does_not_open(damage):
    keys = Keyring((NEW,))
    sealed = keys.seal("text", PLACE)
    damaged = {
        "cut": sealed[:-1],
        "flip": sealed[:-1] + bytes([sealed[-1] ^ 1]),
        "empty": b"",
        "stranger": b"\xff\0" + sealed,
    }[damage]
    with pytest.raises(SealBroken):
        keys.open(damaged, PLACE)


def test_a_key_that_is_gone_opens_nothing():
    sealed = Keyring((OLD,)).seal("text", PLACE)
    with pytest.raises(SealBroken):
        Keyring((NEW,)).open(sealed, PLACE)


def test_another_key_under_the_same_name_opens_nothing():
    sealed = Keyring((OLD,)).seal("text", PLACE)
    with pytest.raises(SealBroken):
        Keyring((("2026a", secrets.token_bytes(32)),)).open(sealed, PLACE)


def test_the_newest_key_seals_and_the_older_one_still_opens():
    sealed = Keyring((OLD,)).seal("text", PLACE)
    keys = Keyring((NEW, OLD))
    assert keys.open(sealed, PLACE) == "text"
    assert not keys.is_newest(sealed)
    assert keys.is_newest(keys.seal("text", PLACE))


def test_no_key_serves_two_purposes():
    assert derive(NEW[1], b"seal") != derive(NEW[1], b"sign")
    assert len(derive(NEW[1], b"seal")) == 32


def test_hashes_of_tokens_and_codes_do_not_tell_them():
    assert len(token_hash("token")) == 64 and token_hash("token") != token_hash("tokem")
    assert keyed_hash(b"a", "code") != keyed_hash(b"b", "code")


def test_a_row_is_found_by_a_hash_of_any_key_and_by_no_other_text():
    old, both = Keyring((OLD,)), Keyring((NEW, OLD))
    kept = old.look_up_hash("maria@example.test")
    assert kept in both.look_up_hashes("maria@example.test")
    assert both.look_up_hash("maria@example.test") != kept
    assert kept not in both.look_up_hashes("maria@example.tes")
    assert kept not in Keyring((NEW,)).look_up_hashes("maria@example.test")


def test_the_key_that_finds_is_not_the_key_that_seals():
    assert derive(NEW[1], b"look-up") != derive(NEW[1], b"seal")
    assert Keyring((NEW,)).look_up_hash("x") == keyed_hash(derive(NEW[1], b"look-up"), "x")
