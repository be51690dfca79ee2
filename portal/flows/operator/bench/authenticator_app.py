"""An authenticator app as phones have it: it reads QR codes and setup keys, and shows codes by its phone's clock (RFC 6238).

It shares no code with the method that checks the codes, as no real app does.
"""

import binascii
import hmac
import re
import secrets
import struct
from base64 import b32decode, b32encode
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import parse_qs, unquote

from portal.typed import strip_separators
from portal.words.refusals import Refused

BY_TIME, BY_COUNTER = "totp", "hotp"  # the kinds of the Key URI format
URI = re.compile(r"otpauth://(?P<kind>[a-z]+)/(?P<label>[^?#]*)(?:\?(?P<query>[^#]*))?")
ALGORITHMS = ("SHA1", "SHA256", "SHA512")
DIGITS = (6, 7, 8)
DIGITS_DEFAULT, PERIOD_DEFAULT, PERIOD_MAX = 6, 30, 300  # seconds
NAME_MAX = 100  # characters of an issuer or a label
KEY_MIN = 16  # letters: the 80 bits below which apps refuse a key
KEY_MAX = 256
ID_BYTES = 8
OTHER_KEY_BYTES = 20
GROUP = 4


class Entry(TypedDict):
    """What an app keeps of one account."""

    id: str
    issuer: str
    label: str
    key: str
    digits: int
    period: int  # seconds
    algorithm: str


def read_qr_text(text: str) -> Entry:
    """The entry of a QR code's text, by the Key URI format.

    Raises Refused: "scan_other" for any other text, "scan_counter" for codes by a counter, "scan_shape" for numbers that apps don't know.
    """
    found = URI.match(text.strip())
    if found is None or found["kind"] not in (BY_TIME, BY_COUNTER):
        raise Refused("scan_other")
    if found["kind"] == BY_COUNTER:
        raise Refused("scan_counter")
    values = {name: each[0] for name, each in parse_qs(found["query"] or "").items()}
    prefix, colon, label = unquote(found["label"]).partition(":")
    issuer = values.get("issuer", prefix if colon else "")
    algorithm = values.get("algorithm", ALGORITHMS[0]).upper()
    digits, period = (as_number(values.get(name, "")) for name in ("digits", "period"))
    digits, period = digits or DIGITS_DEFAULT, period or PERIOD_DEFAULT
    if algorithm not in ALGORITHMS or digits not in DIGITS or period > PERIOD_MAX:
        raise Refused("scan_shape")
    return make_entry(issuer, (label if colon else prefix).strip(), read_key(values.get("secret", "")), digits, period, algorithm)


def as_number(text: str) -> int | None:
    """A whole number, None for anything else."""
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else None


def read_key(typed: str) -> str:
    """A setup key in any grouping and case, as base32. Raises Refused("setup_key_shape")."""
    key = strip_separators(typed).upper().rstrip("=")
    try:
        decoded = b32decode(key + "=" * (-len(key) % 8))
    except (binascii.Error, ValueError):
        raise Refused("setup_key_shape") from None
    if not (KEY_MIN <= len(key) <= KEY_MAX and decoded):
        raise Refused("setup_key_shape")
    return key


def make_entry(
    issuer: str, label: str, key: str, digits: int = DIGITS_DEFAULT, period: int = PERIOD_DEFAULT, algorithm: str = ALGORITHMS[0]
) -> Entry:
    """A new entry."""
    name, owner = issuer[:NAME_MAX], label[:NAME_MAX]
    return Entry(
        id=secrets.token_hex(ID_BYTES), issuer=name, label=owner, key=key, digits=digits, period=period, algorithm=algorithm
    )


def other_entry(label: str) -> Entry:
    """An entry of another company, which people confuse with ours."""
    return make_entry("Harbor Bank", label, b32encode(secrets.token_bytes(OTHER_KEY_BYTES)).decode())


def show(entry: Entry, at: datetime) -> dict[str, Any]:
    """What the app shows at its phone's time: `code`, `seconds_left` until the next one, `key_groups`."""
    seconds, key = int(at.timestamp()), entry["key"]
    step = struct.pack(">Q", seconds // entry["period"])
    digest = hmac.digest(b32decode(key + "=" * (-len(key) % 8)), step, entry["algorithm"].lower())
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return {
        "code": str(number % 10 ** entry["digits"]).zfill(entry["digits"]),
        "seconds_left": entry["period"] - seconds % entry["period"],
        "key_groups": [key[start : start + GROUP] for start in range(0, len(key), GROUP)],
    }
