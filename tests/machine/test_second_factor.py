"""Somebody sets up, changes, adds, cancels, reloads, waits, signs in and turns it off, in any order: three things never happen.

Never locked out with a proved factor in hand, never two live secrets for one authenticator, never on without a proof.
The walks are always the same; `make soak` takes others, and more of them.
"""

import re

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from portal import passwords, send_limits
from portal.models import Authenticator, BackupCodeSet, Binding, SentCode, User, secret_place
from tests.support.client import CODES, SCAN, Browser
from tests.support.digits import totp
from tests.support.hashing import CHEAP
from tests.support.markup import squeeze
from tests.support.people import Database, Person
from tests.support.soak import SEED, length
from tests.support.texts import CODE, NUMBER, Inbox

SECURITY = "/account/security"
KINDS = {"totp": "Authenticator App", "sms": "Text Message (SMS)"}
NUMBERS = ("(503) 555-0164", "(608) 555-0117", "(415) 555-0132")
EXAMPLES, STEPS = length(10, 60), 14


class SecondFactor(RuleBasedStateMachine):
    """One patient with two browsers. `proved` is the model: authenticator id -> key of the app, or None for a number."""

    world = clock = None

    def __init__(self):
        super().__init__()
        self.world.begin_anew()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(passwords, "HASHER", CHEAP)
        self.patch.setattr(send_limits, "LIMITS", send_limits.LIMITS[:1])  # the other limits on texts have tests of their own
        self.database = Database(self.world.app)
        self.inbox = Inbox(self.database)
        known = self.world.people["maria"]
        self.maria = Person(known.username, known.password, known.name, clock=self.clock)
        self.tabs = [Browser(self.world.app), Browser(self.world.app, "htmx")]
        self.proved = {}
        self.codes = []

    def teardown(self):
        self.patch.undo()

    # --- what the database says

    @property
    def user(self):
        return self.database.user(self.maria)

    def live(self):
        """Returns id -> row of the authenticators that work."""
        rows = self.database.all(Authenticator, Authenticator.user_id == self.user.id, Authenticator.disabled_at.is_(None))
        return {row.id: row for row in rows}

    def binding(self):
        found = self.database.all(Binding, Binding.user_id == self.user.id)
        return found[0] if found else None

    def secret(self, row):
        return self.database.keys.open(row.secret_sealed, secret_place(self.user.id, row.id))

    # --- what a person does

    @initialize(kind=st.sampled_from([None, *sorted(KINDS)]))
    def begin(self, kind):
        self.enter(self.tabs[0])
        if kind:
            self.set_up(0, kind, "add", NUMBERS[0])

    def enter(self, tab):
        """Signs in with whatever is proved, oldest first."""
        self.clock.move(minutes=1)
        tab.sign_in(self.maria)
        if tab.path != "/sign-in/code":
            return
        assert self.answer(tab, next(iter(self.proved))), "a proved factor does not open the account"

    def answer(self, tab, authenticator):
        """Answers the code page with one authenticator; returns whether that led on."""
        key = self.proved[authenticator]
        if key:
            self.clock.next_code()
            tab.insist("Verify", Verification_Code=totp(key, self.clock.now))
        else:
            self.clock.move(minutes=1)
            assert tab.post("/sign-in/send", {"authenticator": authenticator}).status_code == 303
            tab.open("/sign-in/code")
            tab.insist("Verify", Verification_Code=self.inbox.code(self.maria))
        return not tab.path.startswith("/sign-in")

    def at(self, tab, path):
        """Goes to a page, past whatever is asked on the way."""
        tab.open(path)
        if tab.path == "/sign-in":
            self.enter(tab)
            tab.open(path)
        if tab.path == "/sign-in/code":
            tab.press("Cancel")
            self.enter(tab)
            tab.open(path)
        if tab.path.endswith("/confirm"):
            self.confirm(tab)
        return tab

    def confirm(self, tab):
        """Shows both factors again."""
        typed = {"Current_password": self.maria.password}
        if self.proved:
            authenticator, key = next(iter(self.proved.items()))
            self.clock.next_code()
            if key is None:
                self.clock.move(minutes=1)
                tab.post("/account/security/confirm/send", {"authenticator": authenticator})
                typed["Verification_Code"] = self.inbox.code(self.maria)
            else:
                typed["Verification_Code"] = totp(key, self.clock.now)
        tab.insist("Continue", **typed)

    tab = st.integers(0, 1)
    kind = st.sampled_from(sorted(KINDS))

    @rule(at=tab, kind=kind, aim=st.sampled_from(["change", "add"]))
    def choose(self, at, kind, aim):
        """Begins a set-up: the first, one in place of another, one more."""
        tab = self.tabs[at]
        aims = {"change": f"?change={next(iter(self.proved), '')}", "add": "?add=1"} if self.proved else {aim: ""}
        self.at(tab, SECURITY + "/two-factor" + aims[aim])
        if tab.heading == "Choose how to get your codes":
            tab.choose(KINDS[kind])
            tab.press("Continue")

    @rule(at=tab, kind=kind, aim=st.sampled_from(["change", "add"]), number=st.sampled_from(NUMBERS), hasty=st.booleans())
    def set_up(self, at, kind, aim, number, hasty=False):
        """The straight road, from the choice to the proof; whoever is hasty types another number before the first code."""
        self.choose(at, kind, aim)
        self.clock.move(minutes=1)
        if self.binding().method == "sms":
            self.type_a_number(at, number)
            if hasty:
                self.type_a_number(at, next(each for each in NUMBERS if each != number))
        self.prove(at, True)

    @precondition(lambda self: self.binding())
    @rule(at=tab, number=st.sampled_from(NUMBERS))
    def type_a_number(self, at, number):
        tab = self.at(self.tabs[at], NUMBER)
        if tab.path == NUMBER:
            tab.fill("Send Code", Mobile_phone_number=number)

    @precondition(lambda self: self.binding())
    @rule(at=tab, right=st.sampled_from([True, True, True, False]))
    def prove(self, at, right):
        """Types the code of what is being set up, or a wrong one."""
        tab, before = self.at(self.tabs[at], CODE), self.live()
        if tab.path not in (SCAN, CODE):
            return
        binding = self.binding()
        secret = self.secret(binding)
        text = self.text_of(binding) if tab.path == CODE else None
        shown = text.code if text else totp(secret, self.clock.now)
        right = right and shown != "000000"
        was_over = tab.path == CODE and "The code expires in" not in tab.text
        key = squeeze(tab.page.one("code", id="key").text) if tab.path == SCAN else None
        assert (key is None) or (key == secret), "the page shows another key than the one that is kept"
        tab.insist("Verify and Enable", Verification_Code=shown if right else "000000")
        if not right or was_over:
            return
        self.take(before, binding, key, tab)
        if text and binding.id in self.proved:
            reached = self.secret(self.live()[binding.id]) == text.to
            assert reached, "a number is live that no code went to"

    def text_of(self, binding):
        """The newest text of a set-up: a confirmation on the way to it may have brought one of its own."""
        sent = self.database.all(SentCode, SentCode.attempt == f"binding:{binding.id}")
        newest = max(sent, key=lambda row: row.created_at)
        return next(text for text in self.inbox.of(self.maria) if text.row == newest.outbox_id)

    def take(self, before, binding, key, tab):
        """The model after a proof."""
        if tab.status == 422:
            assert re.search("expired|older text|no longer works|already used|Too many", tab.problems[0]), tab.problems
            return
        if tab.path == CODES:
            self.codes = tab.read_codes()
        assert set(self.live()) == (set(before) - {binding.replaces}) | {binding.id}
        self.proved.pop(binding.replaces, None)
        self.proved[binding.id] = key

    @rule(at=tab, path=st.sampled_from([SECURITY, SCAN, NUMBER, CODE, CODES, "/home"]))
    def reload(self, at, path):
        """Opens any page by its address: nothing changes."""
        kept = [(row.id, row.secret_sealed) for row in self.database.all(Authenticator)]
        self.tabs[at].open(path)
        assert [(row.id, row.secret_sealed) for row in self.database.all(Authenticator)] == kept

    @precondition(lambda self: self.binding())
    @rule(at=tab)
    def cancel(self, at):
        tab = self.at(self.tabs[at], NUMBER)
        if tab.offers("Cancel") and tab.path in (SCAN, NUMBER, CODE):
            tab.press("Cancel")
            assert self.binding() is None

    @precondition(lambda self: len(self.proved) > 1)
    @rule(at=tab, last=st.booleans())
    def remove(self, at, last):
        """Takes one of several away."""
        gone = list(self.proved)[-1 if last else 0]
        tab = self.at(self.tabs[at], f"{SECURITY}/authenticators/{gone}/remove")
        if tab.heading.startswith("Remove"):
            tab.press("Remove")
            del self.proved[gone]

    @precondition(lambda self: self.proved)
    @rule(at=tab, right=st.sampled_from([True, True, False]))
    def disable(self, at, right):
        """Turns it off with the password, or tries with a wrong one: then nothing changes."""
        tab, kept = self.at(self.tabs[at], f"{SECURITY}/disable"), dict(self.proved)
        assert tab.heading == "Disable two-factor authentication"
        tab.insist("Disable", Current_password=self.maria.password if right else "wrong on purpose")
        if right:
            assert tab.path == SECURITY and tab.offers("Enable")
            self.proved = {}
            assert self.binding() is None, "a set-up outlives the factors that it would replace"
        else:
            assert tab.status == 422 and self.proved == kept

    @precondition(lambda self: not self.proved)
    @rule(at=tab)
    def disable_what_is_off(self, at):
        """A form of a while ago, sent by hand: there is nothing to turn off, and what is being set up stays."""
        tab, before = self.at(self.tabs[at], SECURITY), self.binding()
        tab.post(f"{SECURITY}/disable", {"password": self.maria.password, "generation": str(self.user.generation)})
        assert (self.binding() is None) == (before is None)

    @rule(minutes=st.sampled_from([1, 6, 16, 31]))
    def wait(self, minutes):
        self.clock.move(minutes=minutes)

    @rule(at=tab)
    def sign_out(self, at):
        tab = self.tabs[at].open("/home")
        if tab.path == "/home":
            tab.press("Sign out")

    @precondition(lambda self: self.proved)
    @rule(at=tab, which=st.integers(0, 3))
    def sign_in_with(self, at, which):
        """Whatever was proved opens the account."""
        tab = self.tabs[at].another()
        self.clock.move(minutes=1)
        tab.sign_in(self.maria)
        assert tab.path == "/sign-in/code", "the password alone opens the account"
        assert self.answer(tab, list(self.proved)[which % len(self.proved)]), "a proved factor does not open the account"

    # --- what never happens

    @invariant()
    def never_on_without_a_proof(self):
        on = self.user.two_factor == "on"
        assert on == bool(self.proved)
        mine = (BackupCodeSet.user_id == self.user.id, BackupCodeSet.replaced_at.is_(None))
        assert on == bool(self.database.all(BackupCodeSet, *mine)), (
            "backup codes live without an authenticator, or it without them"
        )

    @invariant()
    def what_is_live_is_what_was_proved(self):
        assert set(self.live()) == set(self.proved)
        same = [self.secret(row) == self.proved[row.id] for row in self.live().values() if self.proved[row.id]]
        assert all(same), "an authenticator has another secret than the one that was proved"

    @invariant()
    def never_two_secrets_for_one(self):
        secrets = [self.secret(row) for row in self.live().values() if self.proved[row.id]]
        different = len(set(secrets)) == len(secrets)
        assert different
        assert len(self.database.all(Binding, Binding.user_id == self.user.id)) <= 1
        assert self.database.all(User, User.username != "maria", User.two_factor == "off", User.generation > 0) == []


@pytest.mark.long
def test_in_any_order_nobody_is_locked_out_and_nothing_is_on_unproved(world, clock):
    SecondFactor.world, SecondFactor.clock = world, clock
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
        seed(int(SEED))(SecondFactor)
    run_state_machine_as_test(SecondFactor, settings=bounds)
