"""Account recoveries as rows, in any state, for tests of what others see of them."""

from sqlalchemy import insert

from portal.flows.base.links import RECOVERY_STOP
from portal.flows.messages.notices import make_row_token
from portal.models import Event, RecoveryCase, RecoveryTicket, new_id, recovery_place
from portal.version import VERSION
from tests.support.client import AGENT


def begin_case(database, person, state="proving", now=None, **columns):
    """Inserts a case of a person in that state, as of now; returns its id."""
    user, now = database.user(person), now or person.clock.now
    row = {
        "id": new_id(), "user_id": user.id, "generation": user.generation, "state": state, "state_since": now,
        "opened_at": now, "code_seed": "seed", "code_until": now, **columns,
    }  # fmt: skip
    if state != "asked":
        row.setdefault("confirmed_at", now)
        seen = {"subject_id": user.id, "case_id": row["id"], "ip": "192.0.2.9", "user_agent": AGENT, "request_id": "r"}
        database.change(insert(Event).values(at=now, event="recovery_confirmed", result="ok", app_version=VERSION, **seen))
    database.change(insert(RecoveryCase).values(**row))
    return row["id"]


def case_of(database, case_id):
    """Returns a case."""
    return database.all(RecoveryCase, RecoveryCase.id == case_id)[0]


def stop_link(database, case_id):
    """Returns the path of the link in each email about a case."""
    return f"/recovery/stop/{make_row_token(database.keys, case_id, RECOVERY_STOP)}"


def give_ticket(database, case_id, ticket_id, story, practice, now):
    """Inserts the confirmed request that led to a case."""
    row = {"id": ticket_id, "case_ids": [case_id], "case_id": case_id, "created_at": now, "confirmed_at": now}
    sealed = {
        f"{column}_sealed": database.keys.seal(text, recovery_place("ticket", ticket_id, column))
        for column, text in (("story", story), ("practice", practice))
    }
    database.change(insert(RecoveryTicket).values(**row, **sealed))
