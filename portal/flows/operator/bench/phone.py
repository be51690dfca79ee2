"""The phones: what their authenticator apps show, and which texts reached them."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

from sqlalchemy import select

from portal.crypto import SealBroken
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.factors import on_file
from portal.flows.factors.bindings import is_binding_open
from portal.flows.factors.challenges import open_secret
from portal.flows.operator import demo
from portal.flows.operator.bench import authenticator_app as app
from portal.flows.operator.bench import cast, devices, faults, mailbox
from portal.flows.operator.bench.state import read_state
from portal.methods import method
from portal.models import Authenticator, Binding, User
from portal.policy import policy_of

VALID, HELD, BEGUN, OVER, OTHER = "valid", "on_hold", "begun", "over", ""  # what the account makes of an entry's codes


class Phone(TypedDict):
    """One of a person's phones."""

    username: str
    person: str
    number: int  # 1 or 2
    card: bool  # whether the SIM card is in it
    sim: str  # its number, "" if there is none
    power: str
    network: bool
    minutes: int  # its clock is fast by that many
    time: datetime  # on its clock
    entries: list[dict[str, Any]]  # issuer, label, method, status, and what is shown: nothing while it isn't on
    texts: list[mailbox.SentText]  # newest first


@dataclass(frozen=True)
class Owner:
    """A person with what the portal knows of their app's entries."""

    context: RequestContext
    user: User
    rows: list[Authenticator]
    binding: Binding | None  # the set-up that is open

    @property
    def issuer(self) -> str:
        """Which of the two names the app shows."""
        return policy_of(self.user.role).issuer

    @property
    def first_number(self) -> str:
        """The number in the first phone: it stays when its owner tells the portal another one. "" if there is none."""
        seeded = next((person for person in demo.PEOPLE if person.username == self.user.username), None)
        return (seeded.phone or "") if seeded else on_file.unseal_contact(self.context, self.user, "phone")

    @cached_property
    def keys(self) -> dict[str, str]:
        """Id of each authenticator -> setup key, "" if it cannot be decrypted."""
        return {row.id: self.open_key(row) for row in self.rows}

    def open_key(self, row: Authenticator | Binding) -> str:
        """Its secret, "" if it cannot be decrypted."""
        try:
            return open_secret(self.context, self.user, row, "").text
        except SealBroken:
            return ""


def sends_codes(row: Authenticator) -> bool:
    """Whether codes are sent, so that no app on the phone has an entry."""
    its_method = method(row.method)
    return its_method is not None and its_method.sends


def find_owners(context: RequestContext, usernames: Collection[str]) -> list[Owner]:
    """The people with these usernames, oldest accounts first."""
    users = db.session.scalars(select(User).where(User.username.in_(usernames)).order_by(User.id)).all()
    ids = [user.id for user in users]
    every = select(Authenticator).where(Authenticator.user_id.in_(ids)).order_by(Authenticator.created_at, Authenticator.id)
    rows = [row for row in db.session.scalars(every) if not sends_codes(row)]
    begun = {row.user_id: row for row in db.session.scalars(select(Binding).where(Binding.user_id.in_(ids)))}
    owners = [Owner(context, user, [row for row in rows if row.user_id == user.id], begun.get(user.id)) for user in users]
    return [owner if is_begun(owner) else replace(owner, binding=None) for owner in owners]


def is_begun(owner: Owner) -> bool:
    """Whether the person's set-up is open."""
    return owner.binding is not None and is_binding_open(owner.context, owner.binding)


def find_owner(context: RequestContext, username: str) -> Owner | None:
    """The person with that username."""
    return next(iter(find_owners(context, (username,))), None)


def list_phones(context: RequestContext, folder: Path) -> list[Phone]:
    """The phone of everybody there is to pick: the one that has its SIM card. `folder`: the instance."""
    state, owners = read_state(context.keys, folder), find_owners(context, cast.BY_NAME)
    return [describe(owner, devices.read_record(state, owner.user.username), None) for owner in owners]


def show_phones(owner: Owner, folder: Path) -> list[Phone]:
    """Both phones of a person, with their texts."""
    context = owner.context
    record = devices.read_record(read_state(context.keys, folder), owner.user.username)
    texts = faults.as_delivered(context.keys, folder, mailbox.list_texts(context.keys, context.now))
    return [describe(owner, record, index, texts) for index in range(devices.DEVICES)]


def describe(owner: Owner, record: devices.Record, index: int | None, texts: list[mailbox.SentText] | None = None) -> Phone:
    """One phone as it looks now; by default the one with the SIM card."""
    _, sim, holder = devices.sim_moves(record, owner.first_number)[-1]
    place = holder if index is None else index
    device = record["devices"][place]
    is_on = device["power"] == devices.ON
    return {
        "username": owner.user.username,
        "person": owner.user.full_name,
        "number": place + 1,
        "card": place == holder,
        "sim": sim if place == holder else "",
        "power": device["power"],
        "network": device["network"],
        "minutes": device["minutes"],
        "time": devices.device_time(device, owner.context.now),
        "entries": list_entries(owner, record, place) if is_on else [],
        "texts": list_arrived(owner, record, place, texts or []) if is_on else [],
    }


def list_entries(owner: Owner, record: devices.Record, index: int) -> list[dict[str, Any]]:
    """What the app on this phone lists: what it scanned, and on the first phone what was set up without either of them."""
    now = devices.device_time(record["devices"][index], owner.context.now)
    scanned = [
        {**entry, "method": "", "status": judge(owner, entry), **app.show(entry, now)}
        for entry in record["devices"][index]["entries"]
    ]
    return scanned + ([] if index else [mirror(owner, row, now) for row in list_elsewhere(owner, record)])


def judge(owner: Owner, entry: app.Entry) -> str:
    """What the account makes of the entry's codes."""
    row = next((row for row in owner.rows if hmac.compare_digest(owner.keys[row.id], entry["key"])), None)
    if row:
        return HELD if row.suspended_at else VALID
    if owner.binding and hmac.compare_digest(owner.open_key(owner.binding), entry["key"]):
        return BEGUN
    is_ours = entry["issuer"] in (owner.issuer, "") and entry["label"] == owner.user.username
    return OVER if is_ours else OTHER


def list_elsewhere(owner: Owner, record: devices.Record) -> list[Authenticator]:
    """Authenticators that neither phone has scanned: seeded, or set up with another app. The tester may have deleted them."""
    scanned = {entry["key"] for device in record["devices"] for entry in device["entries"]}
    return [row for row in owner.rows if owner.keys[row.id] not in scanned and row.id not in record["forgotten"]]


def mirror(owner: Owner, row: Authenticator, now: datetime) -> dict[str, Any]:
    """An entry as its method would show it on a phone with that clock; `method` is "" if the secret cannot be decrypted.

    It is on hold if the portal takes none of its codes, because the phone was reported as lost.
    """
    status = HELD if row.suspended_at else VALID
    entry = {"id": row.id, "issuer": owner.issuer, "label": owner.user.username, "method": "", "status": status}
    its_method = method(row.method)
    try:
        secret = open_secret(owner.context, owner.user, row, "")
    except SealBroken:
        return entry
    return {**entry, "method": row.method, **its_method.challenge.simulate(secret, row, now)} if its_method else entry


def list_arrived(owner: Owner, record: devices.Record, index: int, texts: list[mailbox.SentText]) -> list[mailbox.SentText]:
    """The texts that reached this phone, the newest first."""
    found: list[mailbox.SentText] = []
    for text in texts:
        if text["sent_at"]:
            until = min(owner.context.now, text["expires_at"] or owner.context.now)
            at = devices.arrival(record, owner.first_number, index, text["to"], text["sent_at"], until)
            if at:
                found.append({**text, "at": at})
    return sorted(found, key=lambda text: text["at"], reverse=True)
