"""An owner and three thieves recover one account, and stop it, in any order: nobody gets in with fewer proofs than two (RC-1).

One thief reads the mailbox, one has the password as well, one has the password and the phone. Mail goes out late or not at all, and
time passes. The walks are always the same; `make soak` takes others, and more of them.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import insert
from sqlalchemy.orm import Session as Transaction

from portal import passwords
from portal.flows.base import recovery_cases as states
from portal.flows.messages.notices import outbox_place
from portal.models import Authenticator, Binding, Event, Link, NoticeAddress, Outbox, RecoveryCase, Session, User
from tests.support.client import CODES, WIZARD, Browser
from tests.support.digits import totp
from tests.support.hashing import CHEAP
from tests.support.markup import squeeze
from tests.support.people import Database
from tests.support.post_office import PostOffice
from tests.support.soak import SEED, length

OWN, SECOND, UNPROVED, NUMBER = "sam@example.test", "second@example.test", "third@example.test", "+15035550181"
ALARM = "Someone asked to get into your account with a new phone."
SET_UP, STOP, NEW_PASSWORD = r"/recovery/set-up/[\w-]{43}", r"/recovery/stop/\w{96}", r"/new-password/[\w-]{43}"
CODE, TEXTED = r"^\d{8}$", r"^\d{6}(?= is the code to get back)"
REST, DAY = timedelta(hours=72), timedelta(hours=24)
STAGES = {  # of a case, with the notice that tells every address of it
    states.PROVING: "recovery_begun",
    states.WAITING: "recovery_waiting",
    states.READY: "recovery_ready",
    states.SETTING_UP: "recovery_set_up",
    states.DONE: "recovery_done",
    states.STOPPED: "recovery_stopped",
}  # fmt: skip
KINDS = st.sampled_from(["password", "text", "backup_code"])
RIGHT = st.sampled_from([True, True, True, False])
EXAMPLES, STEPS = length(8, 200), 16


@dataclass
class Party:
    """Somebody who wants in: what they have, their browser, and their newest request."""

    name: str
    tab: Browser = field(repr=False)
    mailbox: bool = False
    phone: bool = False
    knows: str = field(default="", repr=False)  # a password
    codes: list[str] = field(default_factory=list, repr=False)
    page: str = ""
    case: str = ""  # whose mailed code this browser entered


class Recovery(RuleBasedStateMachine):
    """`proofs` is the model: case -> [(kind, who)], without the mailed code."""

    world = clock = None
    reached = Counter()

    def __init__(self):
        super().__init__()
        self.world.begin_anew()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(passwords, "HASHER", CHEAP)
        self.database = Database(self.world.app)
        self.post = PostOffice(self.world.app, self.clock, self.patch)
        sam = self.world.people["sam"]
        self.password, self.mailed_at, self.changed_at = sam.password, None, {}
        self.key, self.holder, self.factors = sam.key, None, "on"
        self.proofs, self.seen, self.stage, self.inside = {}, set(), {}, None
        self.add_contacts()
        self.parties = [
            Party("owner", self.tab(), mailbox=True, phone=True, knows=sam.password, codes=list(sam.codes)),
            Party("reader", self.tab(), mailbox=True),
            Party("insider", self.tab(), mailbox=True, knows=sam.password),
            Party("guesser", self.tab(), phone=True, knows=sam.password),
        ]
        self.owner = self.holder = self.parties[0]
        self.home = self.tab()

    def tab(self):
        return Browser(self.world.app, secrets=[])

    def send(self, tab, path, **typed):
        """Posts a form as it was sent by hand, from whatever page is open; returns the answer."""
        if tab.page is None or not tab.page.all("input", name="csrf_token"):
            tab.open("/sign-in")
        return tab.post(path, typed)

    def teardown(self):
        self.patch.undo()

    def add_contacts(self):
        """A second address, one that nobody has confirmed, and a number that was proved long ago."""
        long_ago, seal = self.clock.now - 2 * REST, self.database.keys.seal
        with Transaction(self.database.engine) as session:
            user = session.query(User).filter(User.username == "sam").one()
            user.seal(self.database.keys, "phone", NUMBER)
            user.phone_confirmed_at = long_ago
            user.second_addresses = 2
            for number, (address, at) in enumerate({SECOND: long_ago, UNPROVED: None}.items()):
                sealed = seal(address, f"notice_addresses:{number}:email")
                row = {"id": str(number), "user_id": user.id, "email_sealed": sealed, "created_at": long_ago}
                session.execute(insert(NoticeAddress).values(**row, confirmed_at=at))
            session.commit()

    # --- what the database says

    @property
    def user(self):
        return self.database.all(User, User.username == "sam")[0]

    def case(self):
        """Returns the newest case, or None."""
        found = self.database.all(RecoveryCase, RecoveryCase.user_id == self.user.id)
        return max(found, key=lambda case: (case.ended_at is None, case.opened_at, case.state_since), default=None)

    def is_young(self, at):
        return at is not None and at > self.clock.now - REST

    def counts(self, kind, who):
        """Returns whether a proof may count now (RC-1)."""
        if self.is_young(self.changed_at.get("email_changed")):
            return False
        if kind == "password":
            return who.knows == self.password and not self.is_young(self.mailed_at)
        return kind == "backup_code" or not self.is_young(self.changed_at.get("phone_changed"))

    # --- what people do

    who = st.integers(0, 3)

    @initialize(who=st.sampled_from([0, 1, 2, 2]), kind=KINDS, steps=st.integers(2, 8))
    def begin(self, who, kind, steps):
        """Somebody has come some way already."""
        for _ in range(steps):
            self.go_on(who, kind)

    @rule(who=who, kind=KINDS, times=st.integers(1, 4))
    def insist(self, who, kind, times):
        """Goes on a while."""
        for _ in range(times):
            self.go_on(who, kind)

    def go_on(self, who, kind):
        """Does what the page asks for next."""
        party, case = self.parties[who], self.case()
        if self.inside is party:
            self.finish()
        elif not party.page or case is None or case.ended_at:
            self.ask(who)
        elif party.case != case.id:
            self.confirm(who, True)
        elif case.state == states.PROVING:
            self.prove(who, kind, True)
        elif case.state == states.WAITING:
            self.post.work()
            self.wait(12, True)
        else:
            self.use_link(who, True)

    @rule(who=who, step=st.sampled_from(["ask", "confirm", "prove", "prove", "use_link", "use_link"]), kind=KINDS, right=RIGHT)
    def act(self, who, step, kind, right):
        """Does anything at any time."""
        {
            "ask": lambda: self.ask(who),
            "confirm": lambda: self.confirm(who, right),
            "prove": lambda: self.prove(who, kind, right),
            "use_link": lambda: self.use_link(who, right),
        }[step]()

    def ask(self, who):
        party = self.parties[who]
        party.tab.open("/contact-support")
        answer = self.send(party.tab, "/contact-support", email=OWN, practice="", story="")
        if answer.status_code == 303:
            party.page, party.case = answer.headers["Location"], ""
        self.post.work()

    def confirm(self, who, right):
        """Types the code that the newest email brought, if the mailbox is theirs; else a guess."""
        party = self.parties[who]
        code = self.post.find([OWN], CODE) if party.mailbox and right else "00000000"
        if not party.page or code is None:
            return
        party.tab.open(party.page)
        answer = self.send(party.tab, party.page, code=code)
        if answer.status_code == 303:
            assert code != "00000000", "a guess is taken"
            party.case = self.case().id

    def prove(self, who, kind, right):
        """Shows a second proof, sent by hand, whatever the page offers: a right one that they have, or a wrong one."""
        party, before = self.parties[who], self.case()
        if not party.page:
            return
        party.tab.open(party.page)
        shown = self.has(party, kind) if right else None
        wrong = {"password": "wrong on purpose", "text": "000000", "backup_code": "0000-0000-0000-0000"}
        field_name = "password" if kind == "password" else "code"
        path = f"{party.page}/{kind.replace('_', '-')}"
        self.send(party.tab, path, **{field_name: shown or wrong[kind]})
        after = self.case()
        if after is None or (before.id, before.state) == (after.id, after.state):
            return
        assert (before.state, party.case) == (states.PROVING, before.id), "a proof without the mailed code"
        assert shown and self.counts(kind, party), f"a {kind} counts that proves nothing"
        self.proofs.setdefault(before.id, []).append((kind, party))

    def has(self, party, kind):
        """Returns what they type as a proof, or None."""
        if kind == "password":
            return party.knows
        if kind == "backup_code":
            return party.codes.pop() if party.codes else None
        if not party.phone or self.send(party.tab, f"{party.page}/text/send").status_code != 303:
            return None
        self.post.work()
        return self.post.find([NUMBER], TEXTED)

    @rule(who=st.sampled_from([0, 1, 2]))
    def choose_a_new_password(self, who):
        """By an emailed link, as anybody can who reads the mailbox."""
        party = self.parties[who]
        party.tab.open("/forgot-password")
        self.send(party.tab, "/forgot-password", username="sam")
        self.post.work()
        link = self.post.find([OWN], NEW_PASSWORD)
        if link is None or party.tab.open(link).status != 200 or not party.tab.offers("Change password"):
            return
        chosen = f"quiet meadow by the river {len(self.post.taken)}"
        if self.send(party.tab, link, new_password=chosen).status_code == 303:
            self.password = party.knows = chosen
            self.mailed_at = self.clock.now
            for case, shown in self.proofs.items():
                self.proofs[case] = [(kind, by) for kind, by in shown if kind != "password"]

    def use_link(self, who, right):
        """Opens the newest link to set up, with the password that they know: the one way in."""
        party = self.parties[who]
        link = self.post.find([OWN], SET_UP) if party.mailbox else None
        if link is None or party.tab.open(link).status != 200 or party.tab.path != link:
            return
        before = self.case()
        answer = self.send(party.tab, link, password=(right and party.knows) or "wrong on purpose")
        if answer.status_code != 303:
            return
        self.may_enter(party, before)
        self.factors, self.inside, self.holder = "reset", party, None
        self.reached["in"] += 1

    def may_enter(self, party, case):
        """Two proofs of the case, the day after its notices if one of the two is no factor; and two that are this person's own."""
        assert case.state in (states.READY, states.SETTING_UP) and case.ended_at is None and case.confirmed_at
        assert party.knows == self.password
        shown = self.proofs.get(case.id, [])
        assert shown, "in with the mailed code alone"
        own = {kind for kind, by in shown if by is party}
        assert own or not self.is_young(self.mailed_at), f"the {party.name} is in with nothing but the mailbox"

    def finish(self):
        """Whoever is in scans a new key and types its code."""
        tab = self.inside.tab.open(WIZARD)
        if tab.heading != "Choose how to get your codes":
            return
        assert self.factors == "reset" and self.case().state == states.SETTING_UP, "set-up is open after the end"
        tab.press("Continue")
        key = squeeze(tab.page.one("code", id="key").text)
        tab.fill("Verify and Enable", Verification_Code=totp(key, self.clock.now))
        assert tab.path == CODES
        self.key, self.holder, self.factors, self.inside = key, self.inside, "on", None
        self.holder.codes = tab.read_codes()
        self.reached["done"] += 1

    # --- who stops it

    def at_home(self):
        """Returns the owner's browser, signed in to the end; None if they cannot."""
        if self.home.open("/home").path == "/home":
            return self.home
        if self.holder is not self.owner or self.owner.knows != self.password:
            return None
        self.clock.next_code()
        self.home.open("/sign-in").fill("Sign in", Username="sam", Password=self.password)
        self.home.insist("Verify", Verification_Code=totp(self.key, self.clock.now))
        return self.home if self.home.open("/home").path == "/home" else None

    @rule(channel=st.sampled_from(["email", "session", "requester"]), who=who)
    def stop(self, channel, who):
        """By one of the channels. If it is open to this person now, the case ends."""
        case, by = self.case(), self.parties[who]
        if case is None or case.ended_at:
            return
        can = {"email": self.stop_by_email, "session": self.stop_at_home, "requester": self.cancel}[channel](case, by)
        if can and case.state_since + states.LIVES[case.state] > self.clock.now:
            after = self.database.all(RecoveryCase, RecoveryCase.id == case.id)[0]
            assert (after.state, after.stopped_by) == (states.STOPPED, channel)
            self.reached[f"{channel} stops {case.state}"] += 1

    def stop_by_email(self, case, by):
        """Any message about it that reached the owner has the link."""
        link = self.post.find([SECOND, OWN, NUMBER], STOP)
        if link is None or case.id not in link:
            return False
        tab = self.tab().open(link)
        return self.send(tab, link).status_code == 303

    def stop_at_home(self, case, by):
        tab = self.at_home()
        if tab is None or not states.is_open(self.now(), case):
            return False
        has_alarm = any(ALARM in notice for notice in tab.notices)
        assert has_alarm == (case.state != states.ASKED), "the owner's pages do not say so"
        self.send(tab, "/recovery/stop")
        return has_alarm

    def now(self):
        """Returns a context as flows read it."""
        return type("Now", (), {"now": self.clock.now})

    def cancel(self, case, by):
        by.tab.open(by.page or "/contact-support")
        return by.page and self.send(by.tab, f"{by.page}/cancel").status_code == 303 and by.case == case.id

    # --- what happens meanwhile

    @rule(hours=st.sampled_from([0.2, 5, 12, 24, 73]), works=st.booleans())
    def wait(self, hours, works):
        self.clock.move(hours=hours)
        if works:
            self.post.work()

    @rule(is_up=st.sampled_from([True, True, False]))
    def mail_server(self, is_up):
        """It goes down, or comes back; the worker does what it can."""
        self.post.is_up = is_up
        self.post.work()

    @precondition(lambda self: len(self.seen) % 3 == 0)
    @rule(name=st.sampled_from(["email_changed", "phone_changed"]))
    def change_a_contact(self, name):
        """The address or the number on file is young again."""
        row = {"at": self.clock.now, "event": name, "result": "ok", "subject_id": self.user.id, "role": "patient"}
        self.database.change(insert(Event).values(request_id="x", ip="", user_agent="x", app_version="x", **row))
        self.changed_at[name] = self.clock.now

    # --- what never happens

    @invariant()
    def one_case(self):
        assert len(self.database.all(RecoveryCase, RecoveryCase.ended_at.is_(None))) <= 1

    @invariant()
    def nothing_changed_but_by_the_link(self):
        user = self.user
        assert user.two_factor == self.factors
        assert len(self.database.all(Authenticator, Authenticator.user_id == user.id)) == (self.factors == "on")

    @invariant()
    def nobody_is_in_after_the_end(self):
        """While the factors are void, only an open case has a session, a key, and a link."""
        case, user = self.case(), self.user
        if case is None or case.ended_at is None:
            return
        assert not self.database.all(
            Link, Link.user_id == user.id, Link.purpose == "recovery_set_up", Link.used_at.is_(None)
        ) or (case.state == states.LAPSED)
        if self.factors == "reset":
            live = (Session.user_id == user.id, Session.ended_at.is_(None), Session.level != "claimant")
            assert not self.database.all(Session, *live) and not self.database.all(Binding, Binding.user_id == user.id)

    @invariant()
    def everybody_is_told(self):
        """Each step of a case is told to every confirmed address, and to no other."""
        new = [row for row in self.database.all(Outbox, Outbox.user_id == self.user.id) if row.id not in self.seen]
        self.seen |= {row.id for row in new}
        case = self.case()
        if case is None or self.stage.get(case.id) == case.state:
            return
        before, self.stage[case.id] = self.stage.get(case.id), case.state
        self.reached[case.state] += 1
        told = Counter()
        for row in new:
            if row.kind == "mail":
                told[row.template, self.database.keys.open(row.to_sealed, outbox_place(row.id, "to"))] += 1
        template = STAGES.get(case.state)
        if template and not (case.state == states.PROVING and before != states.ASKED):
            assert {to for name, to in told if name == template} == {OWN, SECOND}, f"{case.state} is not told to all"

    @invariant()
    def the_day_was_waited_out(self):
        """No link before every notice has been out for 24 hours, if what was shown is no factor of the account (RC-6)."""
        case = self.case()
        if case is None or case.state not in (states.READY, states.SETTING_UP) or case.backup_code_at or case.identity_at:
            return
        rows = self.database.all(Outbox, Outbox.id.in_(case.notice_ids))
        out = {each.id: each.at for each in self.post.taken}
        assert case.notice_ids and all(row.id in out or row.state in ("failed", "expired") for row in rows)
        assert max(out[row.id] for row in rows if row.id in out) <= self.clock.now - DAY


@pytest.mark.long
def test_in_any_order_nobody_gets_in_with_one_proof_and_the_owner_can_stop(world, clock):
    Recovery.world, Recovery.clock = world, clock
    bounds = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not SEED,
        database=None,
        phases=[Phase.generate],  # a failure is printed as it was met
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    if SEED:
        seed(int(SEED))(Recovery)
    run_state_machine_as_test(Recovery, settings=bounds)
    assert Recovery.reached["done"], f"no walk went to the end: {Recovery.reached}"
