#!/bin/sh
# A browser newer than the server: a registration whose authenticatorAttachment or transports have a word that the library doesn't know.
#
# WebAuthn Level 3 has both as strings, so that new words can come: an unknown attachment counts as none (5.1), and a server keeps transports as
# they came and hands them back (5.2.1, 7.1 step 29).
# Expected (guess before the run): all of them take the registration, and return the transports as they came.
# Seen, webauthn 3.0.1, fido2 2.2.1 (both Python), @simplewebauthn/server 14.0.3, @passwordless-id/webauthn 2.4.0, 2026-11-30: webauthn refuses
# the registration for the new attachment (InvalidJSONStructure), and drops a transport that it doesn't know without a word; fido2 keeps no transports
# at all. The two for JavaScript do as expected. So the first browser with a new word would lock its people out of every passkey there.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check webauthn==3.0.1 fido2==2.2.1 2>/dev/null
npm install --silent --no-audit --no-fund @simplewebauthn/server@14.0.3 @passwordless-id/webauthn@2.4.0 >/dev/null
cat >make.py <<'END'
"""Prints a registration by a key made here, without attestation, as a browser's toJSON() gives it."""

import hashlib
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

attachment, transports = sys.argv[1], sys.argv[2].split(",")
public = ES256.from_cryptography_key(generate_private_key(SECP256R1()).public_key())
credential = b"credential-of-this-run"
device = hashlib.sha256(b"portal.example").digest() + bytes([0x45]) + bytes(4) + bytes(16)
device += len(credential).to_bytes(2, "big") + credential + cbor.encode(dict(public))
client = {"type": "webauthn.create", "challenge": "AAAAAAAAAAAAAAAAAAAAAA", "origin": "https://portal.example", "crossOrigin": False}
answer = {
    "id": websafe_encode(credential),
    "rawId": websafe_encode(credential),
    "type": "public-key",
    "authenticatorAttachment": attachment,
    "clientExtensionResults": {},
    "response": {
        "clientDataJSON": websafe_encode(json.dumps(client).encode()),
        "attestationObject": websafe_encode(cbor.encode({"fmt": "none", "attStmt": {}, "authData": device})),
        "authenticatorData": websafe_encode(device),
        "publicKey": "",
        "publicKeyAlgorithm": -7,
        "transports": transports,
    },
}
print(json.dumps(answer))
END
cat >check.py <<'END'
"""Prints what the two Python libraries say of the registration on standard input."""

import json
import sys

from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity, RegistrationResponse
from webauthn import verify_registration_response
from webauthn.helpers import base64url_to_bytes, parse_registration_credential_json

answer = json.load(sys.stdin)
challenge = base64url_to_bytes("AAAAAAAAAAAAAAAAAAAAAA")


def by_webauthn():
    made = parse_registration_credential_json(answer)
    verify_registration_response(
        credential=made, expected_challenge=challenge, expected_rp_id="portal.example", expected_origin="https://portal.example"
    )
    return [way.value for way in made.response.transports]


def by_fido2():
    server = Fido2Server(PublicKeyCredentialRpEntity(id="portal.example", name="Portal"))
    state = {"challenge": "AAAAAAAAAAAAAAAAAAAAAA", "user_verification": None}
    server.register_complete(state, answer)
    made = RegistrationResponse.from_dict(answer)
    return [getattr(way, "value", way) for way in getattr(made.response, "transports", None) or []] or "no transports"


for name, check in (("webauthn", by_webauthn), ("fido2", by_fido2)):
    try:
        print(name, "takes", check())
    except Exception as problem:
        print(name, "refuses", type(problem).__name__, problem)
END
cat >check.mjs <<'END'
import { server as passwordless } from "@passwordless-id/webauthn";
import { verifyRegistrationResponse } from "@simplewebauthn/server";
import { readFileSync } from "node:fs";

const answer = JSON.parse(readFileSync(0));
const expected = { challenge: "AAAAAAAAAAAAAAAAAAAAAA", origin: "https://portal.example" };
const checks = {
  simplewebauthn: async () => {
    const made = await verifyRegistrationResponse({
      response: answer, expectedChallenge: expected.challenge, expectedOrigin: expected.origin, expectedRPID: "portal.example",
    });
    if (!made.verified) throw new Error("not verified");
    return made.registrationInfo.credential.transports;
  },
  "passwordless-id": async () => (await passwordless.verifyRegistration({ ...answer, user: { name: "Maria" } }, expected)).credential.transports,
};
for (const [name, check] of Object.entries(checks)) {
  try {
    console.log(name, "takes", JSON.stringify(await check()));
  } catch (problem) {
    console.log(name, "refuses", problem.message);
  }
}
END
for words in "platform internal" "implanted internal" "platform internal,telepathy"; do
    set -- $words
    echo "--- $words"
    venv/bin/python make.py "$1" "$2" >answer.json
    venv/bin/python check.py <answer.json
    node check.mjs <answer.json
done | tee seen
diff - seen <<'END' && echo "as seen before"
--- platform internal
webauthn takes ['internal']
fido2 takes no transports
simplewebauthn takes ["internal"]
passwordless-id takes ["internal"]
--- implanted internal
webauthn refuses InvalidJSONStructure Credential had unexpected authenticatorAttachment
fido2 takes no transports
simplewebauthn takes ["internal"]
passwordless-id takes ["internal"]
--- platform internal,telepathy
webauthn takes ['internal']
fido2 takes no transports
simplewebauthn takes ["internal","telepathy"]
passwordless-id takes ["internal","telepathy"]
END
