"""Which live codes and keys of some people stand in texts, and what spends each. Finding reads only: see `shared_secrets`."""

import hmac
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product

from sqlalchemy import delete, select, update

from portal import clock
from portal.crypto import SealBroken
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.flows.factors import code_sets
from portal.flows.messages import send_code
from portal.methods import method
from portal.models import Authenticator, BackupCode, BackupCodeSet, Binding, SentCode, secret_place
from portal.settings import config
from portal.typed import LOOKALIKES
from portal.written import PIECE, Span, Written, read_written, without

BACKUP, KEY, SET_UP, CODE = "backup_code", "key", "set_up", "code"
CODE_CHARACTERS = frozenset(config.BACKUP_CODE_ALPHABET)
KEY_LOOKALIKES = str.maketrans("OILB", "0118")  # no key has these digits, so whoever reads it aloud may write them
EQUAL_WORK = "0" * PIECE  # salt and pepper of a set that nobody has


class Texts:
    """What somebody typed, by field, and all that may be a code or a key in it."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.read: dict[str, Written] = {name: read_written(text) for name, text in typed.items()}
        self.pieces = {each for written in self.read.values() for each in written.pieces}
        self.likely = {each for written in self.read.values() for each in written.likely}
        self.sixes = {each for written in self.read.values() for each in written.sixes}

    def places(self, name: str, found: Collection[str]) -> list[Span]:
        """Where the pieces and digits that were found stand in a field."""
        written = self.read[name]
        return [place for each in found for place in (*written.pieces.get(each, ()), *written.sixes.get(each, ()))]

    def rest(self, found: Collection[str]) -> dict[str, str]:
        """What was typed without them."""
        return {name: without(text, self.places(name, found)) for name, text in self.typed.items()}

    def first_field(self, found: Collection[str]) -> str:
        """The first field that holds one of them."""
        return next(name for name in self.typed if self.places(name, found))


@dataclass(frozen=True)
class Found:
    """One live secret that stands in the texts."""

    user_id: int
    what: str  # BACKUP, KEY, SET_UP, CODE
    pieces: Collection[str] = field(repr=False)  # as they stand in the texts
    spend: Callable[[], str | None] = field(repr=False)  # in the open transaction; what was shown, None if it was spent meanwhile


def find_backup_codes(
    context: RequestContext, owners: Collection[int], likely: Collection[str], sets: int = 0
) -> Iterator[Found]:
    """The unused codes of the live sets. It takes as long as for that number of `sets`, whether they exist or not."""
    rows = (
        select(BackupCodeSet, BackupCode)
        .join(BackupCode, BackupCode.set_id == BackupCodeSet.id)
        .where(BackupCodeSet.user_id.in_(owners), BackupCodeSet.replaced_at.is_(None), BackupCode.used_at.is_(None))
    )
    live: dict[str, tuple[BackupCodeSet, list[BackupCode]]] = {}
    for code_set, code in db.session.execute(rows):
        live.setdefault(code_set.id, (code_set, []))[1].append(code)
    shapes: dict[str, list[str]] = {}
    for piece in likely:
        if CODE_CHARACTERS.issuperset(typed := piece.translate(LOOKALIKES)):
            shapes.setdefault(typed, []).append(piece)
    for typed, pieces in shapes.items():
        for code_set, codes in live.values():
            number = code_sets.matching_number(context, code_set, codes, typed)
            if number is not None:
                yield Found(code_set.user_id, BACKUP, pieces, partial(spend_backup_code, context, code_set.id, number))
        for _ in range(sets - len(live)):
            code_sets.hash_code(typed, EQUAL_WORK.encode(), EQUAL_WORK)


def find_of_authenticators(context: RequestContext, owners: Collection[int], texts: Texts, codes: bool = True) -> Iterator[Found]:
    """Keys of authenticators and open bindings, whole or a part as long as a backup code; with `codes`, what they would accept now."""
    parts = Fingerprints(texts.pieces)
    is_open = clock.ahead(Binding.expires_at, context.now, config.BINDING_LIFE)
    rows: list[Authenticator | Binding] = [
        *db.session.scalars(select(Authenticator).where(Authenticator.user_id.in_(owners))),
        *db.session.scalars(select(Binding).where(Binding.user_id.in_(owners), is_open)),
    ]
    for row in rows:
        kind = method(row.method)
        try:
            secret = context.keys.open(row.secret_sealed, secret_place(row.user_id, row.id))
        except SealBroken:
            continue
        if kind and kind.shows_key and (pieces := parts.find(secret)):
            what, spend_key = (KEY, keep_key) if isinstance(row, Authenticator) else (SET_UP, end_binding)
            yield Found(row.user_id, what, pieces, partial(spend_key, context, row.id))
        live = kind.live_codes(row.id, secret, getattr(row, "remembered", {}), context.now) if kind and codes else {}
        for six, (code, spend) in product(texts.sixes, live.items()):
            if hmac.compare_digest(code, six):
                yield Found(row.user_id, CODE, [six], partial(spend_computed, spend))


class Fingerprints:
    """The pieces of texts under a random key, so that how long it takes to look one up says nothing about it."""

    def __init__(self, pieces: Collection[str]) -> None:
        self.nonce = secrets.token_bytes(PIECE)
        self.found: dict[bytes, list[str]] = {}
        for piece in pieces:
            self.found.setdefault(self.of(piece), []).append(piece)

    def of(self, piece: str) -> bytes:
        return hmac.digest(self.nonce, piece.translate(KEY_LOOKALIKES).encode(), "sha256")

    def find(self, key: str) -> list[str]:
        """The pieces that are a part of that key."""
        parts = [key[at : at + PIECE] for at in range(len(key) - PIECE + 1)]
        return [piece for part in parts for piece in self.found.get(self.of(part), ())]


def find_texted(context: RequestContext, owners: Collection[int], sixes: Collection[str]) -> Iterator[Found]:
    """Codes that were texted and still work, whatever they were for."""
    for row in db.session.scalars(
        select(SentCode).where(SentCode.user_id.in_(owners), *send_code.ARE_LIVE), send_code.live_now(context)
    ):
        for six in sixes:
            if any(hmac.compare_digest(row.code_hash, each) for each in context.keys.macs(six, row.id)):
                yield Found(row.user_id, CODE, [six], partial(spend_texted, context, row.id))


# --- spending, in the open transaction: one UPDATE, so that a code works either here or at sign-in. Each returns what was shown, or None


def spend_backup_code(context: RequestContext, set_id: str, number: int) -> str | None:
    unused = update(BackupCode).where(BackupCode.set_id == set_id, BackupCode.number == number, BackupCode.used_at.is_(None))
    return BACKUP if change(unused.values(used_at=context.now)) else None


def spend_texted(context: RequestContext, row_id: str) -> str | None:
    unused = update(SentCode).where(SentCode.id == row_id, SentCode.used_at.is_(None), SentCode.replaced_at.is_(None))
    return CODE if change(unused.values(used_at=context.now)) else None


def spend_computed(spend: Callable[[], None]) -> str:
    spend()
    return CODE


def end_binding(context: RequestContext, binding_id: str) -> str | None:
    """A key that was shown must not become a factor. If it has become one meanwhile, it is an authenticator's."""
    if change(delete(Binding).where(Binding.id == binding_id)):
        send_code.void_binding_codes(context, binding_id)
        return SET_UP
    return KEY if db.session.scalar(select(Authenticator.id).where(Authenticator.id == binding_id)) else None


def keep_key(_context: RequestContext, _id: str) -> str:
    """An authenticator's key stays, so that nobody is locked out: its owner is told to change it."""
    return KEY
