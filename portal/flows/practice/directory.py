"""Team Members: who belongs to the visitor's practice, in which role. How they are protected is for Security Status (`team`)."""

from dataclasses import dataclass

from sqlalchemy import func, select

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.practice import team
from portal.models import User
from portal.names import search_key
from portal.settings import config


@dataclass(frozen=True)
class Colleague:
    """A person of the practice."""

    id: int
    full_name: str
    role: str


@dataclass(frozen=True)
class Directory:
    """One page of the practice's people by name, and how many match the search."""

    number: int
    people: list[Colleague]
    total: int
    has_more: bool


def list_colleagues(context: RequestContext, search: str = "", number: int = 1) -> Directory:
    """The people whose name has `search` in it ("" for all), from page 1 on. One SELECT.

    It says nothing about anybody's protection, so that opening it is not recorded, unlike Security Status (AU-7).
    """
    rows = select(User.id, User.full_name, User.role, func.count().over().label("total")).where(*team.own_accounts(context))
    if search:
        rows = rows.where(team.position(search_key(search), User.name_key) > 0)
    page = rows.order_by(User.name_key, User.id).offset((number - 1) * config.TEAM_PAGE).limit(config.TEAM_PAGE + 1)
    found = db.session.execute(page).all()
    people = [Colleague(row.id, row.full_name, row.role) for row in found[: config.TEAM_PAGE]]
    return Directory(number, people, found[0].total if found else 0, len(found) > config.TEAM_PAGE)
