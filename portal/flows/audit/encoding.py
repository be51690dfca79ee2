"""What is hashed of an event or a seal: its columns as JSON, which has one reading only.

An array of the values in the order of the columns, in ASCII, without spaces; numbers, texts, and nulls as JSON has them, moments in UTC
with six digits of a second, bytes in hexadecimal. So the same rows have the same hashes on either database.
"""

import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from portal.models import Event, EventSeal
from portal.settings import audit

# Which columns of an event are sealed, by format. A new column of events needs a new format; old seals keep theirs.
FORMATS = {
    1: (
        "at", "event", "result", "reason", "actor_id", "subject_id", "role", "factor", "session_hash", "request_id", "ip",
        "user_agent", "app_version", "case_id", "times", "minute_key",
    ),
}  # fmt: skip
FORMAT = 1
COLUMNS = {number: tuple(getattr(Event, name) for name in names) for number, names in FORMATS.items()}
OF_SEAL = tuple(column.name for column in EventSeal.__table__.columns if column.name != "own_hash")
encode_json = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


def moment(at: datetime) -> str:
    """A moment in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """A value as JSON can have it."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, float):  # which no column holds unless somebody has put it there, infinity too
        return repr(value)
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def encode(kind: str, number: int, values: Iterable[Any]) -> bytes:
    """The bytes to hash. `kind` and `number` (of the format) keep a seal from being taken for an event."""
    return encode_json([kind, number, *map(plain, values)]).encode()


def event_tag(key: bytes, number: int, values: Iterable[Any]) -> bytes:
    """What a seal keeps of one event: `values` are those of the format's columns. Its ID is in the seal's spans."""
    return hmac.digest(key, encode("event", number, values), "sha256")[: audit.TAG_BYTES]


def seal_hash(key: bytes, seal: Any) -> bytes:
    """The HMAC of a seal: a row, or a mapping of its columns."""
    values = seal if isinstance(seal, dict) else seal._mapping
    return hmac.digest(key, encode("seal", values["format"], (values[name] for name in OF_SEAL)), "sha256")
