"""Encryption at rest (AES-256-GCM, bound to table, row, and column as associated data) and keyed hashes."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.signing import SigningKey

NONCE_BYTES = 12


class SealBroken(Exception):
    """This keyring cannot decrypt the value: it was moved or damaged, or its key is missing (CR-5). Carries no data."""


class Keyring:
    """The encryption keys, newest first. New values use the first; each sealed value names its key (CR-1, CR-2)."""

    def __init__(self, keys: tuple[tuple[str, bytes], ...]) -> None:
        self.newest = keys[0][0]
        self._ciphers = {name: AESGCM(derive(key, b"seal")) for name, key in keys}
        self._mac_keys = [derive(key, b"mac") for _, key in keys]
        self._look_up_keys = [derive(key, b"look-up") for _, key in keys]
        self._signing_seeds = {name: derive(key, b"auditor-folder") for name, key in keys}

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt `text` with `place` (table:row:column) as associated data: key ID, NUL, nonce, ciphertext, tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self.newest].encrypt(nonce, text.encode(), place.encode())
        return self.newest.encode() + b"\0" + nonce + sealed

    def open(self, sealed: bytes, place: str) -> str:
        """Decrypt a value that was sealed for `place`. Raises SealBroken."""
        name, _, rest = sealed.partition(b"\0")
        cipher = self._ciphers.get(name.decode("ascii", "replace"))
        if cipher is None:
            raise SealBroken
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def mac(self, text: str, place: str) -> bytes:
        """HMAC-SHA-256 of `text`, bound to `place`, with the newest key."""
        return keyed_hash(self._mac_keys[0], f"{place}\0{text}")

    def macs(self, text: str, place: str) -> list[bytes]:
        """The same with every key, the newest first, for what was hashed before there was a newer one."""
        return [keyed_hash(key, f"{place}\0{text}") for key in self._mac_keys]

    def look_up_hash(self, text: str) -> bytes:
        """Blind index (CR-6): a keyed hash, with the newest key, that finds a row without revealing the text."""
        return keyed_hash(self._look_up_keys[0], text)

    def look_up_hashes(self, text: str) -> list[bytes]:
        """The same with every key, to find rows that have not been rotated yet too."""
        return [keyed_hash(key, text) for key in self._look_up_keys]

    def signing_keys(self) -> list[SigningKey]:
        """The keys that sign auditors' folders, newest first: one for each encryption key, and named like it."""
        return [SigningKey(name, seed) for name, seed in self._signing_seeds.items()]

    def signing_key(self) -> SigningKey:
        """The newest of them."""
        return SigningKey(self.newest, self._signing_seeds[self.newest])

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the value was sealed with the newest key, so that key rotation can skip it."""
        return sealed.startswith(self.newest.encode() + b"\0")


def derive(key: bytes, purpose: bytes) -> bytes:
    """Derive a 256-bit subkey for one purpose (HKDF), so that no key serves two."""
    return HKDF(SHA256(), length=32, salt=None, info=b"medximity-portal:" + purpose).derive(key)


def keyed_hash(key: bytes, text: str) -> bytes:
    """HMAC-SHA-256 of `text`."""
    return hmac.digest(key, text.encode(), "sha256")


def token_hash(token: str) -> str:
    """The stored form of a random token of at least 128 bits (SE-4): hexadecimal SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()
