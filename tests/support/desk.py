"""Support's side of a recovery at a running portal: two agents, and cases in any state as rows."""

from datetime import UTC, datetime

from tests.support import resets
from tests.support.rows import Rows

FACTS = """
SELECT c.state,
 (SELECT count(*) FROM links l WHERE l.user_id = c.user_id AND l.purpose = 'recovery_set_up' AND l.used_at IS NULL),
 (SELECT count(*) FROM outbox o WHERE o.user_id = c.user_id AND o.template = 'recovery_approved'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = c.user_id AND o.template = 'recovery_refused'),
 (SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.subject_id = c.user_id
  AND e.event IN ('recovery_approved', 'recovery_refused'))
FROM recovery_cases c WHERE c.id = :row
"""  # fmt: skip
APPROVED, REFUSED = ("ready", 1, 1, 0, 1), ("refused", 0, 0, 1, 1)


def add_agent(site):
    """Makes one more support agent, "crowd1"; returns the key of their app."""
    keys = resets.add_providers(site, 1)
    Rows(site).change("UPDATE users SET role = 'support', practice_id = NULL WHERE username = 'crowd1'")
    return keys["crowd1"]


def moment(site, at):
    return at.strftime("%Y-%m-%d %H:%M:%S.%f") + ("" if Rows(site).is_sqlite else "+00")


def begin_case(site, username, state, agent=None, approved_by=None):
    """Inserts a case; returns its id. Older ones of that person are over."""
    facts, row = Rows(site), f"{datetime.now(UTC).timestamp():.6f}".replace(".", "0")[-16:].rjust(32, "c")
    now = moment(site, datetime.now(UTC))
    facts.change(f"UPDATE recovery_cases SET state = 'lapsed', ended_at = '{now}' WHERE ended_at IS NULL")
    facts.change("DELETE FROM outbox WHERE template LIKE 'recovery_%'")
    ids = {name: resets.id_of(site, name) if name else None for name in (username, agent, approved_by)}
    facts.change(
        "INSERT INTO recovery_cases (id, user_id, generation, state, state_since, opened_at, code_seed, code_until, confirmed_at,"
        " checks, notice_ids, replaced, agent_id, approved_by_id, due_at)"
        f" SELECT :row, id, generation, :state, '{now}', '{now}', 'seed', '{now}', '{now}',"
        f" '[\"video_id\"]', '[]', '[]', :agent, :first, '{now}'"
        " FROM users WHERE id = :user",
        row=row, user=ids[username], state=state, agent=ids[agent], first=ids[approved_by],
    )  # fmt: skip
    facts.change(
        "INSERT INTO recovery_tickets (id, case_ids, case_id, wrong_codes, created_at, confirmed_at)"
        f" VALUES (:ticket, '[\"{row}\"]', :row, 0, '{now}', '{now}')",
        ticket=row[-12:], row=row,
    )  # fmt: skip
    return row


def facts_of(site, row):
    return tuple(Rows(site).all(FACTS, row=row)[0])
