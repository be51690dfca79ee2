"""What the database and the queue know, measured in a thread when somebody asks for metrics, and kept for a while.

Nobody waits for it but the first who asks, for a second. No page's connection is taken, and a statement that takes too long is ended.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import BindParameter, Connection, Select, bindparam, case, exists, func, select, text

from portal import clock
from portal.flows.base.recovery_cases import WITH_SUPPORT
from portal.gateways import HELD
from portal.models import Authenticator, BackupCode, BackupCodeSet, Event, EventSeal, Outbox, RecoveryCase, User
from portal.models.user import ROLES
from portal.settings import audit
from portal.settings.watching import FIRST_SECONDS, RECENT, STATEMENT_MILLISECONDS

log = logging.getLogger(__name__)
Found = dict[str, dict[tuple[str, ...], float]]  # by the measure's name, and by the values of its labels
NOW: BindParameter[datetime] = bindparam("moment")
PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")  # in this transaction alone
IS_WAITING = Outbox.state.in_(("queued", "claimed"))
QUEUED = select(Outbox.kind, func.count(), func.min(Outbox.created_at)).where(IS_WAITING).group_by(Outbox.kind)
STATE = case((Outbox.delivered_at.is_not(None), "delivered"), (Outbox.outcome == HELD, "held"), else_=Outbox.state)
LATELY = select(Outbox.kind, STATE, func.count()).where(Outbox.created_at > NOW).group_by(Outbox.kind, STATE)
IS_OPEN = RecoveryCase.ended_at.is_(None)
OPEN_CASES = select(RecoveryCase.state, func.count()).where(IS_OPEN).group_by(RecoveryCase.state)
WITH_US = IS_OPEN & RecoveryCase.state.in_(WITH_SUPPORT)
OLDEST_CASE = select(func.min(RecoveryCase.asked_support_at), func.count(case((RecoveryCase.due_at < NOW, 1)))).where(WITH_US)
IS_ACTIVE = User.disabled_at.is_(None)
ACCOUNTS = select(User.role, User.two_factor, func.count()).where(IS_ACTIVE).group_by(User.role, User.two_factor)
PAUSED = select(User.role, func.count()).where(IS_ACTIVE, User.codes_paused_until > NOW).group_by(User.role)
LIVE_SET = (BackupCodeSet.user_id == User.id) & BackupCodeSet.replaced_at.is_(None) & BackupCodeSet.saved_at.is_not(None)
HAS_CODE = exists().where(LIVE_SET, BackupCode.set_id == BackupCodeSet.id, BackupCode.used_at.is_(None))
WORKS = Authenticator.disabled_at.is_(None) & Authenticator.suspended_at.is_(None)
WAYS = select(func.count()).where(Authenticator.user_id == User.id, WORKS).correlate(User).scalar_subquery()
ONE_PHONE = select(User.role, func.count()).where(IS_ACTIVE, User.two_factor == "on", ~HAS_CODE, WAYS < 2).group_by(User.role)


def unsealed(at_most: int) -> Select[datetime]:
    """The earliest moment among the first events after the newest seal. However many wait, it reads no more of them than `at_most`."""
    sealed = select(EventSeal.top_id).where(EventSeal.number > 0).order_by(EventSeal.number.desc()).limit(1).scalar_subquery()
    following = select(Event.at).where(Event.id > func.coalesce(sealed, 0)).order_by(Event.id).limit(at_most).subquery()
    return select(func.min(following.c.at))


UNSEALED = unsealed(audit.BATCH)


@dataclass
class Group:
    """What is measured together, and for how long it counts."""

    read: Callable[[Connection, datetime], Found]
    life: timedelta  # until it is measured again
    longest: timedelta  # until nobody is told anymore
    found: Found = field(default_factory=dict)
    first: threading.Event = field(default_factory=threading.Event)  # it has been tried once
    at: float = float("-inf")
    is_under_way: bool = False


class Numbers:
    """One process's."""

    def __init__(self, app: Flask) -> None:
        self.app, self.lock = app, threading.Lock()
        self.groups = (
            Group(self.read_light, timedelta(seconds=15), timedelta(minutes=2)),
            Group(read_accounts, timedelta(minutes=10), timedelta(hours=2)),
        )

    def read(self) -> Found:
        """What was measured last. Measures in a thread what is old."""
        now, found = clock.monotonic(), Found()
        for group in self.groups:
            self.begin(group)
        for group in self.groups:
            group.first.wait(max(0.0, now + FIRST_SECONDS - clock.monotonic()))
            if now - group.at < group.longest.total_seconds():
                found |= group.found
        return found

    def begin(self, group: Group) -> None:
        """Measure a group in a thread, unless that is under way or was done lately."""
        with self.lock:
            if group.is_under_way or clock.monotonic() - group.at < group.life.total_seconds():
                return
            group.is_under_way = True
        threading.Thread(target=self.measure, args=(group,), name="numbers", daemon=True).start()

    def measure(self, group: Group) -> None:
        """Measure a group. What can't be had is left out, and noted."""
        try:
            with self.app.extensions["migrations_engine"].connect() as connection:  # of its own, as a probe's
                bound(connection)
                group.found, group.at = group.read(connection, clock.now()), clock.monotonic()
        except Exception as error:  # noqa: BLE001 whatever is wrong with the database or the queue
            log.warning("numbers for metrics could not be read: %s", type(error).__name__)
        finally:
            group.is_under_way = False
            group.first.set()

    def read_light(self, connection: Connection, now: datetime) -> Found:
        return (
            read_messages(connection, now)
            | read_recoveries(connection, now)
            | read_trail(connection, now)
            | self.read_worker(now)
        )

    def read_worker(self, now: datetime) -> Found:
        """When a worker was seen; nothing if none ever was."""
        try:
            seen = self.app.extensions["queue"].worker_seen()
        except Exception:  # noqa: BLE001 whatever is wrong with the queue, what the database knows is wanted all the more
            return {}
        return {"portal_worker_seen_age_seconds": {(): max(0.0, (now - seen).total_seconds())}} if seen else {}


def bound(connection: Connection) -> None:
    """Let no statement take longer than STATEMENT_MILLISECONDS."""
    if connection.dialect.name == "postgresql":
        connection.execute(PATIENCE, {"milliseconds": str(STATEMENT_MILLISECONDS)})
        return
    deadline = clock.monotonic() + STATEMENT_MILLISECONDS / 1000
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.set_progress_handler(lambda: clock.monotonic() > deadline, 10_000)


def read_messages(connection: Connection, now: datetime) -> Found:
    """What waits, and what became of the messages of the last hour."""
    waiting = {kind: (count, (now - oldest).total_seconds()) for kind, count, oldest in connection.execute(QUEUED)}
    lately = {(kind, state): float(count) for kind, state, count in connection.execute(LATELY, {"moment": now - RECENT})}
    kinds = ("mail", "text")
    return {
        "portal_queue_messages": {(kind,): float(waiting.get(kind, (0, 0))[0]) for kind in kinds},
        "portal_queue_oldest_seconds": {(kind,): max(0.0, waiting.get(kind, (0, 0.0))[1]) for kind in kinds},
        "portal_messages": {(kind, state): 0.0 for kind in kinds for state in ("sent", "failed")} | lately,
    }


def read_recoveries(connection: Connection, now: datetime) -> Found:
    """How many recoveries are open, and how long people wait for support."""
    oldest, overdue = connection.execute(OLDEST_CASE, {"moment": now}).one()
    waited = (now - oldest).total_seconds() if oldest else 0.0
    return {
        "portal_recoveries_open": {(state,): float(count) for state, count in connection.execute(OPEN_CASES)},
        "portal_recoveries_overdue": {(): float(overdue)},
        "portal_recovery_waiting_seconds": {(): max(0.0, waited)},
    }


def read_trail(connection: Connection, now: datetime) -> Found:
    """How long the oldest event that no seal holds has waited. One committed late, among sealed ones, is found by looking back."""
    oldest = connection.execute(UNSEALED).scalar()
    return {"portal_audit_unsealed_seconds": {(): max(0.0, (now - oldest).total_seconds()) if oldest else 0.0}}


def read_accounts(connection: Connection, now: datetime) -> Found:
    """How accounts are protected. It looks at all of them."""
    one_phone: dict[tuple[str, ...], float] = {(role,): float(count) for role, count in connection.execute(ONE_PHONE)}
    paused: dict[tuple[str, ...], float] = {(role,): float(count) for role, count in connection.execute(PAUSED, {"moment": now})}
    none: dict[tuple[str, ...], float] = {(role,): 0.0 for role in ROLES}
    return {
        "portal_accounts": {(role, state): float(count) for role, state, count in connection.execute(ACCOUNTS)},
        "portal_accounts_paused": none | paused,
        "portal_accounts_one_phone_from_lockout": none | one_phone,
    }
