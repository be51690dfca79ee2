"""Restore drills: what the operator reports of one, and what the folder says of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.db import begin_write, db, insert_or_update, write
from portal.flows.auditor.scope import Scope
from portal.flows.base.context import RequestContext
from portal.flows.base.rule_record import digest, record_digest
from portal.models import RestoreDrill

EVENT = "restore_drill"
OK, FAILED = "ok", "failed"
RESULTS = (OK, FAILED)


@dataclass(frozen=True)
class Drill:
    """One drill, as it was reported, and when."""

    at: datetime
    done_by: str
    result: str
    note: str
    recorded_at: datetime


def record_drill(context: RequestContext, at: datetime, done_by: str, result: str, note: str) -> bool:
    """Write a drill down; False if the same one was before."""
    begin_write()
    row_id = digest(at.isoformat(), done_by, result, note)
    row = {"id": row_id, "at": at, "done_by": done_by, "result": result, "note": note, "recorded_at": context.now}
    added = insert_or_update(RestoreDrill).values(row).on_conflict_do_nothing().returning(RestoreDrill.id)
    is_new = write(added).first() is not None
    if is_new:
        record_digest(context, EVENT, result, row_id, refused=result == FAILED)
    db.session.commit()
    return is_new


def list_drills(scope: Scope) -> list[Drill]:
    """The drills of the period, newest first, and the last one before it if there was none."""
    columns = RestoreDrill.at, RestoreDrill.done_by, RestoreDrill.result, RestoreDrill.note, RestoreDrill.recorded_at
    rows = select(*columns).where(RestoreDrill.at < scope.period.ends_at).order_by(RestoreDrill.at.desc(), RestoreDrill.id)
    found = [Drill(*row) for row in db.session.execute(rows)]
    return [each for each in found if each.at >= scope.period.begins_at] or found[:1]
