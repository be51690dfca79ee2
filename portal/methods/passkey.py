"""Passkey: a pair of keys in a device or a passkey manager, which answers for this site alone (W3C WebAuthn Level 3)."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BigInteger, String, bindparam, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorData,
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from wtforms import HiddenField

from portal.answers import KEY, Answer
from portal.db import change, read
from portal.forms.base import filled
from portal.forms.codes import OwnQuestionForm
from portal.methods import CodeRejected, Context, Labels, Method, NotAsked, Proved, Script, Secret
from portal.models import Authenticator
from portal.open_challenges import spend_challenge
from portal.plain_cbor import read_attestation, read_device
from portal.settings import config
from portal.words.refusals import N_

NAME = "passkey"
Read = TypeVar("Read")
# What keeps a passkey, by the AAGUID that it tells: brands, from the community's list (passkeydeveloper/passkey-authenticator-aaguids).
NUMBERS = {
    "iCloud Keychain": "fbfc3007-154e-4ecc-8c0b-6e020557d7bd dd4ec289-e01d-41c9-bb89-70fa845d4bf2",
    "Google Password Manager": "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4",
    "Windows Hello": "08987058-cadc-4b81-b6e1-30de50dcbe96 9ddd1817-af5a-4672-a2b9-3e3dd95000a9 6028b017-b1d4-4c02-b4b3-afcdafc96bb2",
    "1Password": "bada5566-a7aa-401f-bd96-45619a55120d",
    "Bitwarden": "d548826e-79b4-db40-a3d8-11116f7e8349",
    "Dashlane": "531126d6-e717-415c-9320-3d9aa6981239",
    "Chrome on Mac": "adce0002-35bc-c60a-648b-0b25f1f05503",
    "Samsung Pass": "53414d53-554e-4700-0000-000000000000",
    "YubiKey 5": "cb69481e-8ff7-4039-93ec-0a2729a154a8 ee882879-721c-4913-9775-3dfcce97072a",
    "YubiKey 5 NFC": "fa2b99dc-9e39-4257-8f92-4a30d23c4118 2fc0579f-8113-47ea-b116-bb5a8db9202a",
}
KEEPERS = {number: brand for brand, numbers in NUMBERS.items() for number in numbers.split()}
OWN = bindparam("own", type_=String)
last_count = Authenticator.remembered["count"].as_string().cast(BigInteger)  # up to 2**32 - 1: WebAuthn 6.1
# The counter never goes back, whoever else answers at the same moment. The columns to set are parameters.
SPEND = update(Authenticator).where(Authenticator.id == OWN, last_count <= bindparam("counted", type_=BigInteger))
FIND_SAME = select(Authenticator.user_id).where(Authenticator.identity_hash == bindparam("credential"))  # WebAuthn 7.1, step 26
ID_BYTES, KEY_BYTES = 1023, 2048  # the longest of a passkey (WebAuthn 7.1, step 25); RSA of 8,192 bits takes 1,040
ANSWER_LENGTH = 16_384  # characters: above 14,600, which an ID and a key of the longest kind take
TRANSPORTS_MAX, WORD_LENGTH = 16, 32  # WebAuthn knows seven, the longest with ten letters
TIMEOUT = int(config.CHALLENGE_LIFE.total_seconds() * 1000)


def begin(context: Context) -> str:
    """Whom the passkey will be for. The keys are made by the device."""
    return json.dumps({"person": context.user_id, "name": context.full_name})


def describe_own(secrets: list[str]) -> list[dict[str, Any]]:
    """The person's passkeys, for the browser to offer or to leave out, with the transports that it named once."""
    kept = [json.loads(secret) for secret in secrets]
    return [{"type": "public-key", "id": each["id"], "transports": each["transports"]} for each in kept]


def create_options(secret: Secret, challenge: bytes, own: list[str]) -> dict[str, Any]:
    """What navigator.credentials.create() takes. The person's handle is always the same, and says nothing about them."""
    person = json.loads(secret.text)
    options = generate_registration_options(
        rp_id=secret.relying_party,
        rp_name=secret.issuer,
        user_id=secret.hash_code("user handle", str(person["person"]))[0],
        user_name=secret.account,
        user_display_name=person["name"],
        challenge=challenge,
        timeout=TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return {**options_to_json_dict(options), "excludeCredentials": describe_own(own)}


def ask_options(secret: Secret, challenge: bytes, own: list[str]) -> dict[str, Any]:
    """What navigator.credentials.get() takes: any of the person's passkeys may answer."""
    options = generate_authentication_options(
        rp_id=secret.relying_party,
        challenge=challenge,
        timeout=TIMEOUT,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return {**options_to_json_dict(options), "allowCredentials": describe_own(own)}


def read_or_refuse(read_it: Callable[[], Read]) -> Read:
    """What is read. Raises CodeRejected("passkey_unreadable") whatever is wrong with it: anybody may send anything."""
    try:
        return read_it()
    except Exception:  # noqa: BLE001 the parsers of JSON, CBOR, and keys have dozens of their own
        raise CodeRejected("passkey_unreadable") from None


def read_answer(text: str) -> dict[str, Any]:
    """The browser's answer, less the device's attachment: webauthn 3.0.1 refuses new words of it, and nothing needs it (WebAuthn 5.1)."""
    given: dict[str, Any] = json.loads(text if len(text) <= ANSWER_LENGTH else "")
    given.pop("authenticatorAttachment", None)
    return given


def read_transports(given: dict[str, Any]) -> list[str]:
    """How the device can be reached, in the browser's words, new ones too: it gets them back as they came (WebAuthn Level 3, 7.1)."""
    named = given["response"].get("transports")
    return [str(way)[:WORD_LENGTH] for way in named[:TRANSPORTS_MAX]] if isinstance(named, list) else []


def check_ceremony(secret: Secret, client_data: bytes, device: AuthenticatorData, now: datetime) -> bytes:
    """Spend the challenge, and check whom and what the answer is for. Returns the challenge. Raises CodeRejected."""
    client = read_or_refuse(lambda: parse_client_data_json(client_data))
    problem = spend_challenge(secret.attempt, client.challenge, now)
    if problem:
        raise CodeRejected(f"passkey_{problem}")
    site = hashlib.sha256(secret.relying_party.encode()).digest()
    is_here = client.origin == secret.origin and not client.cross_origin
    if not is_here or not hmac.compare_digest(device.rp_id_hash, site):
        raise CodeRejected("passkey_elsewhere")
    if not (device.flags.up and device.flags.uv):
        raise CodeRejected("passkey_unverified")
    return client.challenge


class PasskeyForm(OwnQuestionForm):
    passkey = HiddenField(N_("Passkey"), [filled("passkey_none")])
    question = "passkey"

    @property
    def answer(self) -> Answer:
        return Answer(KEY, self.passkey.data, method=NAME)


@dataclass(frozen=True)
class Create:
    """Set-up: the browser makes a passkey."""

    name = "create"
    form = PasskeyForm
    field = "passkey"
    button = N_("Create a passkey")
    verifies = True

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        return {}

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Proved:
        given = read_or_refuse(lambda: read_answer(answer.value))
        made = read_or_refuse(lambda: parse_registration_credential_json(given))
        transports = read_or_refuse(lambda: read_transports(given))
        device = read_or_refuse(lambda: read_attestation(made.response.attestation_object).auth_data)
        challenge = check_ceremony(secret, made.response.client_data_json, device, now)
        found = read_or_refuse(
            lambda: verify_registration_response(
                credential=made,
                expected_challenge=challenge,
                expected_rp_id=secret.relying_party,
                expected_origin=secret.origin,
                require_user_verification=True,
            )
        )
        # webauthn reads the key at sign-in only, where one that can't work would be found out too late.
        read_or_refuse(lambda: decoded_public_key_to_cryptography(decode_credential_public_key(found.credential_public_key)))
        if len(found.credential_id) > ID_BYTES or len(found.credential_public_key) > KEY_BYTES:
            raise CodeRejected("passkey_unreadable")
        mark = hashlib.sha256(found.credential_id).hexdigest()
        owner, person = read(FIND_SAME, {"credential": mark}).scalar(), json.loads(secret.text)["person"]
        if owner is not None:
            raise CodeRejected("passkey_known" if owner == person else "authenticator_taken")
        kept = {
            "id": bytes_to_base64url(found.credential_id),
            "key": bytes_to_base64url(found.credential_public_key),
            "transports": transports,
            "synced": device.flags.be,
        }
        state = {"count": found.sign_count, "backed_up": device.flags.bs, "aaguid": found.aaguid}
        name = KEEPERS.get(found.aaguid, METHOD.label)
        return Proved({"name": name, "remembered": state, "identity_hash": mark}, secret=json.dumps(kept))


@dataclass(frozen=True)
class Ask:
    """Sign-in: the browser signs the challenge with one of the person's passkeys."""

    form = PasskeyForm

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        return {}

    def simulate(self, secret: Secret, row: Authenticator, now: datetime) -> dict[str, Any]:
        """Nothing: only the device that made it can answer."""
        return {}

    def take(self, secret: Secret, row: Authenticator, answer: Answer, now: datetime) -> None:
        kept = json.loads(secret.text)
        given = read_or_refuse(lambda: parse_authentication_credential_json(read_answer(answer.value)))
        if given.raw_id != base64url_to_bytes(kept["id"]):
            raise NotAsked("passkey_unknown")
        device = read_or_refuse(lambda: read_device(given.response.authenticator_data))
        challenge = check_ceremony(secret, given.response.client_data_json, device, now)
        found = read_or_refuse(
            lambda: verify_authentication_response(
                credential=given,
                expected_challenge=challenge,
                expected_rp_id=secret.relying_party,
                expected_origin=secret.origin,
                credential_public_key=base64url_to_bytes(kept["key"]),
                credential_current_sign_count=0,  # compared below, where a count that went back gets words of its own
                require_user_verification=True,
            )
        )
        count, last = found.new_sign_count, row.remembered["count"]
        if (count or last) and count <= last:
            raise CodeRejected("passkey_copied")
        state = {**row.remembered, "count": count, "backed_up": device.flags.bs}
        if change(SPEND, {"own": row.id, "counted": count, "remembered": state, "last_used_at": now}) != 1:
            raise CodeRejected("passkey_unknown")


def about(secret: str) -> str:
    """Whether losing the device loses the passkey."""
    if json.loads(secret)["synced"]:
        return N_("Your passkey manager can sync it to your other devices.")
    return N_("It exists on one device only. If you lose that, a backup code lets you in.")


METHOD = Method(
    name=NAME,
    label=N_("Passkey"),
    facts=(N_("Use your face, fingerprint, or screen lock"), N_("No code to type, and a look-alike site can't use it")),
    begin=begin,
    begins_with={"name": N_("Passkey"), "remembered": {}},
    steps=(Create(),),
    challenge=Ask(),
    asks_for=KEY,
    can_be_guessed=False,
    resists_phishing=True,
    additional=True,
    script=Script("passkey.js", create_options, ask_options),
    asks_once=True,
    labels=Labels(
        heading=N_("Confirm it's you with your passkey"),
        button=N_("Use your passkey"),
        use=N_("Use your passkey"),
        unable=N_("Can't use your passkey?"),
        next_time=N_("Your next sign-in asks for your passkey."),
        needs=N_("It needs JavaScript, and a phone, computer, or security key that has it."),
    ),
    about=about,
    survives=lambda secret: bool(json.loads(secret)["synced"]),
    drawing="key-round",
    change_label=N_("Replace Passkey"),
    sentences={
        "passkey_none": N_(
            "Your browser hasn't answered with a passkey. It needs JavaScript for that. Try again, or use another way."
        ),
        "passkey_unreadable": N_("We couldn't read your browser's answer, or it isn't right. Try again, or use another way."),
        "passkey_elsewhere": N_("That passkey answered for another address. Check the address of this page, then try again."),
        "passkey_unverified": N_(
            "Your device didn't check that it's you. When it asks, use your face, fingerprint, or screen lock."
        ),
        "passkey_used": N_("That answer was already used. Try again."),
        "passkey_late": N_("Your answer came too late. Try again with a new one."),
        "passkey_other": N_(
            "Another tab or window has asked for your passkey since, or that answer is for another page. Try again here."
        ),
        "passkey_unknown": N_("Your account doesn't have that passkey, or it was removed. Use another passkey, or another way."),
        "passkey_known": N_("Your account already has that passkey. Use another device or passkey manager for a second one."),
        "passkey_copied": N_(
            "We refused that passkey, because a copy of it seems to be in use. Use another way, and remove it on the Security page."
        ),
    },
)
