"""Backup codes: generated in numbered sets, shown once, confirmed as saved, each used once (BC-1 to BC-8, C-16, C-17)."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from portal import clock
from portal.crypto import Keyring, SealBroken
from portal.db import begin_write, change, db, insert_into, load, read, write
from portal.flows.base.audit import record_event
from portal.flows.base.batches import change_in_batches, some_of
from portal.flows.base.context import RequestContext
from portal.flows.factors.code_sets import KeptCode, hash_code, matching_number, recent_sets, set_place
from portal.flows.messages import notices
from portal.flows.sessions import sessions, trusted_browsers
from portal.models import BackupCode, BackupCodeSet, Practice, User, new_id
from portal.names import initials
from portal.settings import config
from portal.words.refusals import Refused

FACTOR = "backup_code"
LEFT = select(func.count()).where(BackupCode.set_id == BackupCodeSet.id, BackupCode.used_at.is_(None)).scalar_subquery()
LIVE = (BackupCodeSet.user_id == bindparam("owner"), BackupCodeSet.replaced_at.is_(None))  # of a user: the one not replaced
LIVE_SET = select(*BackupCodeSet.__table__.c).where(*LIVE)
KEEP_SAVED = update(BackupCodeSet).where(BackupCodeSet.id == bindparam("own")).values(codes_sealed=None, readable_until=None)
OVERVIEW = select(
    BackupCodeSet.number.label("set_number"), BackupCodeSet.created_at.label("made_at"), LEFT.label("left"), BackupCodeSet.saved_at,
    BackupCodeSet.readable_until, BackupCodeSet.asked_number, BackupCodeSet.sealed_copy_given_at,
).where(*LIVE)  # fmt: skip
LAST_NUMBER = select(func.coalesce(func.max(BackupCodeSet.number), 0)).where(BackupCodeSet.user_id == bindparam("owner"))
ADD_NEXT = insert(BackupCodeSet).values(number=LAST_NUMBER.scalar_subquery() + 1)
REPLACE = update(BackupCodeSet).where(*LIVE).values(replaced_at=bindparam("now"), codes_sealed=None, readable_until=None)
GIVE_SEALED_COPY = (
    update(BackupCodeSet).where(*LIVE, BackupCodeSet.sealed_copy_given_at.is_(None)).values(sealed_copy_given_at=bindparam("now"))
)
FIND_READABLE = some_of(
    select(BackupCodeSet.id).where(
        (BackupCodeSet.readable_until <= bindparam("now")) | (BackupCodeSet.readable_until > bindparam("latest"))
    )
)
FORGET_CODES = (
    update(BackupCodeSet)
    .where(BackupCodeSet.id.in_(bindparam("keys", expanding=True)))
    .values(codes_sealed=None, readable_until=None)
)
PRACTICE_NAME = select(Practice.name).where(Practice.id == bindparam("practice"))


@dataclass(frozen=True)
class Overview:
    """What the pages show of a user's live set."""

    set_number: int
    made_at: datetime
    left: int
    saved: bool
    readable: bool
    asked_number: int
    sealed_copy_given_at: datetime | None = None
    total: int = config.BACKUP_CODES

    @property
    def kept(self) -> bool:
        """Known to exist on paper: confirmed as saved, or handed over as the sealed copy."""
        return self.saved or self.sealed_copy_given_at is not None

    @property
    def few(self) -> bool:
        return self.left <= config.BACKUP_CODES_FEW


@dataclass(frozen=True)
class ReadableSet:
    """The live set's codes, until they are confirmed as saved."""

    number: int
    made_at: datetime
    codes: list[tuple[int, str]]
    account_hint: str
    practice: str | None


def new_code() -> str:
    """A random code: 16 characters of five bits each (BC-1)."""
    bits = secrets.randbits(5 * config.BACKUP_CODE_LENGTH)
    return "".join(config.BACKUP_CODE_ALPHABET[bits >> 5 * at & 31] for at in range(config.BACKUP_CODE_LENGTH))


def group_code(code: str) -> str:
    """The code as displayed: four groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def make_set(context: RequestContext, user: User, has_older: bool = True) -> None:
    """Add a new live set to the open transaction and void the older ones (BC-5), if there may be any."""
    if has_older:
        change(REPLACE, {"owner": user.id, "now": context.now})
    set_id, salt, pepper = new_id(), secrets.token_bytes(16), secrets.token_urlsafe(32)
    codes = [new_code() for _ in range(config.BACKUP_CODES)]
    columns = {
        "id": set_id,
        "user_id": user.id,
        "salt": salt,
        "pepper_sealed": context.keys.seal(pepper, set_place(user.id, set_id, "pepper")),
        "codes_sealed": context.keys.seal(json.dumps(codes), set_place(user.id, set_id, "codes")),
        "readable_until": context.now + config.BACKUP_CODES_READABLE,
        "asked_number": secrets.randbelow(config.BACKUP_CODES) + 1,
        "created_at": context.now,
    }
    write(ADD_NEXT, {"owner": user.id, **columns})
    rows = [{"set_id": set_id, "number": at, "hash": hash_code(code, salt, pepper)} for at, code in enumerate(codes, 1)]
    write(insert_into(BackupCode), rows)
    record_event(context, "backup_codes_made", about=user, factor=FACTOR)


def live_set(user_id: int) -> BackupCodeSet | None:
    """The user's live set: the one not replaced."""
    row = read(LIVE_SET, {"owner": user_id}).first()
    return load(BackupCodeSet, row) if row else None


def codes_overview(context: RequestContext) -> Overview | None:
    """A summary of the visitor's live set; one query."""
    row = read(OVERVIEW, {"owner": context.user.user_id}).first()
    return as_overview(context, row) if row else None


def as_overview(context: RequestContext, row: Any) -> Overview:
    """A row of OVERVIEW as a summary."""
    readable = clock.is_ahead(row.readable_until, context.now, config.BACKUP_CODES_READABLE)
    return Overview(
        row.set_number, row.made_at, row.left, row.saved_at is not None, readable, row.asked_number, row.sealed_copy_given_at
    )


def readable_codes(context: RequestContext) -> ReadableSet | None:
    """The visitor's codes while they may be shown: until confirmed as saved, for 30 minutes at most (C-16)."""
    live = live_set(context.user.user_id)
    if (
        live is None
        or live.codes_sealed is None
        or not clock.is_ahead(live.readable_until, context.now, config.BACKUP_CODES_READABLE)
    ):
        return None
    try:
        numbered = open_codes(context.keys, live)
    except SealBroken:
        return None
    user = context.user
    practice = read(PRACTICE_NAME, {"practice": user.practice_id}).scalar() if user.practice_id else None
    return ReadableSet(live.number, live.created_at, numbered, account_hint(user.full_name, user.username), practice)


def open_codes(keys: Keyring, live: BackupCodeSet) -> list[tuple[int, str]]:
    """(number, code as displayed) of a set that is still readable; none if it is not. Raises SealBroken."""
    sealed = live.codes_sealed
    codes = json.loads(keys.open(sealed, set_place(live.user_id, live.id, "codes"))) if sealed else []
    return [(at, group_code(code)) for at, code in enumerate(codes, 1)]


def account_hint(full_name: str, username: str) -> str:
    """Tells two people's sheets apart, and a finder little: initials, and the ends of the username ("M. R., m•••a")."""
    return ", ".join(filter(None, (initials(full_name, username), f"{username[:1]}•••{username[3:][-1:]}")))


def confirm_saved(context: RequestContext, code: str, copy_given: bool = False) -> None:
    """Check the code that was asked for by number, then keep only the hashes.

    Raises Refused: "saved_wrong"; "saved_other" (another code of the set, with its number and the one asked for); "backup_old".
    `copy_given`: the practice administrator has received the sealed copy as well.
    """
    begin_write()
    sets = recent_sets(context.user.user_id)
    if not sets:
        raise Refused("saved_wrong")
    live = sets[0][0]
    refused = explain_wrong_proof(context, sets, code)
    if refused:
        record_event(context, "backup_codes_saved", reason=refused.reason, refused=True, factor=FACTOR)
        db.session.commit()
        raise refused
    # The sealed copy may linger in SQLite's log or PostgreSQL's dead rows until a checkpoint or vacuum; only the keys could open it.
    change(KEEP_SAVED, {"own": live.id, "saved_at": live.saved_at or context.now})
    record_event(context, "backup_codes_saved", factor=FACTOR)
    if copy_given:
        note_sealed_copy(context)
    db.session.commit()


def explain_wrong_proof(context: RequestContext, sets: list[tuple[BackupCodeSet, list[KeptCode]]], code: str) -> Refused | None:
    """Why a code isn't the one that the live set asks for by number; None if it is. `sets`: the newest first."""
    (live, codes), *older = sets
    number = matching_number(context, live, codes, code)
    if number == live.asked_number:
        return None
    if number is not None:
        return Refused("saved_other", number=number, asked=live.asked_number)
    if any(matching_number(context, old, old_codes, code) for old, old_codes in older):
        return Refused("backup_old", set=live.number)
    return Refused("saved_wrong")


def hand_over_sealed_copy(context: RequestContext) -> None:
    """Record that the practice administrator has the sealed copy of the live set (C-6). Idempotent."""
    begin_write()
    note_sealed_copy(context)
    db.session.commit()


def note_sealed_copy(context: RequestContext) -> None:
    """Record the handover once, in the open transaction."""
    if change(GIVE_SEALED_COPY, {"owner": context.user.user_id, "now": context.now}):
        record_event(context, "sealed_copy_given", factor=FACTOR)


def regenerate_codes(context: RequestContext, replacing: int | None) -> None:
    """Replace the live set with a new one; the blueprint has required step-up authentication (BC-5, RA-1).

    `replacing`: the number of the set that the page showed. If it is no longer live, this is a repeated submission: do nothing.
    """
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True)
    live = live_set(user.id)
    if live and replacing is not None and live.number != replacing:
        session.rollback()
        return
    make_set(context, user)
    trusted_browsers.end_trust_after_change(context, user.id)
    sessions.end_other_sessions(context, "two_factor_changed")
    notices.queue_notice(context, user, "backup_codes_replaced")
    session.commit()


def forget_readable_codes(now: datetime) -> None:
    """Wipe everyone's codes whose 30 minutes are over: the worker's sweep. Pages take them for wiped before that."""
    change_in_batches(FIND_READABLE, FORGET_CODES, {"now": now, "latest": clock.latest_end(now, config.BACKUP_CODES_READABLE)})


def postpone_saving(context: RequestContext) -> None:
    """Record "Do this later"; the codes stay readable until their time is over."""
    begin_write()
    record_event(context, "backup_codes_postponed", factor=FACTOR)
    db.session.commit()
