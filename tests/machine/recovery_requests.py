"""What people do who want into an account: ask, prove, set up again, sign in, report the phone as lost, and choose a new password."""

from portal.flows.base import recovery_cases as states
from tests.machine.recovery_ground import NUMBER, REST, Ground
from tests.support.digits import totp
from tests.support.markup import squeeze

SET_UP, NEW_PASSWORD, FOUND = r"/recovery/set-up/[\w-]{43}", r"/new-password/[\w-]{43}", r"/phone-found/[\w-]{43}"
CODE, TEXTED = r"^\d{8}$", r"^\d{6}(?= is the code to get back)"
WRONG = {"password": "wrong on purpose", "text": "000000", "backup_code": "0000-0000-0000-0000"}
LANDED = ("/home", "/ehr/charts")


class Requests(Ground):
    """Every step asserts that the portal let it happen only if the model does."""

    # --- a recovery

    def ask(self, party):
        answer = self.send(party.tab, "/contact-support", email=self.own, practice="", story="")
        if answer.status_code == 303 and answer.location.startswith("/recovery/"):
            party.page, party.case = answer.location, ""
        self.post.work()

    def confirm(self, party, right=True):
        """Types the code that the newest email brought, if the mailbox is theirs; else a guess."""
        code = self.post.find([self.own], CODE) if party.mailbox and right else "00000000"
        if not party.page or code is None:
            return
        if self.send(party.tab, party.page, code=code).status_code == 303:
            assert code != "00000000", "a guess is taken"
            party.case = self.case().id
            self.browsers.setdefault(party.case, set()).add(party)

    def prove(self, party, kind, right=True):
        """Shows a second proof, sent by hand, whatever the page offers: a right one that they have, or a wrong one."""
        if not party.page:
            return
        shown, before = self.has(party, kind) if right else None, self.case()
        name = "password" if kind == "password" else "code"
        self.send(party.tab, f"{party.page}/{kind.replace('_', '-')}", **{name: shown or WRONG[kind]})
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

    def ask_support(self, party):
        before = self.case()
        if not party.page or before is None:
            return
        self.send(party.tab, f"{party.page}/support")
        after = self.case()
        if before.state == states.PROVING and (after.id, after.state) == (before.id, states.CHECKING):
            assert party.case == before.id, "support is asked without the mailed code"
            self.asker[before.id] = party

    def answer(self, party):
        """Answers what support asked for."""
        before = self.case()
        if party.page and self.send(party.tab, f"{party.page}/answer", answer="The blue one.").status_code == 303:
            assert (before.state, party.case) == (states.ANSWERING, before.id)

    def use_link(self, party, right=True):
        """Uses the newest link to set up, with the password that they know: the one way in."""
        link, before = self.post.find([self.own], SET_UP) if party.mailbox else None, self.case()
        if link and self.send(party.tab, link, password=(right and party.knows) or WRONG["password"]).status_code == 303:
            assert right, "the link lets somebody in without the password"
            self.may_enter(party, before)
            self.factors, self.is_suspended, self.inside = "reset", False, party
            for each in self.parties:
                each.has_app, each.codes = False, []

    @property
    def wizard(self):
        return f"{'/ehr/settings' if self.is_staff else '/account'}/security/two-factor"

    def scan(self):
        """Whoever is in asks for a new key; returns it, or None if set-up is closed to them."""
        before, tab = self.case(), self.inside.tab
        self.send(tab, self.wizard, method="totp")
        if tab.open(f"{self.wizard}/totp/scan").path != f"{self.wizard}/totp/scan":
            return None
        assert before.state == states.SETTING_UP and self.is_open(before), "set-up is open after the end"
        return squeeze(tab.page.one("code", id="key").text)

    def finish(self):
        """Whoever is in types the new key's code."""
        key, party = self.scan(), self.inside
        if key is None:
            return
        assert self.send(party.tab, f"{self.wizard}/totp/scan", code=totp(key, self.clock.now)).location.endswith("/backup-codes")
        self.key, self.inside, self.factors = key, None, "on"
        party.has_app, party.codes = True, party.tab.open(f"{self.wizard}/backup-codes").read_codes()

    # --- signing in

    def claim(self, username, password):
        """Returns a browser that the password was shown in, and that a code is due in; else None."""
        tab = self.tab()
        answer = self.send(tab, "/sign-in", username=username, password=password)
        return tab if answer.location == "/sign-in/code" else None

    def type_code(self, tab, key):
        """Types the app's next code; returns whether that completes the sign-in."""
        self.clock.next_code()
        return self.lands(self.send(tab, "/sign-in/code", code=totp(key, self.clock.now)))

    def lands(self, answer):
        return answer.status_code == 303 and answer.location.startswith((*LANDED, "/support"))

    def sign_in(self, party):
        """With password and app; returns whether they are in."""
        tab = self.claim(self.subject.username, party.knows) if party.has_app else None
        if tab is None or not self.type_code(tab, self.key):
            return False
        assert party.knows == self.password and self.factors == "on"
        assert not self.is_suspended, f"the {party.name} is in with a phone that was reported lost"
        self.is_bound = True
        if party is self.owner:
            self.home = tab
        return True

    # --- the phone is lost, and found

    def lose_phone(self, party):
        """Whoever knows the password puts the codes on hold, at once."""
        tab = self.claim(self.subject.username, party.knows)
        if tab and self.send(tab, "/sign-in/lost-phone").status_code == 303:
            self.is_suspended = True

    def take_back(self, party, by):
        """Takes the codes back: by a fresh emailed link and the password, or signed in with a backup code."""
        tab = self.claim(self.subject.username, party.knows)
        if by == "link":
            if tab:
                self.send(tab, "/sign-in/lost-phone/found")
                self.post.work()
            link = self.post.find([self.own], FOUND) if party.mailbox else None
            if link and self.send(self.tab(), link, password=party.knows or "x").status_code == 303:
                assert party.knows == self.password and not self.rests_on_mailbox(), (
                    "the mailbox alone takes a lost phone's codes back"
                )
                self.is_suspended = False
        elif tab and party.codes and self.lands(self.send(tab, "/sign-in/backup-code", code=party.codes.pop())):
            self.is_bound = True
            side = "/ehr/settings" if self.is_staff else "/account"
            assert self.send(tab, f"{side}/security/authenticators/found").status_code == 303
            self.is_suspended = False

    def choose_a_new_password(self, party):
        """By an emailed link, as anybody can who reads the mailbox."""
        self.send(party.tab, "/forgot-password", username=self.subject.username)
        self.post.work()
        link, chosen = self.post.find([self.own], NEW_PASSWORD), f"quiet meadow by the river {len(self.post.taken)}"
        if link is None or not party.mailbox or self.send(self.tab(), link, new_password=chosen).status_code != 303:
            return
        self.password = party.knows = chosen
        self.mailed_at, self.is_bound = self.clock.now, False
        self.proofs = {case: [each for each in shown if each[0] != "password"] for case, shown in self.proofs.items()}

    def rest(self):
        """Lets the changes grow old, and the owner sign in."""
        self.wait(REST.total_seconds() / 3600 + 1)
        self.sign_in(self.owner)
