"""Stored sets of backup codes: where they are sealed, and how a typed code is matched and spent (BC-5, C-17)."""

import hmac
from collections.abc import Sequence

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import func, select, update

from portal.crypto import SealBroken, keyed_hash
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.models import BackupCode, BackupCodeSet, User
from portal.settings import config
from portal.words.refusals import Refused


def set_place(user_id: int, set_id: str, column: str) -> str:
    """The place that a sealed column of a set is bound to."""
    return f"backup_code_sets:{user_id}:{set_id}:{column}"


def hash_code(code: str, salt: bytes, pepper: str) -> bytes:
    """Hash with argon2id, at a low cost, over a keyed hash (C-17)."""
    keyed = keyed_hash(pepper.encode(), code)
    return hash_secret_raw(
        keyed, salt, time_cost=1, memory_cost=config.BACKUP_HASH_MEMORY_KIB, parallelism=1, hash_len=32, type=Type.ID
    )


def recent_sets(user_id: int) -> list[tuple[BackupCodeSet, list[BackupCode]]]:
    """The user's newest sets with their codes, newest first; one query."""
    rows = db.session.execute(
        select(BackupCodeSet, BackupCode)
        .join(BackupCode, BackupCode.set_id == BackupCodeSet.id)
        .where(BackupCodeSet.user_id == user_id)
        .order_by(BackupCodeSet.number.desc())
        .limit(config.BACKUP_CODES * config.BACKUP_SETS_RECOGNIZED)
    )
    sets: dict[str, tuple[BackupCodeSet, list[BackupCode]]] = {}
    for code_set, code in rows:
        sets.setdefault(code_set.id, (code_set, []))[1].append(code)
    return list(sets.values())


def matching_number(context: RequestContext, code_set: BackupCodeSet, codes: Sequence[BackupCode], typed: str) -> int | None:
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
    live = (BackupCodeSet.user_id == user_id, BackupCodeSet.replaced_at.is_(None), BackupCode.used_at.is_(None))
    unused = select(func.count()).join(BackupCodeSet, BackupCodeSet.id == BackupCode.set_id).where(*live)
    return db.session.scalar(unused.select_from(BackupCode)) or 0


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
    unused = update(BackupCode).where(BackupCode.set_id == live.id, BackupCode.number == number, BackupCode.used_at.is_(None))
    if change(unused.values(used_at=context.now)) != 1:
        raise Refused("backup_used")
    return sum(code.used_at is None for code in codes) - 1
