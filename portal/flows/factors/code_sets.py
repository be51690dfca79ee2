"""Stored sets of backup codes: where they are sealed, and how a typed code is matched and spent (BC-5, C-17)."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import bindparam, func, select, update

from portal.crypto import SealBroken, keyed_hash
from portal.db import change, load, read
from portal.flows.base.context import RequestContext
from portal.models import BackupCode, BackupCodeSet, User
from portal.settings import config
from portal.words.refusals import Refused

NEWEST_SETS = (
    select(*BackupCodeSet.__table__.c, BackupCode.number.label("code_number"), BackupCode.hash, BackupCode.used_at)
    .join_from(BackupCodeSet, BackupCode, BackupCode.set_id == BackupCodeSet.id)
    .where(BackupCodeSet.user_id == bindparam("owner"))
    .order_by(BackupCodeSet.number.desc())
    .limit(config.BACKUP_CODES * config.BACKUP_SETS_RECOGNIZED)
)
COUNT_UNUSED = (
    select(func.count())
    .select_from(BackupCode)
    .join(BackupCodeSet, BackupCodeSet.id == BackupCode.set_id)
    .where(BackupCodeSet.user_id == bindparam("owner"), BackupCodeSet.replaced_at.is_(None), BackupCode.used_at.is_(None))
)
SPEND = (
    update(BackupCode)
    .where(BackupCode.set_id == bindparam("of_set"), BackupCode.number == bindparam("typed"), BackupCode.used_at.is_(None))
    .values(used_at=bindparam("now"))
)


def set_place(user_id: int, set_id: str, column: str) -> str:
    """The place that a sealed column of a set is bound to."""
    return f"backup_code_sets:{user_id}:{set_id}:{column}"


def hash_code(code: str, salt: bytes, pepper: str) -> bytes:
    """Hash with argon2id, at a low cost, over a keyed hash (C-17)."""
    keyed = keyed_hash(pepper.encode(), code)
    return hash_secret_raw(
        keyed, salt, time_cost=1, memory_cost=config.BACKUP_HASH_MEMORY_KIB, parallelism=1, hash_len=32, type=Type.ID
    )


class KeptCode(NamedTuple):
    """One code of a set, as it is stored."""

    number: int
    hash: bytes
    used_at: datetime | None


def recent_sets(user_id: int) -> list[tuple[BackupCodeSet, list[KeptCode]]]:
    """The user's newest sets with their codes, newest first; one query."""
    ends = len(BackupCodeSet.__table__.c)
    sets: dict[Sequence[Any], list[KeptCode]] = {}
    for row in read(NEWEST_SETS, {"owner": user_id}):
        sets.setdefault(row[:ends], []).append(KeptCode(*row[ends:]))
    return [(load(BackupCodeSet, columns), codes) for columns, codes in sets.items()]


def matching_number(
    context: RequestContext, code_set: BackupCodeSet, codes: Sequence[KeptCode | BackupCode], typed: str
) -> int | None:
    """The number of the typed code in the set, used or not, or None. Compares every hash, for constant time."""
    try:
        pepper = context.keys.open(code_set.pepper_sealed, set_place(code_set.user_id, code_set.id, "pepper"))
    except SealBroken:
        return None
    hashed = hash_code(typed, code_set.salt, pepper)
    found = None
    for code in codes:
        if hmac.compare_digest(code.hash, hashed):
            found = code.number
    return found


def count_unused(user_id: int) -> int:
    """How many codes of the user's live set are left."""
    return int(read(COUNT_UNUSED, {"owner": user_id}).scalar() or 0)


def spend_code(context: RequestContext, user: User, typed: str) -> int:
    """Spend one code of the live set; returns how many are left.

    Raises Refused: "backup_wrong", "backup_used", "backup_old" (of an older set; with the number of the live one).
    """
    sets = recent_sets(user.id)
    if not sets:
        raise Refused("backup_wrong")
    (live, codes), *older = sets
    number = matching_number(context, live, codes, typed)
    if number is None:
        if any(matching_number(context, old, old_codes, typed) for old, old_codes in older):
            raise Refused("backup_old", set=live.number)
        raise Refused("backup_wrong")
    if change(SPEND, {"of_set": live.id, "typed": number, "now": context.now}) != 1:
        raise Refused("backup_used")
    return sum(code.used_at is None for code in codes) - 1
