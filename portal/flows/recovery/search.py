"""Support's search for a person: two facts, both exactly right; nothing about either alone. Each is recorded, and its person can see it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select

from portal import phones
from portal.db import begin_write, db
from portal.flows.base import limits
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.passwords import normalize_username
from portal.flows.base.recovery_cases import find_open_case
from portal.flows.factors.on_file import unseal_contact
from portal.methods import method
from portal.models import Authenticator, Practice, User, fold_email
from portal.settings import config
from portal.words.refusals import Refused


@dataclass(frozen=True)
class FoundPerson:
    """A person as the console shows them after a search: no secret, no contact."""

    id: int
    name: str
    username: str
    role: str
    practice: str
    state: str  # of two-factor authentication
    methods: list[str]  # their labels, untranslated
    case_id: str | None  # of an open account recovery
    may_reset: bool  # whether a page resets them: administrators of a practice


def find_person(context: RequestContext, first: str, second: str) -> int:
    """The id of the account that both facts are about. Raises Refused: "person_unknown", "person_several", "throttled".

    `first`: a username or an email address; `second`: a full name, a mobile phone number, or the name of a practice.
    """
    tries = limits.make_limit(
        context.keys, config.PERSON_SEARCHES, config.PERSON_SEARCHES_IN, "person", str(context.user.user_id)
    )
    limits.charge_at_once(context, [tries])
    begin_write()
    matching = [
        user for user, practice in db.session.execute(candidates(context, first)) if knows(context, user, practice, second)
    ]
    if len(matching) != 1:
        reason = "person_several" if matching else "person_unknown"
        record_event(context, "person_searched", reason=reason, refused=True)
        db.session.commit()
        raise Refused(reason)
    user: User = matching[0]
    record_event(context, "person_searched", about=user)
    if user.id != context.user.user_id:
        record_event(context, "person_searched", reason="colleague")
    db.session.commit()
    return user.id


def candidates(context: RequestContext, typed: str) -> Select[*tuple[Any, ...]]:
    """SQL: the account with that username, and those that share that email address, with their practices' names."""
    has_address = User.email_hash.in_(context.keys.look_up_hashes(fold_email(typed)))
    rows = select(User, Practice.name).outerjoin(Practice, Practice.id == User.practice_id).where(User.disabled_at.is_(None))
    return rows.where(or_(User.username == normalize_username(typed), has_address)).limit(config.ACCOUNTS_PER_ADDRESS)


def knows(context: RequestContext, user: User, practice: str | None, typed: str) -> bool:
    """Whether the second fact is right for an account: the whole of it, case and spaces aside."""
    words = fold(typed)
    if words in (fold(user.full_name), fold(practice or "")):
        return bool(words)
    on_file = unseal_contact(context, user, "phone")
    try:
        return bool(on_file) and phones.parse(typed, user.country, context.countries) == on_file
    except Refused:
        return False


def fold(text: str) -> str:
    return " ".join(text.split()).casefold()


def describe_person(context: RequestContext, user: User) -> FoundPerson:
    """What the console shows of a person whom the visitor found: see `resets.ask.find_subject`."""
    names = db.session.scalars(select(Authenticator.method).where(Authenticator.user_id == user.id).distinct())
    case = find_open_case(context, user.id)
    is_own = user.id == context.user.user_id
    return FoundPerson(
        id=user.id,
        name=user.full_name,
        username=user.username,
        role=user.role,
        practice=db.session.scalar(select(Practice.name).where(Practice.id == user.practice_id)) or "",
        state=user.two_factor,
        methods=[known.label for name in names if (known := method(name))],
        case_id=case.id if case and case.confirmed_at and not is_own else None,
        may_reset=user.role == "administrator" and user.practice_id is not None,
    )
