"""Everything that a folder holds, read at one moment; and the record that somebody read it (AU-7)."""

from dataclasses import dataclass

from portal.crypto import Keyring
from portal.db import begin_snapshot, begin_write, db, end_read
from portal.flows.auditor import changes, drills, emergencies, factors, resets, rules, sign_ins, texts
from portal.flows.auditor.scope import Period, Scope
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import charge_or_refuse, make_limit
from portal.flows.base.rule_record import digest, record_digest
from portal.settings import auditing
from portal.settings.environment import Settings

EVENT = "auditor_folder_made"


@dataclass(frozen=True)
class Findings:
    """The rows of a folder, table by table. `texts`: None where they are not for the reader."""

    scope: Scope
    rules: list[rules.Rule]
    holdings: factors.Holdings
    changes: list[changes.Change]
    resets: list[resets.Reset]
    emergencies: list[emergencies.Emergency]
    months: list[sign_ins.Month]
    drills: list[drills.Drill]
    texts: texts.Texts | None
    sends_texts: bool
    countries: tuple[str, ...]  # that texts may go to


def collect(scope: Scope, settings: Settings, keys: Keyring, with_texts: bool = False) -> Findings:
    """Read everything in one transaction that sees one moment, and give the connection back before anything is drawn."""
    begin_snapshot()
    try:
        return Findings(
            scope=scope,
            rules=rules.list_rules(scope, rules.portal_rules(settings, keys)),
            holdings=factors.list_holdings(scope),
            changes=changes.list_changes(scope),
            resets=resets.list_resets(scope),
            emergencies=emergencies.list_emergencies(scope),
            months=sign_ins.list_months(scope),
            drills=drills.list_drills(scope),
            texts=texts.count_texts(scope.period) if with_texts else None,
            sends_texts=settings.texts,
            countries=settings.text_countries,
        )
    finally:
        end_read()


def end_reading() -> None:
    """Give the connection back before a wait for something else than the database."""
    end_read()


def period_words(period: Period) -> str:
    """The period as an event has it: its first and its last day."""
    return f"{period.first.isoformat()}/{period.last.isoformat()}"


def record_folder(context: RequestContext, scope: Scope) -> None:
    """Record, before the first byte leaves, that the visitor makes a folder of their practice for that period.

    Raises Refused("folders_often", wait=seconds).
    """
    begin_write()
    limit = make_limit(context.keys, auditing.FOLDERS, auditing.FOLDERS_IN, "folders", str(context.user.user_id))
    charge_or_refuse(context, [limit], "folders_often")
    record_event(context, EVENT, reason=period_words(scope.period))
    db.session.commit()


def record_operators_folder(context: RequestContext, scope: Scope) -> None:
    """The same of an operator, who has no account: whose folder it is, is in the digest."""
    begin_write()
    record_digest(context, EVENT, period_words(scope.period), digest(str(scope.practice_id), period_words(scope.period)))
    db.session.commit()
