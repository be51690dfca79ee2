"""The account that somebody recovers, the people around it, and the model: what may give access to it, told apart from the portal."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert, update
from sqlalchemy.orm import Session as Transaction

from portal import passwords
from portal.flows.base import recovery_cases as states
from portal.models import Event, NoticeAddress, RecoveryCase, User
from portal.web.browser_session import BrowserSession
from tests.support.agents import hire_agent
from tests.support.client import Browser
from tests.support.hashing import CHEAP
from tests.support.people import Database, Person
from tests.support.post_office import PostOffice

SECOND, UNPROVED, NUMBER = "second@example.test", "third@example.test", "+15035550181"
REST = timedelta(hours=72)
WORTH = {"video_id": 2, "practice_id": 2, "call_back": 1, "colleague": 1}  # of what support checks, and two are due
DUE = 2


@dataclass(eq=False)
class Party:
    """Somebody who wants in: what they have, their browser, and their newest request."""

    name: str
    tab: Browser = field(repr=False)
    mailbox: bool = False
    phone: bool = False
    has_app: bool = False
    knows: str = field(default="", repr=False)  # a password
    codes: list[str] = field(default_factory=list, repr=False)
    page: str = ""
    case: str = ""  # whose mailed code this browser entered


@dataclass(eq=False)
class Agent:
    """Somebody who may decide: a support agent, or the administrator of a practice as the second person."""

    person: Person
    role: str
    user_id: int
    tab: Browser = field(repr=False)
    has_left: bool = False


class Ground:
    """One account, with two proved addresses, a third, and a number. The model is what the parties and agents have shown of whom."""

    def __init__(self, world, clock, username):
        world.begin_anew()
        self.world, self.clock, self.patch = world, clock, pytest.MonkeyPatch()
        self.patch.setattr(passwords, "HASHER", CHEAP)
        self.database = Database(world.app)
        self.post = PostOffice(world.app, clock, self.patch)
        self.subject = world.people[username]
        row = self.database.user(self.subject)
        self.user_id, self.is_staff = row.id, row.role != "patient"
        self.own, self.password, self.key = f"{username}@example.test", self.subject.password, self.subject.key
        self.mailed_at, self.is_bound, self.changed_at = None, False, {}  # of the password; of contacts
        self.factors, self.is_suspended, self.inside = "on", False, None
        self.proofs, self.browsers, self.asker = {}, {}, {}  # by case: [(kind, party)]; who entered its code; who asked support
        self.ticked, self.approved, self.second_due, self.over = {}, {}, {}, set()
        self.add_contacts()
        self.add_people()

    def close(self):
        self.patch.undo()

    def add_people(self):
        """An owner, four thieves, two agents, and an administrator."""
        known = self.password
        self.parties = [
            Party("owner", self.tab(), mailbox=True, phone=True, has_app=True, knows=known, codes=list(self.subject.codes)),
            Party("reader", self.tab(), mailbox=True),
            Party("insider", self.tab(), mailbox=True, knows=known),
            Party("guesser", self.tab(), phone=True, knows=known),
            Party("finder", self.tab(), mailbox=True, phone=True, has_app=True),  # of the phone, with the mailbox open on it
        ]
        self.owner, self.home = self.parties[0], self.tab()
        other = hire_agent(self.world.app, self.clock)
        people = [
            (self.world.people["support"], "support"),
            (other, "support"),
            (self.world.people["admin.lee"], "administrator"),
        ]
        self.agents = [Agent(who, role, self.database.user(who).id, self.tab()) for who, role in people]

    def add_contacts(self):
        """A second address, one that nobody has confirmed, and a number that was proved long ago."""
        long_ago, seal = self.clock.now - 2 * REST, self.database.keys.seal
        with Transaction(self.database.engine) as session:
            user = session.get_one(User, self.user_id)
            user.seal(self.database.keys, "phone", NUMBER)
            user.phone_confirmed_at, user.second_addresses = long_ago, 2
            for number, (address, at) in enumerate({SECOND: long_ago, UNPROVED: None}.items()):
                sealed = seal(address, f"notice_addresses:{number}:email")
                row = {"id": str(number), "user_id": user.id, "email_sealed": sealed, "created_at": long_ago}
                session.execute(insert(NoticeAddress).values(**row, confirmed_at=at))
            session.commit()

    # --- browsers

    def tab(self):
        return Browser(self.world.app, secrets=[])

    def send(self, tab, path, **typed):
        """Posts a form as a page of this browser's session would send it, whatever page is open; returns the answer."""
        if tab.cookie() is None:
            tab.client.set_cookie("session", secrets.token_urlsafe(32))
        key = self.world.app.secret_key
        token = URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(BrowserSession(tab.cookie(), key.encode())["csrf_token"])
        answer = tab.post(path, typed, token=token)
        assert "This form has expired" not in answer.text
        return answer

    # --- what the database says

    def case(self):
        """Returns the newest case, or None."""
        found = self.database.all(RecoveryCase, RecoveryCase.user_id == self.user_id)
        return max(found, key=lambda case: (case.ended_at is None, case.opened_at, case.state_since), default=None)

    def is_open(self, case):
        return case is not None and case.ended_at is None and states.is_open(type("Now", (), {"now": self.clock.now}), case)

    # --- what happens meanwhile

    def wait(self, hours, works=True):
        self.clock.move(hours=hours)
        if works:
            self.post.work()

    def change_a_contact(self, name):
        """The address or the number on file is young again."""
        row = {"at": self.clock.now, "event": name, "result": "ok", "subject_id": self.user_id, "role": "patient"}
        self.database.change(insert(Event).values(request_id="x", ip="", user_agent="x", app_version="x", **row))
        self.changed_at[name] = self.clock.now

    def let_go(self, agent, has_left=True):
        """Takes an agent's role away, or gives it back."""
        role = "provider" if agent.role == "administrator" else "patient"
        if agent.user_id != self.user_id:
            self.database.change(update(User).where(User.id == agent.user_id).values(role=role if has_left else agent.role))
            agent.has_left = has_left

    # --- the model

    def is_young(self, at):
        return at is not None and at > self.clock.now - REST

    def rests_on_mailbox(self):
        """Returns whether the password shows nothing but the mailbox: set by email, young or in no sign-in with a second factor since."""
        return self.mailed_at is not None and (self.is_young(self.mailed_at) or not self.is_bound)

    def counts(self, kind, who):
        """Returns whether a proof may count now (RC-1)."""
        if self.is_staff or self.is_young(self.changed_at.get("email_changed")):
            return False
        if kind == "password":
            return who.knows == self.password and not self.rests_on_mailbox()
        return kind == "backup_code" or not (self.is_suspended or self.is_young(self.changed_at.get("phone_changed")))

    def needs_second(self):
        """Returns whether one agent alone must not approve (AD-3)."""
        return self.is_staff or any(self.is_young(at) for at in (self.mailed_at, *self.changed_at.values()))

    def is_granted(self, case_id):
        """Returns whether what was shown of a case is enough: a proof besides the mailed code, or as many agents as are due."""
        agents = self.approved.get(case_id, [])
        return bool(self.proofs.get(case_id)) or len(set(agents)) == len(agents) == 1 + self.second_due.get(case_id, True)

    def is_theirs(self, party, case_id):
        """Returns whether somebody has shown more of a case than the mailbox, or was the only one whom support can mean."""
        shown = any(by is party and kind != "password" for kind, by in self.proofs.get(case_id, []))
        return shown or (self.asker.get(case_id) is party and self.browsers[case_id] == {party})

    def may_enter(self, party, case):
        """Two proofs of the case, and two that are this person's own; never after its end."""
        assert case.id not in self.over, f"the {party.name} is in after the end"
        assert self.is_open(case) and case.state in (states.READY, states.SETTING_UP) and case.confirmed_at
        assert party.mailbox and party.knows == self.password
        assert self.is_granted(case.id), f"the {party.name} is in with too few proofs"
        assert not self.rests_on_mailbox() or self.is_theirs(party, case.id), (
            f"the {party.name} is in with nothing but the mailbox"
        )
