"""People to pick on the test bench: put into their state by the portal's own flows, as often as somebody asks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from sqlalchemy import delete, select

from portal import passwords
from portal.db import begin_write, change, db
from portal.flows.base.context import RequestContext
from portal.flows.operator import demo
from portal.flows.operator.bench.cast import BY_NAME, CARDS, PRACTICES, Card, Deed
from portal.flows.operator.bench.forget import forget_deeds
from portal.flows.operator.bench.hand import Hand
from portal.flows.operator.bench.state import change_state, read_state, take_turn
from portal.models import LimitCounter, User

PAPERS = "papers"  # the part of the state that holds the backup codes that people have on paper: username -> codes


class Person(TypedDict):
    """One card, as the page and its JSON show it."""

    username: str
    name: str
    role: str
    practice: str | None
    title: str
    about: str
    two_factor: str | None  # now: off, on, or reset; None if the person isn't there yet
    backup_codes: list[str]  # on paper, that still worked when the person was put in place


def list_people(context: RequestContext, folder: Path) -> list[Person]:
    """Everybody there is to pick. `folder`: the instance."""
    rows = select(User.username, User.two_factor).where(User.username.in_(BY_NAME), User.disabled_at.is_(None))
    now = {row.username: row.two_factor for row in db.session.execute(rows)}
    papers = read_state(context.keys, folder).get(PAPERS, {})
    return [describe(card, now, papers) for card in CARDS]


def describe(card: Card, now: dict[str, str], papers: dict[str, list[str]]) -> Person:
    person = card.person
    return {
        "username": person.username,
        "name": person.full_name,
        "role": person.role,
        "practice": person.practice,
        "title": card.title,
        "about": card.about,
        "two_factor": now.get(person.username),
        "backup_codes": papers.get(person.username, []),
    }


def is_there(username: str) -> bool:
    """Whether the person has an account now."""
    return bool(db.session.scalar(select(User.id).where(User.username == username, User.disabled_at.is_(None))))


def put_in_place(context: RequestContext, folder: Path, username: str, more: Sequence[Deed] = (), minutes: int = 0) -> Card:
    """Put a person into their state, whatever they have done since. Raises KeyError, or Refused if a step of the way is refused.

    `more`: deeds after those of their card; `minutes`: their phone's clock is fast by that many.

    The person's first day is one transaction, and each of their deeds has its own, as on the pages: asking again repairs what broke off.
    """
    with take_turn(folder):
        return lead_in(context, folder, username, more, minutes)


def lead_in(context: RequestContext, folder: Path, username: str, more: Sequence[Deed] = (), minutes: int = 0) -> Card:
    """The same in a turn that was taken."""
    card = BY_NAME[username]
    alone = replace(context, visitor=None, browser=None, trusted=())
    for other in card.needs:
        if not is_there(other):
            lead_in(context, folder, other)
    acting = Hand(alone, username, begin_anew(alone, card))
    try:
        for deed in (*card.deeds, *more):
            deed(acting)
    finally:
        acting.leave()
        with change_state(context.keys, folder) as state:
            state[PAPERS] = {**state.get(PAPERS, {}), username: acting.codes}
            state["phones"] = {**state.get("phones", {}), username: {"devices": [{**card.phone, "minutes": minutes}, {}]}}
    return card


def begin_anew(context: RequestContext, card: Card) -> list[str]:
    """Bring a person back to their first day; returns the backup codes on paper."""
    stored = passwords.hash_password(demo.PASSWORD)
    person, session = card.person, begin_write()
    change(delete(LimitCounter))  # a tester's tries count for nobody
    user = session.scalar(select(User).where(User.username == person.username).with_for_update())
    if user is None:
        practices = demo.seed_practices(PRACTICES)
        user = demo.seed_person(context.keys, context.now, replace(person, on=False), stored, practices)
    else:
        forget_deeds(user)
        user.role, user.full_name, user.country = person.role, person.full_name, person.country
        for column, text in {"password": stored, **demo.contacts(person)}.items():
            if text:
                user.seal(context.keys, column, text)
    codes = demo.turn_on_two_factor(context.keys, context.now, user) if person.on else []
    session.commit()
    return codes
