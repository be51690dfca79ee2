"""Accounts by the thousand, to measure with: rows as years of use would leave them, copied into the tables past SQLAlchemy."""

from collections.abc import Sequence

from sqlalchemy import select, text

from portal.crypto import token_hash
from portal.db import db
from portal.flows.operator import demo_rows
from portal.flows.operator.copying import begin_long_write, copy_rows, reserve_ids
from portal.flows.operator.demo_rows import USERNAME, Crowd, Member
from portal.flows.sessions.sessions import new_token
from portal.models import Authenticator, BackupCode, BackupCodeSet, Event, Outbox, Practice, Session, TrustedBrowser, User, new_id

BATCH = 2000  # accounts in one transaction
MOST = 10**8 - 1  # that USERNAME has digits for
PRACTICE = "Measured practice {}"  # no name that a practice has: the crowd's providers must not join it
PREFIX = USERNAME.partition("{")[0]
# The last account of a crowd, looked for from the end: a name that somebody chose, such as "person5", may stand between theirs.
FIND_LAST = (
    select(User.username)
    .where(User.username.between(USERNAME.format(0), USERNAME.format(MOST)), User.username.regexp_match(f"^{PREFIX}[0-9]{{8}}$"))
    .order_by(User.username.desc())
    .limit(1)
)


def count_members() -> int:
    """How many accounts of a crowd there are."""
    last = db.session.scalar(FIND_LAST)
    return int(last.removeprefix(PREFIX)) if last else 0


def add_members(crowd: Crowd, wanted: int) -> int:
    """Add the next accounts until there are `wanted` of them, at most a batch; returns how many were added."""
    session = begin_long_write()
    known = count_members()
    numbers = range(known + 1, min(known + BATCH, wanted) + 1)
    if numbers:
        ids = reserve_ids(User, len(numbers))
        members = [Member(key, number, token_hash(new_token())) for key, number in zip(ids, numbers, strict=True)]
        add_rows(crowd, members, practice_ids(numbers))
    session.commit()
    return len(numbers)


def analyze() -> None:
    """Let the database count what it has, so that it plans its queries for that."""
    begin_long_write().execute(text("ANALYZE"))
    db.session.commit()


def practice_ids(numbers: range) -> dict[int, int]:
    """The practices of these accounts by number, new ones included; part of the open transaction."""
    wanted = {number // demo_rows.PER_PRACTICE: PRACTICE.format(number // demo_rows.PER_PRACTICE + 1) for number in numbers}
    known = set(db.session.scalars(select(Practice.name).where(Practice.name.in_(wanted.values()))))
    for name in wanted.values():
        if name not in known:
            db.session.add(Practice(name=name, city="Portland", phone="(503) 555-0142", time_zone="America/Los_Angeles"))
    db.session.flush()
    rows = db.session.execute(select(Practice.name, Practice.id).where(Practice.name.in_(wanted.values())))
    by_name = {row.name: row.id for row in rows}
    return {number: by_name[name] for number, name in wanted.items()}


def add_rows(crowd: Crowd, members: Sequence[Member], practices: dict[int, int]) -> None:
    """Add everything that these people have; part of the open transaction."""
    with_factor = [member for member in members if member.is_on]
    sets = {member.id: new_id() for member in with_factor}
    copy_rows(User, (demo_rows.user_row(crowd, member, practices) for member in members))
    copy_rows(Authenticator, (demo_rows.authenticator_row(crowd, member) for member in with_factor))
    copy_rows(BackupCodeSet, (demo_rows.set_row(crowd, member, sets[member.id]) for member in with_factor))
    copy_rows(BackupCode, demo_rows.code_rows(crowd, sets.values()))
    copy_rows(Session, (row for member in members for row in demo_rows.session_rows(crowd, member)))
    copy_rows(TrustedBrowser, (demo_rows.trust_row(crowd, member) for member in members if member.has_trust))
    copy_rows(Event, (row for member in members for row in demo_rows.event_rows(crowd, member)))
    copy_rows(Outbox, (row for member in members for row in demo_rows.mail_rows(crowd, member)))
