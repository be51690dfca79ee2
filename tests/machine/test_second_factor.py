"""Somebody sets up, changes, adds, cancels, reloads, waits, signs in and turns it off, in any order: three things never happen.

Never locked out with a proved factor in hand, never two live secrets for one authenticator, never on, or signed in, without a proof.
Passkeys are among the factors: synced or not, lost, copied, answered for in two tabs, and switched off by the operator meanwhile.
The walks are always the same; `make soak` takes others, and more of them.
"""

import json
import re

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from portal import methods, passwords, send_limits
from portal.models import Authenticator, BackupCodeSet, Binding, SentCode, Session, User, secret_place
from tests.methods.test_passkey import ORIGIN, hand_in, options
from tests.methods.test_passkey import STEP as CREATE
from tests.support.client import CODES, SCAN, Browser
from tests.support.digits import totp
from tests.support.hashing import CHEAP
from tests.support.markup import squeeze
from tests.support.passkeys import SYNCABLE, SYNCED, Passkey, encode
from tests.support.people import Database, Person
from tests.support.soak import SEED, length
from tests.support.texts import CODE, NUMBER, Inbox

SECURITY = "/account/security"
RENEW = f"{SECURITY}/backup-codes"
KINDS = {"totp": "Authenticator App", "sms": "Text Message (SMS)", "passkey": "Passkey"}
NUMBERS = ("(503) 555-0164", "(608) 555-0117", "(415) 555-0132")
EXAMPLES, STEPS = length(10, 60), 14


class SecondFactor(RuleBasedStateMachine):
    """One patient with two browsers. `proved` is the model: authenticator id -> key of the app, a Passkey, or None for a number.

    `lost` are the passkeys whose device is gone; `codes` the backup codes on paper.
    """

    world = clock = None

    def __init__(self):
        super().__init__()
        self.world.begin_anew()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(passwords, "HASHER", CHEAP)
        self.patch.setattr(send_limits, "LIMITS", send_limits.LIMITS[:1])  # the other limits on texts have tests of their own
        self.patch.setattr(methods, "ADDITIONAL", ["passkey"])
        self.database = Database(self.world.app)
        self.inbox = Inbox(self.database)
        known = self.world.people["maria"]
        self.maria = Person(known.username, known.password, known.name, clock=self.clock)
        self.tabs = [Browser(self.world.app), Browser(self.world.app, "htmx")]
        for tab in self.tabs:
            tab.is_spared = False
        self.proved, self.lost, self.codes = {}, set(), []

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

    @initialize(kind=st.sampled_from([None, "passkey", "passkey", *sorted(KINDS)]))
    def begin(self, kind):
        self.enter(self.tabs[0])
        if kind:
            self.set_up(0, kind, "add", NUMBERS[0])
        if kind == "passkey":
            self.meet_a_passkey("copied")

    def enter(self, tab):
        """Signs in with whatever is at hand, oldest first."""
        self.clock.move(minutes=1)
        tab.sign_in(self.maria)
        if tab.path == "/sign-in/code":
            assert self.answer(tab, next(iter(self.at_hand()), None)), "a proved factor does not open the account"

    def at_hand(self):
        """Returns the ids of the authenticators that can answer now."""
        is_off = not methods.ADDITIONAL
        return [each for each, key in self.proved.items() if each not in self.lost and not (is_off and isinstance(key, Passkey))]

    def answer(self, tab, authenticator):
        """Answers the code page with one authenticator, or with a backup code; returns whether that led on."""
        self.ask(tab, authenticator, "/sign-in/send", "/sign-in/code")
        self.give(tab, authenticator, "Verify")
        return not tab.path.startswith("/sign-in")

    def ask(self, tab, authenticator, send, page):
        """Goes to the question of an authenticator; a text is sent."""
        key = self.proved.get(authenticator, "")
        if key is None:
            self.clock.move(minutes=1)
            assert tab.post(send, {"authenticator": authenticator}).status_code == 303
        asks = "passkey" if isinstance(key, Passkey) else "code"
        tab.open(f"{page}{'&' if '?' in page else '?'}authenticator={asks}")

    def give(self, tab, authenticator, button, **typed):
        """Answers the question of an authenticator, or of backup codes, and presses the button."""
        key = self.proved.get(authenticator, "")
        if isinstance(key, Passkey):
            own = button if tab.offers(button) else "Use your passkey"
            hand_in(tab, own, key.answer(options(tab)), **typed)
            return
        if key:
            self.clock.next_code()
        code = totp(key, self.clock.now) if key else self.inbox.code(self.maria) if key is None else self.codes.pop()
        tab.insist(button, **typed, Verification_Code=code)

    def renew_codes(self, tab):
        tab.open(RENEW).press("Regenerate Backup Codes")
        self.codes = tab.read_codes()

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
        if self.proved and not self.codes:
            self.renew_codes(tab)
            tab.open(path)
        return tab

    def confirm(self, tab, button="Continue", password=None):
        """Shows both factors again, on the page that asks for them."""
        typed = {"Current_password": password or self.maria.password}
        if not self.proved:
            tab.insist(button, **typed)
            return
        authenticator = next(iter(self.at_hand()), None)
        self.ask(tab, authenticator, f"{tab.path}/send?{tab.query}", f"{tab.path}?{tab.query}")
        self.give(tab, authenticator, button, **typed)

    tab = st.integers(0, 1)
    kind = st.sampled_from(sorted(KINDS))

    @rule(at=tab, kind=kind, aim=st.sampled_from(["change", "add"]))
    def choose(self, at, kind, aim):
        """Begins a set-up: the first, one in place of another, one more."""
        tab = self.tabs[at]
        aims = {"change": f"?change={next(iter(self.proved), '')}", "add": "?add=1"} if self.proved else {aim: ""}
        self.at(tab, SECURITY + "/two-factor" + aims[aim])
        offered = [each["value"] for each in tab.page.all("input", type="radio")]
        if tab.heading.startswith("Choose how to") and kind in offered:
            tab.choose(KINDS[kind])
            tab.press("Continue")

    @rule(at=tab, kind=kind, aim=st.sampled_from(["change", "add"]), number=st.sampled_from(NUMBERS), hasty=st.booleans())
    def set_up(self, at, kind, aim, number, hasty=False):
        """The straight road, from the choice to the proof; whoever is hasty types another number before the first code."""
        self.choose(at, kind, aim)
        self.clock.move(minutes=1)
        if self.binding() and self.binding().method == "sms":
            self.type_a_number(at, number)
            if hasty:
                self.type_a_number(at, next(each for each in NUMBERS if each != number))
        if self.binding():
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
        """Types the code of what is being set up, or a wrong one; or makes a passkey."""
        tab, before = self.at(self.tabs[at], CODE), self.live()
        if tab.path == CREATE:
            self.create(tab, before, right)
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

    def create(self, tab, before, right):
        """Makes a passkey, synced or not; for another address, or one that the account has, it is none."""
        known = next((key for key in self.proved.values() if isinstance(key, Passkey)), None)
        counts = 1 - len(before) % 2
        made = Passkey(ORIGIN, kind=SYNCABLE | SYNCED if counts else 0, count=counts)
        answer = options(tab)
        if not right and known:
            made = Passkey(ORIGIN, identity=known.identity)
        lies = {} if right or known else {"origin": "http://127.0.0.1:5001"}
        binding = self.binding()
        hand_in(tab, "Create a passkey", made.create(answer, **lies))
        if right:
            self.take(before, binding, made, tab)
        else:
            assert tab.status == 422 and set(self.live()) == set(before)

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
        self.lost.discard(binding.replaces)
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
            self.lost.discard(gone)

    @precondition(lambda self: self.proved)
    @rule(at=tab, name=st.sampled_from(["Blue phone", "Old laptop"]))
    def rename(self, at, name):
        """Its secret stays what was proved."""
        tab = self.at(self.tabs[at], f"{SECURITY}/authenticators/{next(iter(self.proved))}/name")
        tab.fill("Save", Name=name)
        assert tab.status in (200, 422)

    @precondition(lambda self: any(isinstance(key, Passkey) for key in self.proved.values()))
    @rule(how=st.sampled_from(["lost", "copied", "two tabs", "switched"]))
    def meet_a_passkey(self, how):
        """What happens to passkeys: none of it lets anybody in, and what is at hand still does."""
        name, key = next((name, key) for name, key in self.proved.items() if isinstance(key, Passkey))
        if how == "switched":
            self.patch.setattr(methods, "ADDITIONAL", [] if methods.ADDITIONAL else ["passkey"])
        elif how == "lost":
            self.lost.add(name)
        elif name in self.at_hand():
            self.answer_wrongly(name, key, how)

    def answer_wrongly(self, name, key, how):
        """A copy of a passkey that counts, or an answer to what another tab has asked for since."""
        tab = self.tabs[0].another()
        self.clock.move(minutes=1)
        tab.sign_in(self.maria)
        self.ask(tab, name, "/sign-in/send", "/sign-in/code")
        first = options(tab)
        if how == "copied" and key.count:
            given = key.answer(first, count=0)
        else:
            given = key.answer(first)
            options(tab)
        hand_in(tab, "Use your passkey", given)
        assert tab.status == 422 and tab.path == "/sign-in/code", "a copy, or an answer to something else, lets in"
        assert self.answer(tab, name), "a proved factor does not open the account"

    @precondition(lambda self: self.proved)
    @rule(at=tab, right=st.sampled_from([True, True, False]))
    def disable(self, at, right):
        """Turns it off with the password, or tries with a wrong one: then nothing changes."""
        tab, kept = self.at(self.tabs[at], f"{SECURITY}/disable"), dict(self.proved)
        assert tab.heading == "Disable two-factor authentication"
        password = self.maria.password if right else "wrong on purpose"
        if any(each.text == "Current password" for each in tab.page.all("label")) and not self.is_asked(tab):
            tab.insist("Disable", Current_password=password)
        else:
            self.confirm(tab, "Disable", password)
        if right:
            assert tab.path == SECURITY and tab.offers("Enable")
            self.proved, self.lost = {}, set()
            assert self.binding() is None, "a set-up outlives the factors that it would replace"
        else:
            assert tab.status == 422 and self.proved == kept

    def is_asked(self, tab):
        """Returns whether a page asks for a second factor, too."""
        return bool(tab.page.all("input", name="passkey") or tab.page.all("input", name="code"))

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
        can = [*self.at_hand(), None]  # or with a backup code
        assert self.answer(tab, can[which % len(can)]), "a proved factor does not open the account"
        if not self.codes:
            self.renew_codes(tab)

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
        assert all(self.is_same(row, self.proved[row.id]) for row in self.live().values()), (
            "an authenticator has another secret than the one that was proved"
        )

    def is_same(self, row, key):
        """Returns whether a row has the secret that was proved; a number is compared when its code is typed."""
        if isinstance(key, Passkey):
            return json.loads(self.secret(row))["id"] == encode(key.identity)
        return key is None or self.secret(row) == key

    @invariant()
    def nobody_is_in_without_the_proof(self):
        rows = self.database.all(
            Session, Session.user_id == self.user.id, Session.ended_at.is_(None), Session.level != "claimant"
        )
        assert all(
            (row.level, row.second_factor_at is None) == (("aal2", False) if self.proved else ("aal1", True)) for row in rows
        )

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
