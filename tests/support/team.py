"""A practice's people in bulk, inserted directly; and how the list shows one of them."""

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.models import BackupCode, BackupCodeSet, User
from portal.names import sort_key
from tests.support.moving import START


def hire(app, number, practice_id=1, same_name=False, on=0):
    """Adds providers to a practice, `on` of them with two-factor authentication and ten codes; returns their IDs."""
    with Session(app.extensions["engine"]) as session:
        first = session.scalar(select(User.id).order_by(User.id.desc()).limit(1)) + 1
        keys = range(first, first + number)
        rows = [member(key, practice_id, "Sam Same" if same_name else f"Member {key:06}", key - first < on) for key in keys]
        for at in range(0, number, 1000):
            session.execute(insert(User), rows[at : at + 1000])
        sets = [code_set(key) for key in keys[:on]]
        if sets:
            session.execute(insert(BackupCodeSet), sets)
            codes = [{"set_id": each["id"], "number": at, "hash": b"x", "used_at": None} for each in sets for at in range(1, 11)]
            session.execute(insert(BackupCode), codes)
        session.commit()
        return list(keys)


def member(key, practice_id, name, is_on):
    """Returns the columns of one account."""
    state = {"two_factor": "on" if is_on else "off", "two_factor_since": START if is_on else None}
    who = {"id": key, "username": f"member{key}", "full_name": name, "name_key": sort_key(name)}
    return {**who, **state, "role": "provider", "practice_id": practice_id, "password_sealed": b"", "created_at": START}


def code_set(key):
    """Returns the columns of a saved set."""
    made = {"created_at": START, "saved_at": START, "asked_number": 1, "salt": b"x", "pepper_sealed": b"x"}
    return {"id": f"{key:032}", "user_id": key, "number": 1, **made}


def row_of(browser, person):
    """Returns a person's row in the list as one line."""
    [row] = [row for row in browser.page.one("tbody").all("tr") if row.all("td")[0].one("b").text == person.name]
    return " ".join(" ".join(texts(row)).split())


def texts(element):
    """Yields the texts of all descendants separately."""
    for child in element.children:
        yield from [child] if isinstance(child, str) else texts(child)
