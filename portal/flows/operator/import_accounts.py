"""Accounts from a file: some hundreds in a transaction. Those that exist are compared and left as they are."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from portal import passwords, phones
from portal.crypto import SealBroken
from portal.csv_records import Problem
from portal.db import begin_write, db, insert_or_update, write
from portal.flows.base.context import RequestContext
from portal.flows.operator.account_rows import AccountRow
from portal.flows.operator.accounts import UNKNOWN_PRACTICE
from portal.flows.operator.copying import reserve_ids
from portal.flows.operator.operator_events import record_by_operator, record_run
from portal.models import ROLES, Practice, User, fold_email, user_place
from portal.names import sort_key
from portal.settings import operation
from portal.words.refusals import Refused, in_english


@dataclass
class Outcome:
    """What came of one batch, or of all."""

    added: int = 0
    there: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class NewAccount:
    """A row that is to be inserted, as audit events refer to it."""

    id: int
    role: str


class Importer:
    """One run. Nobody knows the password that its accounts begin with: their owners choose one by an emailed link."""

    def __init__(self, context: RequestContext, country: str, is_rehearsal: bool) -> None:
        self.context, self.country, self.is_rehearsal = context, country, is_rehearsal
        self.stored = passwords.hash_password(secrets.token_urlsafe(operation.FIRST_PASSWORD_BYTES))

    def take_batch(self, rows: Sequence[AccountRow]) -> Outcome:
        """Add the accounts that are missing, in one transaction; a rehearsal only counts them.

        The rows are in the order of their usernames, so that two runs beside each other wait for one another and never in a circle.
        """
        outcome = Outcome()
        ordered = sorted(rows, key=lambda row: row.username)
        if not self.is_rehearsal:
            begin_write()
        practices = find_practices(ordered)
        missing = self.compare(ordered, practices, outcome)
        if self.is_rehearsal:
            outcome.added = len(missing)
            db.session.rollback()
            return outcome
        late = self.add(missing, practices)
        outcome.added = len(missing) - len(late)
        db.session.commit()
        if late:  # somebody else made an account of that name at this moment
            self.compare(late, practices, outcome)
        db.session.rollback()
        return outcome

    def compare(self, rows: Iterable[AccountRow], practices: dict[str, int], outcome: Outcome) -> list[AccountRow]:
        """Count the rows whose account exists, and note what is different, or what practice is unknown; returns the others."""
        names = [row.username for row in rows]
        known = {user.username: user for user in db.session.scalars(select(User).where(User.username.in_(names)))}
        missing = []
        for row in rows:
            if row.practice is not None and row.practice not in practices:
                problem = Problem(row.line, "practice", in_english(Refused(UNKNOWN_PRACTICE)), row.practice)
                outcome.problems.append(problem)
            elif row.username not in known:
                missing.append(row)
            elif different := self.find_differences(row, known[row.username], practices):
                outcome.problems.append(Problem(row.line, "username", say_different(different), row.username))
            else:
                outcome.there += 1
        db.session.expunge_all()
        return missing

    def find_differences(self, row: AccountRow, user: User, practices: dict[str, int]) -> list[str]:
        """The columns of the file that the account has other values of. What the file leaves empty is not compared."""
        pairs = {
            "name": (row.full_name, user.full_name),
            "email": (fold_email(row.email), fold_email(self.unseal(user, "email"))),
            "role": (row.role, user.role if row.role else None),
            "practice": (practices.get(row.practice or ""), user.practice_id if row.practice else None),
            "phone": (row.phone, self.unseal(user, "phone") if row.phone else None),
        }
        return [column for column, (wanted, found) in pairs.items() if wanted != found]

    def unseal(self, user: User, column: str) -> str:
        """A sealed column; "" if it is empty, or can't be read with the keys at hand, which is different from any value."""
        try:
            return user.unseal(self.context.keys, column) or ""
        except SealBroken:
            return ""

    def add(self, rows: Sequence[AccountRow], practices: dict[str, int]) -> list[AccountRow]:
        """Insert accounts and their audit events, in the open transaction; returns those whose username was taken meanwhile."""
        if not rows:
            return []
        columns = [self.columns_of(row, key, practices) for row, key in zip(rows, reserve_ids(User, len(rows)), strict=True)]
        statement = insert_or_update(User).on_conflict_do_nothing(index_elements=[User.username]).returning(User.id)
        added = set(write(statement, columns).scalars())
        for each in columns:
            if each["id"] in added:
                record_by_operator(self.context, "account_created", NewAccount(each["id"], each["role"]))
        return [row for row, each in zip(rows, columns, strict=True) if each["id"] not in added]

    def columns_of(self, row: AccountRow, key: int, practices: dict[str, int]) -> dict[str, Any]:
        keys = self.context.keys
        return {
            "id": key,
            "username": row.username,
            "full_name": row.full_name,
            "name_key": sort_key(row.full_name),
            "role": row.role or ROLES[0],
            "practice_id": practices.get(row.practice or ""),
            "password_sealed": keys.seal(self.stored, user_place(key, "password")),
            "email_sealed": keys.seal(row.email, user_place(key, "email")),
            "email_hash": keys.look_up_hash(fold_email(row.email)),
            "phone_sealed": keys.seal(row.phone, user_place(key, "phone")) if row.phone else None,
            "country": (phones.country_of(row.phone) if row.phone else "") or self.country,
            "created_at": self.context.now,
        }

    def record(self, added: int) -> None:
        """Write the event of the whole run, if it added anybody."""
        if added and not self.is_rehearsal:
            begin_write()
            record_run(self.context, "accounts_imported", added)
            db.session.commit()


def find_practices(rows: Iterable[AccountRow]) -> dict[str, int]:
    """The ids of the practices that the rows name, by name."""
    names = {row.practice for row in rows if row.practice}
    found = db.session.execute(select(Practice.name, Practice.id).where(Practice.name.in_(names)))
    return {row.name: row.id for row in found}


def say_different(columns: Sequence[str]) -> str:
    """The sentence for an account that exists with other facts. It names columns, never what the account has in them."""
    return f"The account exists with another {' and '.join(columns)}, and was left as it is. Correct the file, or the account."
