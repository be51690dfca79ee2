"""Security Status equals what a person with all the rows at hand would find, for practices made up by the dozen."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from portal.flows.base.context import RequestContext, SessionUser
from portal.flows.practice import team
from portal.models import Authenticator, BackupCode, BackupCodeSet, Practice, User
from portal.names import sort_key
from portal.settings import config
from tests.support.moving import START

OWN, OTHER, FIRST = 901, 902, 9000
PAGE = 4
LETTERS = "abAB%_'\"\\/ eéÉ林"
MOMENTS = st.one_of(st.none(), st.integers(-3, 3).map(lambda hours: START + timedelta(hours=hours)))


@dataclass(frozen=True)
class Account:
    """What is made up of one account."""

    name: str
    role: str
    practice: int
    state: str
    shut: bool
    seen_at: object
    paused_until: object
    apps: tuple  # of each authenticator: method, whether it is disabled
    used: int | None  # codes of the live set that are used; None: there is no live set
    saved: bool
    handed_over: bool
    older: bool  # a set before that, which counts for nothing


def accounts():
    """Returns a strategy for the people of two practices."""
    apps = st.lists(st.tuples(st.sampled_from(["totp", "sms"]), st.booleans()), max_size=2).map(tuple)
    one = st.builds(
        Account,
        name=st.text(LETTERS, min_size=1, max_size=6),
        role=st.sampled_from(["provider", "provider", "administrator", "patient", "support"]),
        practice=st.sampled_from([OWN, OWN, OWN, OTHER]),
        state=st.sampled_from(["on", "on", "off", "reset"]),
        shut=st.sampled_from([False, False, False, True]),
        seen_at=MOMENTS,
        paused_until=MOMENTS,
        apps=apps,
        used=st.one_of(st.none(), st.integers(0, 10)),
        saved=st.booleans(),
        handed_over=st.booleans(),
        older=st.booleans(),
    )
    return st.lists(one, max_size=14)


@pytest.fixture
def practice(app):
    """Fills the two practices with made-up people, whoever was in them before."""
    with Session(app.extensions["engine"]) as session:
        session.execute(
            insert(Practice), [{"id": key, "name": f"Practice {key}", "city": "", "phone": ""} for key in (OWN, OTHER)]
        )
        session.commit()

    def fill(people):
        with Session(app.extensions["engine"]) as session:
            for model, column in ((BackupCode, BackupCode.hash), (BackupCodeSet, BackupCodeSet.salt)):
                session.execute(delete(model).where(column == b"made up"))
            session.execute(delete(Authenticator).where(Authenticator.name == "made up"))
            session.execute(delete(User).where(User.id >= FIRST))
            for key, each in enumerate(people, FIRST):
                for model, rows in rows_of(key, each):
                    if rows:
                        session.execute(insert(model), rows)
            session.commit()

    return fill


def rows_of(key, each):
    """Yields (model, rows) of one account."""
    who = {"id": key, "username": f"made-up-{key}", "full_name": each.name, "name_key": sort_key(each.name)}
    state = {"two_factor": each.state, "disabled_at": START if each.shut else None}
    times = {"last_sign_in_at": each.seen_at, "codes_paused_until": each.paused_until, "created_at": START}
    place = {"role": each.role, "practice_id": each.practice, "password_sealed": b""}
    yield User, [{**who, **place, **state, **times}]
    app = {"user_id": key, "name": "made up", "secret_sealed": b""}
    yield (
        Authenticator,
        [
            {**app, "id": f"{key}-{at}", "method": kind, "created_at": START, "disabled_at": START if disabled else None}
            for at, (kind, disabled) in enumerate(each.apps)
        ],
    )
    live = [] if each.used is None else [(f"{key}", 2, None, each.used)]
    older = [(f"{key}-older", 1, START, 3)] if each.older else []
    for set_id, number, replaced_at, used in live + older:
        made = {"id": set_id, "user_id": key, "number": number, "salt": b"made up", "pepper_sealed": b"", "asked_number": 1}
        ends = {"created_at": START, "replaced_at": replaced_at, "saved_at": START if each.saved else None}
        yield BackupCodeSet, [{**made, **ends, "sealed_copy_given_at": START if each.handed_over else None}]
        numbers = range(1, 11)
        code = {"set_id": set_id, "hash": b"made up"}
        yield BackupCode, [{**code, "number": at, "used_at": START if at <= used else None} for at in numbers]


def fold(text):
    """Returns a text without accents and capitals."""
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each)).casefold()


def found_by_hand(people, state, search):
    """Returns id -> (state, codes left, copy, paused, stopped, at risk) of those who are asked for."""
    found = {}
    for key, each in enumerate(people, FIRST):
        if each.practice != OWN or each.shut or each.role not in ("provider", "administrator"):
            continue
        if (state and each.state != state) or fold(search) not in fold(each.name):
            continue
        on = each.state == "on"
        apps = [disabled for kind, disabled in each.apps if kind == "totp"]
        working = apps.count(False)
        left = None if each.used is None else 10 - each.used
        kept = left and (each.saved or each.handed_over)
        paused = each.paused_until is not None and START < each.paused_until <= START + config.PAUSES[-1]
        stopped = on and bool(apps) and working == 0
        found[key] = (each.state, left, left is not None and each.handed_over, paused, stopped, on and working < 2 and not kept)
    return found


def as_found(members):
    """Returns the same of the portal's rows."""
    return {
        each.id: (
            each.two_factor, each.codes_left, each.sealed_copy_given_at is not None,
            each.is_paused, each.is_stopped, each.is_at_risk,
        )
        for each in members
    }  # fmt: skip


def administrator(app):
    """Returns the visit of somebody of the first practice."""
    columns = dict.fromkeys(SessionUser._fields)
    who = SessionUser(**{**columns, "user_id": 1, "role": "administrator", "practice_id": OWN, "token_hash": "x" * 64})
    return RequestContext(now=START, keys=app.extensions["keys"], ip="192.0.2.7", user_agent="test", request_id="x", visitor=who)


def keys_of(sort, member):
    """Returns what an order goes by; the name comes last."""
    never = (member.last_sign_in_at is None, -(member.last_sign_in_at or START).timestamp())
    first = {
        "name": 0,
        "state": ("off", "reset", "on").index(member.two_factor),
        "last_sign_in": never,
        "codes": (member.codes_left is None, member.codes_left or 0),
    }[sort]
    return first, sort_key(member.full_name), member.id


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    people=accounts(),
    state=st.sampled_from(["", *team.STATES]),
    search=st.one_of(st.just(""), st.text(LETTERS, min_size=1, max_size=2)),
    sort=st.sampled_from(team.SORTS),
)
def test_the_list_equals_what_is_found_by_hand(app, practice, people, state, search, sort):
    practice(people)
    context, asked = administrator(app), team.TeamFilter(state, search.strip(), sort)
    by_hand = found_by_hand(people, state, search.strip())
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "TEAM_PAGE", PAGE)
        patch.setattr(config, "TEAM_CHUNK", 3)
        pages = [team.list_team(context, asked, number) for number in range(1, len(people) // PAGE + 3)]
        exported = list(team.export_team(context, asked))
    members = [member for page in pages for member in page.members]
    assert as_found(members) == as_found(exported) == by_hand
    assert len(members) == len(exported) == len(by_hand)
    order = [keys_of(sort, member) for member in members]
    assert order == sorted(order)
    by_name = [keys_of("name", member) for member in exported]
    assert by_name == sorted(by_name)
    everyone = found_by_hand(people, "", "")
    counted = {name: sum(row[0] == name for row in everyone.values()) for name in team.STATES}
    assert {tuple(page.counts.items()) for page in pages} == {tuple(counted.items())}
    assert [page.has_more for page in pages] == [len(by_hand) > PAGE * number for number in range(1, len(pages) + 1)]
