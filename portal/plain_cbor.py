"""Reads what authenticators wrote in CBOR, once it is seen to have no tags, no lengths left open, little nesting, and simple keys.

So is CTAP2's canonical form, in which they write (WebAuthn Level 3, 3; FIDO CTAP 2.1, 8). cbor2 reads more than that, and some of it takes
a whole process's time, however short it is. What is refused here was walked over once, byte by byte. Where the rest of that form is not
kept, as in the order of keys, nobody is locked out.
"""

from webauthn.helpers import encode_cbor, parse_attestation_object, parse_authenticator_data, parse_cbor
from webauthn.helpers.structs import AttestationObject, AuthenticatorData

NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG = range(1, 7)  # major types: RFC 8949 3.1
KEYS = {0, NEGATIVE, TEXT}
LONGEST = 27  # says in its low five bits that a length of eight bytes follows; what is above leaves the length open
DEPTH = 8  # CTAP allows four, and an attestation of several needs five
BROKEN_KEY = bytes.fromhex("a301634f4b500327206745643235353139")  # begins one that webauthn 3.0.1 mends, and can't use either
FIXED, WITH_KEY, HAS_KEY = 37, 55, 0x40  # bytes of authenticator data before what is CBOR, without and with a key (WebAuthn 6.1)


class NotPlain(ValueError):
    """It holds what is not read here."""


def read_attestation(data: bytes) -> AttestationObject:
    """An attestation object. Raises NotPlain, and what webauthn raises."""
    if find_end(data) != len(data):
        raise NotPlain
    check_device(parse_cbor(data)["authData"])
    return parse_attestation_object(data)


def read_device(data: bytes) -> AuthenticatorData:
    """Authenticator data. Raises NotPlain, and what webauthn raises."""
    check_device(data)
    return parse_authenticator_data(data)


def check_device(data: bytes) -> None:
    """Walk over the key and the extensions. Raises NotPlain.

    webauthn takes each to be as long as when it writes it again, and would begin to read the next one somewhere else than here.
    """
    if len(data) < FIXED:
        raise NotPlain
    at = WITH_KEY + int.from_bytes(data[WITH_KEY - 2 : WITH_KEY]) if data[32] & HAS_KEY else FIXED
    if data.startswith(BROKEN_KEY, at):
        raise NotPlain
    while at < len(data):
        end = find_end(data, at)
        if len(encode_cbor(parse_cbor(data[at:end]))) != end - at:
            raise NotPlain
        at = end


def find_end(data: bytes, at: int = 0, depth: int = DEPTH) -> int:
    """Where the item ends that begins there. Raises NotPlain."""
    if not depth or at >= len(data):
        raise NotPlain
    kind, low = data[at] >> 5, data[at] & 31
    if kind == TAG or low > LONGEST:
        raise NotPlain
    size = 0 if low < 24 else 1 << (low - 24)
    number = int.from_bytes(data[at + 1 : at + 1 + size]) if size else low
    at += 1 + size
    if kind in (BYTES, TEXT):
        at += number
    for _ in range(number if kind in (ARRAY, MAP) else 0):
        if kind == MAP:
            at = find_end_of_key(data, at, depth - 1)
        at = find_end(data, at, depth - 1)
    if at > len(data):
        raise NotPlain
    return at


def find_end_of_key(data: bytes, at: int, depth: int) -> int:
    """The same of a map's key."""
    end = find_end(data, at, depth)
    if data[at] >> 5 not in KEYS:
        raise NotPlain
    return end
