"""Which rules are in force, and since when: found by the worker at its start, written down where one has changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy import Row, or_, select

from portal.crypto import Keyring
from portal.db import begin_write, db
from portal.flows.auditor.resets import people, person_of
from portal.flows.auditor.scope import Person, Scope
from portal.flows.base.context import METHODS_APART, RequestContext
from portal.flows.base.rule_record import ADDED_METHODS, DEADLINE, PORTAL, deadline_value, known_rules, record_rule
from portal.methods import switched_on
from portal.models import Practice, RuleChange, User
from portal.policy import PATIENT, PROVIDER, Policy
from portal.settings import config
from portal.settings.environment import Settings

R = RuleChange


@dataclass(frozen=True)
class Rule:
    """A value of a rule. `since`: None if nobody has written it down yet; `was_first`: then it may have been so for longer.

    `until`: when another value came; None while it is in force. `by`: None for the operator.
    """

    is_own: bool  # of the practice, not of the whole portal
    name: str
    value: str
    since: datetime | None
    was_first: bool
    until: datetime | None
    by: Person | None


def portal_rules(settings: Settings, keys: Keyring) -> dict[str, str]:
    """The rules of the whole portal by name: what the operator set, and what this version has built in."""
    staff = PROVIDER.limited_to(settings.provider_methods)
    patient = PATIENT if settings.texts else PATIENT.without_restricted()
    return {
        "two_factor": f"{int(PROVIDER.must_use)};{int(PROVIDER.may_turn_off)}",
        "staff_methods": names_of(staff),
        "patient_methods": names_of(patient),
        "trusted_browser_days": str(settings.trusted_browser_days),
        "confirm_new_browsers": settings.confirm_new_browsers,
        "password_length": str(config.PASSWORD_MIN_ALONE),
        "wrong_codes": f"{config.TRIES_BEFORE_PAUSE};{minutes(config.PAUSES[0])};{minutes(config.PAUSES[-1])};{config.FAILURES_TO_DISABLE}",
        "sessions": f"{minutes(config.SESSION_IDLE)};{hours(config.SESSION_LIFE)}",
        "backup_codes": str(config.BACKUP_CODES),
        "reset_links": str(hours(config.RESET_LINK_LIFE)),
        "emergency_access": f"{minutes(config.EMERGENCY_LIFE)};{hours(config.EMERGENCY_REVIEW)}",
        "text_countries": METHODS_APART.join(settings.text_countries) if settings.texts else "",
        "folder_key": keys.signing_key().fingerprint,
    }


def names_of(policy: Policy) -> str:
    """The names of the methods that people under a policy may use."""
    return METHODS_APART.join(each.name for each in switched_on() if policy.allows(each))


def minutes(length: timedelta) -> int:
    return round(length / timedelta(minutes=1))


def hours(length: timedelta) -> int:
    return round(length / timedelta(hours=1))


def own_rules(row: Any) -> dict[str, str]:
    """A practice's own rules, from its row."""
    return {
        DEADLINE: deadline_value(row.deadline_at, row.grace_days, row.grace_sign_ins),
        ADDED_METHODS: row.added_methods,
    }


OWN = (Practice.id, Practice.deadline_at, Practice.grace_days, Practice.grace_sign_ins, Practice.added_methods)


def record_rules(context: RequestContext, settings: Settings) -> int:
    """Write down each rule that isn't as it was when it was last written down; returns how many. For the worker, at its start.

    A practice's rules are written when they change; here are those from before there was such a record.
    """
    begin_write()
    known = known_rules()
    changed = sum(record_rule(context, None, name, value, known) for name, value in portal_rules(settings, context.keys).items())
    for row in db.session.execute(select(*OWN).order_by(Practice.id)).all():
        for name, value in own_rules(row).items():
            if value or (str(row.id), name) in known:
                changed += record_rule(context, row.id, name, value, known)
    db.session.commit()
    return changed


def list_rules(scope: Scope, now_in_force: Mapping[str, str]) -> list[Rule]:
    """What was in force in the period and after it, rule by rule, oldest first. `now_in_force`: `portal_rules` of this process."""
    rows = db.session.execute(
        select(R.scope, R.name, R.number, R.value, R.at, *people(User, "by"))
        .outerjoin(User, User.id == R.by_id)
        .where(or_(R.scope == PORTAL, R.practice_id == scope.practice_id))
        .order_by(R.scope, R.name, R.number)
    ).all()
    own = own_rules(db.session.execute(select(*OWN).where(Practice.id == scope.practice_id)).one())
    found: list[Rule] = []
    for is_own, current in ((True, own), (False, now_in_force)):
        for name, value in current.items():
            recorded = [row for row in rows if row.name == name and (row.scope != PORTAL) == is_own]
            found.extend(history(scope, is_own, name, value, recorded))
    return found


def history(scope: Scope, is_own: bool, name: str, value: str, recorded: list[Row[Any]]) -> Iterator[Rule]:
    """The values of one rule. The last one is what is in force, written down or not."""
    for row, later in zip_longest(recorded, recorded[1:]):
        until = later.at if later is not None else None
        if until is None or until >= scope.period.begins_at:
            yield Rule(is_own, name, row.value, row.at, row.number == 1, until, person_of(row, "by"))
    if (recorded[-1].value if recorded else None) != value and (recorded or value or not is_own):
        yield Rule(is_own, name, value, None, False, None, None)
