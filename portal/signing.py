"""Signatures that anybody can check without a secret: Ed25519 (RFC 8032), with a key for each encryption key."""

import hashlib
import hmac
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

PEM_MAX = 4096  # bytes; a public key in PEM has 113


class PublicKey:
    """What checks a signature. Its fingerprint is what people compare."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @cached_property
    def pem(self) -> bytes:
        """As OpenSSL reads it."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the key in DER, in groups of four hexadecimal digits: `openssl pkey -pubin -outform DER | sha256sum`."""
        digits = hashlib.sha256(self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
        return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))

    def has_fingerprint(self, typed: str) -> bool:
        """Whether that is its fingerprint, however its groups were typed."""
        digits = "".join(each for each in typed.lower() if each not in " :-\t\r\n")
        return hmac.compare_digest(digits.encode(), self.fingerprint.replace(" ", "").encode())

    def has_signed(self, signature: bytes, content: bytes) -> bool:
        """Whether the signature of the content was made with the private key."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A private key. It is derived, so it is stored nowhere."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key())

    @property
    def fingerprint(self) -> str:
        return self.public.fingerprint

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(content)

    def __repr__(self) -> str:  # never in a log or an exception
        return f"SigningKey({self.name})"


def read_public_key(pem: bytes) -> PublicKey:
    """The key of a PEM file. Raises ValueError if it is none, or of another kind."""
    if len(pem) > PEM_MAX:
        raise ValueError("too long")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return PublicKey(key)


def load_public_key(path: Path) -> PublicKey:
    """The same from a file. Raises OSError, ValueError."""
    with path.open("rb") as file:
        return read_public_key(file.read(PEM_MAX + 1))
