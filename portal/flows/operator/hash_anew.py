"""Keyed hashes that are made of sealed values, so that a new key needs them anew: of addresses, and of numbers that get texts."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table

from portal.crypto import Keyring, SealBroken
from portal.flows.messages import text_waits
from portal.flows.operator.sealed_places import PLACES
from portal.models import Authenticator, User, fold_email

USERS: Table = User.__table__  # type: ignore[assignment]  # a Table, as it is a table of ours
AUTHENTICATORS: Table = Authenticator.__table__  # type: ignore[assignment]  # the same


@dataclass(frozen=True)
class Hashed:
    """`column` is a keyed hash of what is sealed in `source`, in the rows that are `wanted`."""

    table: Table
    column: Column[Any]
    source: Column[Any]
    wanted: ColumnElement[bool]
    make: Callable[[Keyring, str], bytes]

    def renew(self, keys: Keyring, row: Row[Any]) -> dict[str, Any] | None:
        """The parameters of the UPDATE that renews a row's hash; None if it is right, or the value can't be opened."""
        sealed, before = getattr(row, self.source.name), getattr(row, self.column.name)
        try:
            new = self.make(keys, keys.open(sealed, PLACES[self.table.name, self.source.name](row)))
        except SealBroken:
            return None
        return None if hmac.compare_digest(before or b"", new) else {"key": row.id, "source": sealed, "new": new}


HASHED = (
    # Decision 20. An account that was made before there were hashes has none.
    Hashed(
        USERS,
        USERS.c.email_hash,
        USERS.c.email_sealed,
        USERS.c.email_sealed.is_not(None),
        lambda keys, text: keys.look_up_hash(fold_email(text)),
    ),
    # By these, accounts that share a number are counted (SM-9).
    Hashed(
        AUTHENTICATORS,
        AUTHENTICATORS.c.target_hash,
        AUTHENTICATORS.c.secret_sealed,
        AUTHENTICATORS.c.target_hash.is_not(None),
        lambda keys, text: keys.mac(text, text_waits.TARGET),
    ),
)
