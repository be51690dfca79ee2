"""The chain's head, its keys, and the statements that read it."""

import base64
import logging
import secrets
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from portal.crypto import Keyring, SealBroken
from portal.db import read
from portal.flows.audit.encoding import COLUMNS
from portal.models import AuditKey, Event, EventSeal, audit_key_place, new_id
from portal.settings import config

log = logging.getLogger(__name__)
BEGINNING = bytes(32)  # stands for the hash before the first seal
SEALS = EventSeal.__table__.c
# A condition on the number has both databases read the end of its index, and no more.
HEAD = select(*SEALS).where(EventSeal.number > 0).order_by(EventSeal.number.desc()).limit(1)
FIND_SEALS = select(*SEALS).where(EventSeal.number > bindparam("after")).order_by(EventSeal.number).limit(bindparam("at_most"))
FIND_EVENTS = {
    number: select(Event.id, *columns).where(Event.id.between(bindparam("first"), bindparam("last"))).order_by(Event.id)
    for number, columns in COLUMNS.items()
}
FIND_KEYS = select(AuditKey.id, AuditKey.key_sealed, AuditKey.made_with).order_by(AuditKey.created_at.desc(), AuditKey.id)


def read_head() -> Any:
    """The newest seal, or None."""
    return read(HEAD).first()


class ChainKey(NamedTuple):
    """A key for new seals. `row`: the columns of its row, which its first seal brings along; None if it is there."""

    id: str
    key: bytes
    row: dict[str, Any] | None = None


class AuditKeys:
    """The keys of the chain, opened once each."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.opened: dict[str, bytes | None] = {}

    def find(self, key_id: str) -> bytes | None:
        """A key by its ID; None if there is none, or if no encryption key opens it."""
        if key_id not in self.opened:
            self.load()
        return self.opened.setdefault(key_id, None)

    def load(self) -> list[tuple[str, str]]:
        """Open all keys. Returns (ID, which encryption key was the newest when it was made), newest first."""
        rows = read(FIND_KEYS).all()
        for row in rows:
            self.opened[row.id] = self.open(row.id, row.key_sealed)
        return [(row.id, row.made_with) for row in rows]

    def open(self, key_id: str, sealed: bytes) -> bytes | None:
        try:
            return base64.b64decode(self.keyring.open(bytes(sealed), audit_key_place(key_id)))
        except (SealBroken, ValueError, TypeError):
            log.critical("audit_keys %s: key_sealed cannot be decrypted with the configured keys", key_id)
            return None

    def current(self, now: datetime, head: Any) -> ChainKey:
        """The key for the seal after `head`: of the newest encryption key's time, a new one if there is none.

        Its row is written with its first seal, in one transaction: a key without a seal tells that seals are gone. So a chain that
        begins takes no key of another one.
        """
        known = self.load()
        if known and head is None:
            log.critical("audit: all seals are gone, and a new chain begins. Run: flask --app wsgi audit verify")
        for key_id, made_with in known[:1] if head else ():
            key = self.opened[key_id]
            if made_with == self.keyring.newest and key:
                return ChainKey(key_id, key)
        key_id, key = new_id(), secrets.token_bytes(config.MIN_KEY_BYTES)
        sealed = self.keyring.seal(base64.b64encode(key).decode(), audit_key_place(key_id))
        self.opened[key_id] = key
        return ChainKey(key_id, key, {"id": key_id, "key_sealed": sealed, "made_with": self.keyring.newest, "created_at": now})
