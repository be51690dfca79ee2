"""An owner, four thieves, and support recover one account, and stop it, in any order: nobody gets in with fewer proofs than two (RC-1).

One thief reads the mailbox, one has the password as well, one has the password and the phone, one the phone and the mailbox. Mail goes out
late or not at all, agents lose their role, and time passes. First come fixed walks, to every state, and through every channel that stops
there. The walks at random are always the same; `make soak` takes others, and more of them.
"""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal.flows.base import recovery_cases as states
from tests.machine.recovery_ground import SECOND
from tests.machine.recovery_watch import Watch
from tests.support.soak import SEED, length

EXAMPLES, STEPS = length(3, 200), 12
KINDS = st.sampled_from(["password", "text", "backup_code"])
RIGHT = st.sampled_from([True, True, True, False])
AGENT, WHO = st.integers(0, 2), st.integers(0, 4)
CHECKS = st.sampled_from(
    [("video_id",), ("practice_id", "colleague"), ("call_back", "colleague"), ("call_back",), ("colleague",), ()]
)

# --- fixed walks

WITH_ALARM = ("email", "session", "requester", "support")
EVERY = (*WITH_ALARM, "text")
APPROVED = ("take", "check", "approve")
ROAD = (  # a patient's steps, the state that they come to, and the channels that stop it there
    ((), states.ASKED, ("email",)),  # nobody has shown anything, and the owner's pages say nothing
    (("confirm",), states.PROVING, WITH_ALARM),
    (("prove", "deliver"), states.WAITING, EVERY),
    (("choose",), states.PROVING, ("session", "text")),  # a new password: the one that was shown counts no more
    (("prove_in_vain", "ask_support"), states.CHECKING, EVERY),
    (("take", "ask"), states.ANSWERING, EVERY),
    (("answer", *APPROVED), states.DECIDING, (*EVERY, "second")),
    (("approve_second",), states.READY, EVERY),
    (
        ("rob", "use_link", "scan"),
        states.SETTING_UP,
        ("email", "requester", "support", "text"),
    ),  # all sessions but that one have ended
)
STAFF_ROAD = ((("confirm", "ask_support", *APPROVED), states.DECIDING, (*WITH_ALARM, "second")),)
NEVER = {(channel, states.ASKED) for channel in EVERY if channel != "email"} | {("session", states.SETTING_UP)}
STOPS = {(channel, state) for state in states.OPEN for channel in EVERY} - NEVER | {("second", states.DECIDING)}


class Walk(Watch):
    """What the owner and support do in turn, on the fixed walks."""

    def go(self, *steps):
        """Goes these steps, and looks after each."""
        for step in steps:
            getattr(self, f"go_{step}")()
            self.watch()

    @property
    def second_person(self):
        """The practice's administrator, or for a patient the other agent."""
        return self.agents[2 if self.is_staff else 1]

    def begin(self):
        self.wait(2, works=False)
        self.ask(self.owner)
        self.watch()

    def go_confirm(self):
        """Who only has the reference number, and the password, shows nothing by it."""
        self.confirm(self.owner)
        self.prove(replace(self.owner, tab=self.tab(), case=""), "password")

    def go_prove(self):
        self.prove(self.owner, "password")

    def go_prove_in_vain(self):
        """After a new password by email, even with a sign-in with a second factor since, and after a change of the address."""
        self.prove(self.owner, "password")
        assert self.case().state == states.PROVING

    def go_show_a_backup_code(self):
        self.prove(self.owner, "backup_code")

    def go_choose(self):
        self.choose_a_new_password(self.owner)

    def go_ask_support(self):
        self.ask_support(self.owner)

    def go_answer(self):
        self.answer(self.owner)

    def go_take(self):
        self.decide(self.agents[0], "take")

    def go_check(self):
        self.decide(self.agents[0], "checks", ["video_id"])

    def go_approve(self):
        self.decide(self.agents[0], "approve")

    def go_approve_second(self):
        self.decide_second(self.second_person, "approve")

    def go_ask(self):
        self.decide(self.agents[0], "ask")

    def go_day(self):
        """Also of the address that is slow to reach."""
        self.post.unreachable = SECOND
        self.post.work()
        self.post.unreachable = ""
        self.wait(24)
        assert self.case().state == states.WAITING, "the day began before everybody was told"
        self.wait(23)
        self.watch()
        self.wait(1)

    def go_deliver(self):
        self.post.work()

    def go_rob(self):
        """Who reads the mailbox sets a password, and uses the owner's link with it, in vain; then the owner sets one."""
        reader = self.parties[1]
        self.choose_a_new_password(reader)
        self.use_link(reader)
        self.wait(0.2)
        self.choose_a_new_password(self.owner)

    def go_use_link(self):
        self.post.work()
        self.use_link(self.owner, right=False)
        self.use_link(self.owner)

    def go_scan(self):
        self.scan()

    def go_finish(self):
        self.finish()

    def stop_everywhere(self, road):
        """Goes along a road; in each state, every channel stops the case, which is then as it was before."""
        for steps, state, channels in road:
            self.go(*steps)
            assert self.case().state == state, f"{steps} do not lead to {state}"
            kept = self.keep()
            for channel in channels:
                self.decide_second(self.second_person, "refuse") if channel == "second" else self.stop(channel, self.owner)
                self.watch()
                assert (channel, state) in self.reached and not self.is_open(self.case()), f"{channel} does not stop in {state}"
                self.put_back(kept)

    def stops(self):
        """Returns what was stopped."""
        return {each for each in self.reached if isinstance(each, tuple)}


@pytest.fixture
def walk(world, clock):
    """Returns a function that begins the recovery of somebody's account."""
    begun = []

    def begin(username, reached=None):
        begun.append(Walk(world, clock, username, Counter() if reached is None else reached))
        return begun[-1]

    yield begin
    for each in begun:
        each.close()


@pytest.mark.long
def test_each_channel_stops_a_recovery_in_each_state(walk):
    """And whatever is stopped can be begun again, even after set-up was."""
    sam = walk("sam")
    sam.begin()
    sam.stop_everywhere(ROAD)
    assert sam.stops() == STOPS
    sam.go("finish")
    assert sam.case().state == states.DONE and sam.sign_in(sam.owner)
    sam.rest()
    sam.change_a_contact("email_changed")
    sam.begin()
    sam.go("confirm", "prove_in_vain")
    sam.stop("requester", sam.owner)
    sam.rest()
    sam.begin()
    sam.go("confirm", "show_a_backup_code", "use_link", "scan")
    sam.stop("email", sam.owner)
    sam.watch()
    sam.begin()
    sam.go("confirm", "prove", "day", "use_link", "finish")
    assert sam.case().state == states.DONE and sam.sign_in(sam.owner)


def test_staff_come_back_by_two_people_and_anybody_stops_it_between_them(walk):
    doctor = walk("dr.okafor")
    doctor.begin()
    doctor.go("confirm")
    for kind in ("password", "text", "backup_code"):
        doctor.prove(doctor.owner, kind)
        assert doctor.case().state == states.PROVING, f"a {kind} counts for staff"
    doctor.stop_everywhere(STAFF_ROAD)
    doctor.go("approve_second", "use_link", "finish")
    assert doctor.case().state == states.DONE and doctor.sign_in(doctor.owner)


def test_nobody_decides_alone_or_about_themselves_or_who_has_left(walk):
    """The administrator whose account it is, the first agent again, and agents who lost the role a moment ago."""
    lee = walk("admin.lee")
    first, other, themselves = lee.agents
    lee.begin()
    lee.go("confirm", "ask_support")
    for checks in ((), ("colleague",), ("call_back",)):
        lee.decide(first, "take")
        lee.decide(first, "checks", checks)
        lee.decide(first, "approve")
        lee.decide(other, "approve")
        assert lee.case().state == states.CHECKING, "approved with too few checks"
    lee.go_check()
    lee.decide(other, "approve")
    assert lee.case().state == states.CHECKING, "approved by an agent who has not taken it"
    lee.let_go(first)
    lee.decide(first, "approve")
    lee.let_go(first, has_left=False)
    assert lee.case().state == states.CHECKING, "approved by an agent who has left"
    lee.go_approve()
    for each in (first, themselves):
        lee.decide_second(each, "approve")
        lee.decide(each, "approve")
    for gone in (first, other):
        lee.let_go(gone)
        lee.decide_second(other, "approve")
        lee.let_go(gone, has_left=False)
    assert lee.case().state == states.DECIDING, "decided by somebody who may not"
    lee.decide_second(other, "approve")
    assert lee.case().state == states.READY
    lee.watch()
    lee.stop("support", lee.owner)
    lee.decide_second(other, "approve")
    assert lee.case().state == states.REFUSED


def test_a_phone_that_was_reported_lost_opens_nothing_until_its_owner_takes_it_back(walk):
    """Not by its codes, nor by a text to it, nor with the mailbox that is open on it."""
    sam = walk("sam")
    finder = sam.parties[-1]
    sam.lose_phone(sam.owner)
    assert not sam.sign_in(sam.owner), "codes that are on hold let somebody in"
    sam.choose_a_new_password(finder)
    assert not sam.sign_in(finder)
    sam.wait(73)
    sam.take_back(finder, "link")
    sam.watch()
    sam.ask(finder)
    sam.confirm(finder)
    for kind in ("text", "password"):
        sam.prove(finder, kind)
    assert sam.case().state == states.PROVING
    sam.stop("email", sam.owner)
    sam.choose_a_new_password(sam.owner)
    sam.wait(1)
    sam.choose_a_new_password(sam.owner)
    sam.take_back(sam.owner, "backup code")
    sam.watch()
    assert not sam.is_suspended and sam.sign_in(sam.owner)
    sam.lose_phone(sam.owner)
    sam.wait(73)
    sam.take_back(sam.owner, "link")
    sam.watch()
    assert not sam.is_suspended and sam.sign_in(sam.owner)


# --- walks at random


class Recovery(RuleBasedStateMachine):
    world = clock = None
    reached = Counter()

    @initialize(
        whose=st.sampled_from(["sam", "sam", "sam", "dr.okafor", "admin.lee"]),
        who=st.sampled_from([0, 1, 2, 2, 4]),
        kind=KINDS,
        steps=st.integers(2, 8),
    )
    def begin(self, whose, who, kind, steps):
        """Somebody has come some way already."""
        self.walk = Walk(self.world, self.clock, whose, self.reached)
        self.insist(who, kind, steps)

    def teardown(self):
        if hasattr(self, "walk"):
            self.walk.close()

    @rule(who=WHO, kind=KINDS, times=st.integers(1, 4))
    def insist(self, who, kind, times):
        """Goes on a while."""
        for _ in range(times):
            self.go_on(self.walk.parties[who], kind)
            self.walk.watch()

    def go_on(self, party, kind):
        """Does what the page asks for next, or what support does."""
        walk, case = self.walk, self.walk.case()
        if walk.inside is party:
            walk.finish()
        elif not party.page or case is None or case.ended_at:
            walk.ask(party)
        elif party.case != case.id:
            walk.confirm(party)
        elif case.state == states.PROVING:
            walk.ask_support(party) if walk.is_staff else walk.prove(party, kind)
        elif case.state == states.WAITING:
            walk.post.work()
            walk.wait(24)
        elif case.state in (states.CHECKING, states.DECIDING):
            self.go_on_at_the_desk(case)
        elif case.state == states.ANSWERING:
            walk.answer(party)
        else:
            walk.go_use_link() if party is walk.owner else walk.use_link(party)

    def go_on_at_the_desk(self, case):
        for step in APPROVED if case.state == states.CHECKING else ():
            getattr(self.walk, f"go_{step}")()
        if case.state == states.DECIDING:
            self.walk.decide_second(self.walk.agents[1], "approve")

    @rule(who=WHO, step=st.sampled_from(["ask", "confirm", "prove", "prove", "support", "use", "use"]), kind=KINDS, right=RIGHT)
    def act(self, who, step, kind, right):
        """Does anything at any time."""
        walk, party = self.walk, self.walk.parties[who]
        {
            "ask": lambda: walk.ask(party),
            "confirm": lambda: walk.confirm(party, right),
            "prove": lambda: walk.prove(party, kind, right),
            "support": lambda: walk.ask_support(party),
            "use": lambda: walk.use_link(party, right),
        }[step]()

    @rule(agent=AGENT, deed=st.sampled_from(["take", "checks", "approve", "approve", "ask", "refuse"]), checks=CHECKS)
    def decide(self, agent, deed, checks):
        """An agent does anything with the case; an approval of one comes with the case taken and some checks."""
        if deed == "approve":
            self.walk.decide(self.walk.agents[agent], "take")
            self.walk.decide(self.walk.agents[agent], "checks", checks)
        self.walk.decide(self.walk.agents[agent], deed, checks)

    @rule(agent=AGENT, answer=st.sampled_from(["approve", "approve", "refuse"]))
    def decide_second(self, agent, answer):
        self.walk.decide_second(self.walk.agents[agent], answer)

    @rule(agent=AGENT, has_left=st.booleans())
    def let_go(self, agent, has_left):
        self.walk.let_go(self.walk.agents[agent], has_left)

    @rule(channel=st.sampled_from(EVERY), who=WHO)
    def stop(self, channel, who):
        self.walk.stop(channel, self.walk.parties[who])

    @rule(who=st.sampled_from([0, 2, 3]), deed=st.sampled_from(["lose", "code", "link", "sign in"]))
    def lose_phone(self, who, deed):
        walk, party = self.walk, self.walk.parties[who]
        {
            "lose": lambda: walk.lose_phone(party),
            "sign in": lambda: walk.sign_in(party),
            "code": lambda: walk.take_back(party, "code"),
            "link": lambda: walk.take_back(party, "link"),
        }[deed]()

    @rule(who=st.sampled_from([0, 1, 2, 4]), wants_more=st.booleans())
    def choose_a_new_password(self, who, wants_more):
        """Sometimes to take a lost phone's codes back with it."""
        self.walk.choose_a_new_password(self.walk.parties[who])
        if wants_more:
            self.walk.take_back(self.walk.parties[who], "link")

    @rule(hours=st.sampled_from([0.2, 5, 24, 73]), works=st.booleans())
    def wait(self, hours, works):
        self.walk.wait(hours, works)

    @rule(is_up=st.sampled_from([True, True, False]), unreachable=st.sampled_from(["", SECOND]))
    def mail_server(self, is_up, unreachable):
        """It goes down, or comes back, or cannot reach one address; the worker does what it can."""
        self.walk.post.is_up, self.walk.post.unreachable = is_up, unreachable
        self.walk.post.work()

    @rule(name=st.sampled_from(["email_changed", "phone_changed"]), really=st.sampled_from([True, False, False]))
    def change_a_contact(self, name, really):
        if really:
            self.walk.change_a_contact(name)

    @invariant()
    def nothing_forbidden(self):
        if hasattr(self, "walk"):
            self.walk.watch()


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
