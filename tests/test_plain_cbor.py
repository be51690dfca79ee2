"""CBOR as authenticators write it is read; tags, open lengths, and deep nesting are refused before cbor2 and webauthn see them."""

import contextlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from webauthn.helpers.exceptions import WebAuthnException

from portal.plain_cbor import DEPTH, NotPlain, find_end, read_attestation, read_device

KEYS = st.integers(-(2**63), 2**63) | st.text(max_size=9)
LEAVES = KEYS | st.binary(max_size=300) | st.booleans() | st.none() | st.floats()
PLAIN = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=30) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=9)
HEAD, HAS_KEY, HAS_MORE = bytes(32), 0x40, 0x80
KEY = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)})


def nested(levels):
    """Returns a number within as many lists."""
    return b"\x81" * levels + b"\x00"


@given(PLAIN)
def test_what_is_plain_ends_where_it_ends(value):
    written = cbor2.dumps(value)
    assert find_end(written + b"\x00") == len(written)


@given(st.binary(max_size=60))
def test_no_junk_is_read_past_its_end(junk):
    with contextlib.suppress(NotPlain):
        assert 0 < find_end(junk) <= len(junk)


@pytest.mark.parametrize(
    "written",
    {
        "nothing": b"",
        "cut off in a length": b"\x59\x01",
        "cut off in a text": b"\x63ab",
        "cut off in a map": b"\xa2\x01\x02\x03",
        "more in a list than there is": b"\x9b" + b"\xff" * 8,
        "a tag": cbor2.dumps(cbor2.CBORTag(4000, 1)),
        "a tag within": cbor2.dumps({"fmt": [cbor2.CBORTag(4000, 1)]}),
        "a tag as a key": cbor2.dumps({cbor2.CBORTag(4000, 1): 1}),
        "a list left open": b"\x9f" + bytes(200) + b"\xff",
        "a text left open": b"\x7f" + bytes(200) + b"\xff",
        "a length of a kind that is kept free": b"\x1c" + bytes(16),
        "a list as a key": b"\xa1\x81\x01\x01",
        "a map as a key": b"\xa1\xa0\x01",
        "bytes as a key": b"\xa1\x41\x01\x01",
        "a truth as a key": b"\xa1\xf5\x01",
        "nested too deep": nested(DEPTH),
        "nested too deep in keys": b"\xa1" * 3_000,
    }.items(),
    ids=lambda each: each[0],
)
def test_what_is_not_plain_is_refused(written):
    with pytest.raises(NotPlain):
        find_end(written[1])


def test_as_deep_as_it_may_be_nested():
    assert find_end(nested(DEPTH - 1)) == DEPTH


def device(rest, flags):
    return HEAD + bytes([flags]) + bytes(4) + rest


def with_key(rest, identity=b"id"):
    return device(bytes(16) + len(identity).to_bytes(2) + identity + rest, HAS_KEY | (HAS_MORE if rest != KEY else 0))


def attestation(data):
    return cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})


@pytest.mark.parametrize("rest", [KEY, KEY + cbor2.dumps({"credProtect": 2})], ids=["a key", "a key and an extension"])
def test_the_key_and_what_follows_are_read(rest):
    found = read_device(with_key(rest)).attested_credential_data
    assert (found.credential_id, found.credential_public_key) == (b"id", KEY)
    assert read_attestation(attestation(with_key(rest))).fmt == "none"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        device(b"", 0)[:-1],
        with_key(b""),
        with_key(bytes.fromhex("a301634f4b500327206745643235353139") + b"\x80\x00"),
        with_key(KEY[:-1]),
        with_key(cbor2.dumps(cbor2.CBORTag(4000, 1))),
        with_key(KEY + cbor2.dumps({"uvm": cbor2.CBORTag(4000, 1)})),
        device(cbor2.dumps({"uvm": cbor2.CBORTag(4000, 1)}), HAS_MORE),
        with_key(KEY.replace(b"\x01\x02", b"\x01\x18\x02", 1) + cbor2.dumps({"a": 1})),  # 2, written longer than it has to be
        device(b"\xf9\x3c\x00" + cbor2.dumps({"a": 1}), HAS_MORE),  # half a float, which is written again as a whole one
    ],
    ids=[
        "nothing",
        "too short",
        "no key",
        "a broken key",
        "half a key",
        "a tag",
        "a tag later",
        "a tag alone",
        "a long number",
        "a short float",
    ],
)
def test_authenticator_data_that_webauthn_could_read_otherwise_is_refused(data):
    with pytest.raises((NotPlain, WebAuthnException)):
        read_device(data)
    with pytest.raises((NotPlain, WebAuthnException)):
        read_attestation(attestation(data))


def test_a_long_id_is_passed_over():
    assert read_device(with_key(KEY, bytes(300))).attested_credential_data.credential_id == bytes(300)


def test_an_attestation_is_all_that_is_sent():
    with pytest.raises(NotPlain):
        read_attestation(attestation(with_key(KEY)) + b"\x00")
