"""The rights of the application's own role on PostgreSQL: it adds to the audit trail, and takes nothing back (AU-4).

Counting is the one change: a row that counts what strangers do in a minute gets `times + 1`, for which PostgreSQL knows a right on the
column. What is done with that right after the minute, the chain shows.
"""

import re

from sqlalchemy import func, select, text

from portal.db import begin_write, db
from portal.models import AuditKey, Base, Event, EventSeal, RestoreDrill, RuleChange

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
ADDED_TO = {  # what is granted beside SELECT and INSERT
    Event.__tablename__: ", UPDATE (times)",
    EventSeal.__tablename__: "",
    AuditKey.__tablename__: ", UPDATE (key_sealed)",  # `keys rotate` seals the chain's keys anew
    RuleChange.__tablename__: "",
    RestoreDrill.__tablename__: "",
}
IS_OWNER = text(
    "SELECT r.rolsuper OR pg_has_role(r.rolname, c.relowner, 'USAGE') FROM pg_roles r, pg_class c"
    " WHERE r.rolname = :role AND c.oid = 'events'::regclass"
)


class NotGranted(Exception):
    """Why rights can't be given: one of the reasons in portal/cli/audit.py."""


def write_grants(role: str) -> list[str]:
    """The statements. Each table that is there has its own, so a table of a later migration needs them again. Raises NotGranted."""
    if not NAME.fullmatch(role):
        raise NotGranted("name")
    named = f'"{role}"'
    tables = sorted(Base.metadata.tables)
    changed = [table for table in tables if table not in ADDED_TO]
    return [
        f"GRANT USAGE ON SCHEMA public TO {named}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {named}",
        f"GRANT SELECT ON alembic_version TO {named}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(changed)} TO {named}",
        *(f"GRANT SELECT, INSERT{also} ON {table} TO {named}" for table, also in sorted(ADDED_TO.items())),
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {named}",
    ]


def apply_grants(role: str) -> None:
    """Execute them, as the owner of the tables. Raises NotGranted where they would not bind: for a superuser, or the owner.

    Also if somebody else executes them: PostgreSQL would only warn, and change nothing.
    """
    statements = write_grants(role)
    if db.engine.dialect.name != "postgresql":
        raise NotGranted("sqlite")
    session = begin_write()
    is_owner = session.scalar(IS_OWNER, {"role": role})
    if is_owner is None:
        raise NotGranted("unknown")
    if is_owner:
        raise NotGranted("owner")
    if not session.scalar(IS_OWNER, {"role": session.scalar(select(func.current_user()))}):
        raise NotGranted("not_owner")
    for statement in statements:
        session.execute(text(statement))
    session.commit()
