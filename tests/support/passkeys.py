"""A passkey manager of the tests' own, which answers as a browser would: right, or wrong in the ways that a test asks for.

And the virtual ones of Chromium, for pages in a browser.
"""

import contextlib
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, SYNCABLE, SYNCED, HAS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40
CHECKED = PRESENT | VERIFIED
KEYCHAIN = bytes.fromhex("fbfc3007154e4ecc8c0b6e020557d7bd")
NOBODY = bytes(16)
ORIGIN = "http://127.0.0.1:5000"


@dataclass
class Passkey:
    """One passkey: it signs for one site, and may count."""

    origin: str
    aaguid: bytes = NOBODY
    kind: int = 0  # SYNCABLE | SYNCED, or 0 for one that stays on its device
    count: int = 0
    transports: tuple[str, ...] = ("internal",)
    attachment: str = "platform"
    identity: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False)

    def create(self, options, fmt="none", **lies):
        """Returns the JSON of a new passkey for what the portal asked."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: lies.get("y", numbers.y).to_bytes(32)}
        held = self.aaguid + len(self.identity).to_bytes(2) + self.identity + cbor2.dumps(public)
        signed = self.device(HAS_KEY | lies.get("flags", CHECKED), lies) + held
        statement = cbor2.dumps({"fmt": fmt, "attStmt": {}, "authData": signed})
        client = self.client("webauthn.create", options, lies)
        response = {"clientDataJSON": encode(client), "attestationObject": encode(statement), "transports": self.transports}
        return self.envelope(response)

    def answer(self, options, **lies):
        """Returns the JSON of an answer to what the portal asked."""
        self.count += 1 if self.count else 0
        signed = self.device(lies.get("flags", CHECKED), lies)
        client = self.client("webauthn.get", options, lies)
        signature = self.key.sign(signed + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        signature = lies.get("signature", signature)
        response = {"clientDataJSON": encode(client), "authenticatorData": encode(signed), "signature": encode(signature)}
        return self.envelope(response)

    def device(self, flags, lies):
        """Returns what the device says about itself and this use."""
        site = lies.get("site", urlsplit(self.origin).hostname)
        count = lies.get("count", self.count)
        return hashlib.sha256(site.encode()).digest() + bytes([flags | self.kind]) + count.to_bytes(4)

    def client(self, kind, options, lies):
        """Returns what the browser says about the page."""
        told = {"type": lies.get("type", kind), "challenge": lies.get("challenge", options["challenge"])}
        return json.dumps({**told, "origin": lies.get("origin", self.origin), "crossOrigin": lies.get("crossed", False)}).encode()

    def envelope(self, response):
        name = encode(self.identity)
        kind = {"type": "public-key", "authenticatorAttachment": self.attachment}
        return json.dumps({"id": name, "rawId": name, **kind, "response": response})


def encode(raw):
    return bytes_to_base64url(raw)


def options(browser):
    """What the page's script gets from the portal."""
    field = browser.page.one("input", name="passkey")
    named = field.up("form").all("input", name="authenticator")
    answer = browser.post(field["data-send"], {each["name"]: each["value"] for each in named})
    assert answer.status_code == 200
    return answer.json


def hand_in(browser, button, answer, **typed):
    """Puts the browser's answer into the form, as the script does, and presses its button."""
    browser.page.one("input", name="passkey").attributes["value"] = answer
    return browser.fill(button, **typed)


class Devices:
    """What of a person's can hold passkeys, for one page."""

    def __init__(self, page):
        self.wire = page.context.new_cdp_session(page)
        self.wire.send("WebAuthn.enable")

    def add(self, synced=False):
        """Connects one, which asks nobody and says yes; returns its id."""
        kind = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True}
        yes = {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
        backup = {"defaultBackupEligibility": synced, "defaultBackupState": synced}
        return self.wire.send("WebAuthn.addVirtualAuthenticator", {"options": {**kind, **yes, **backup}})["authenticatorId"]

    def remove(self, device):
        self.wire.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})

    @contextlib.contextmanager
    def not_verified(self, device):
        """Whoever holds it does not show a face, a finger, or the code of the screen lock."""
        self.wire.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
        yield
        self.wire.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})

    @contextlib.contextmanager
    def untouched(self, device):
        """Nobody touches it: the browser waits."""
        self.wire.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": device, "enabled": False})
        yield
        self.wire.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": device, "enabled": True})
