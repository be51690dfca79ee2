"""What never happens while an account is recovered, whatever people do: looked at after each deed, in one read."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session as Transaction

from portal.flows.base import recovery_cases as states
from portal.flows.messages.notices import outbox_place
from portal.models import Authenticator, Binding, Link, Outbox, RecoveryCase, Session, User
from tests.machine.recovery_desk import UNDECIDED, Desk
from tests.machine.recovery_ground import NUMBER, SECOND
from tests.support.journal import NAME

DAY = timedelta(hours=24)
NOTICES = {  # of a case that comes into a state, to every address
    states.PROVING: "recovery_begun",
    states.WAITING: "recovery_waiting",
    states.CHECKING: "recovery_checking",
    states.ANSWERING: "recovery_more",
    states.READY: "recovery_ready",
    states.SETTING_UP: "recovery_set_up",
    states.DONE: "recovery_done",
    states.STOPPED: "recovery_stopped",
    states.REFUSED: "recovery_refused",
}  # fmt: skip
UNTOLD = {  # a new password took the proof away, somebody answered, no notice of the wait got out, or who had approved has left support
    (states.WAITING, states.PROVING), (states.READY, states.PROVING), (states.ANSWERING, states.CHECKING),
    (states.WAITING, states.CHECKING), (states.DECIDING, states.CHECKING),
}  # fmt: skip
TEXTED = (states.WAITING, states.SETTING_UP)  # with the link that stops it


@dataclass(frozen=True)
class Look:
    """The rows of the account, all of one moment."""

    user: User
    cases: list
    on_hold: list  # of each authenticator
    links: list  # to set up, that work
    sessions: list  # besides those that owe a code
    bindings: list
    outbox: list  # what is new there


class Watch(Desk):
    def __init__(self, *given):
        super().__init__(*given)
        self.seen, self.stage, self.held, self.written = set(), {}, False, 0

    def look(self):
        own = self.user_id
        with Transaction(self.database.engine, expire_on_commit=False) as session:
            unused = (Link.user_id == own, Link.purpose == "recovery_set_up", Link.used_at.is_(None))
            live = (Session.user_id == own, Session.ended_at.is_(None), Session.level != "claimant")
            columns = select(Outbox.id, Outbox.kind, Outbox.template, Outbox.to_sealed).where(Outbox.user_id == own)
            new = [row for row in session.execute(columns) if row.id not in self.seen]
            return Look(
                session.get_one(User, own),
                list(session.scalars(select(RecoveryCase).where(RecoveryCase.user_id == own))),
                [
                    at is not None
                    for at in session.scalars(select(Authenticator.suspended_at).where(Authenticator.user_id == own))
                ],
                list(session.scalars(select(Link.id).where(*unused))),
                list(session.scalars(select(Session.id).where(*live))),
                list(session.scalars(select(Binding.id).where(Binding.user_id == own))),
                new,
            )

    def watch(self):
        """Looks once, and finds nothing that must not be; unless nothing was written since."""
        written = len(self.world.app.extensions[NAME].written)
        if written == self.written:
            return
        self.written, look = written, self.look()
        told = self.read_told(look.outbox)
        assert sum(case.ended_at is None for case in look.cases) <= 1
        self.nothing_changed_but_by_the_link(look)
        self.everybody_knows_of_a_lost_phone(told)
        case = max(look.cases, key=lambda each: (each.ended_at is None, each.opened_at, each.state_since), default=None)
        if case is not None:
            self.nobody_is_in_after_the_end(look, case)
            self.everybody_is_told(case, told)
            self.the_day_was_waited_out(case)

    def read_told(self, rows):
        """Returns (kind, template) -> addresses of what is new in the outbox."""
        self.seen |= {row.id for row in rows}
        told = {}
        for row in rows:
            to = self.database.keys.open(row.to_sealed, outbox_place(row.id, "to"))
            told.setdefault((row.kind, row.template), Counter())[to] += 1
        return told

    def nothing_changed_but_by_the_link(self, look):
        assert look.user.two_factor == self.factors
        assert look.on_hold == [self.is_suspended] * (self.factors == "on"), "codes are on hold, or not, without a reason"

    def everybody_knows_of_a_lost_phone(self, told):
        was, self.held = self.held, self.is_suspended
        if was != self.held and self.factors == "on":
            assert set(told["mail", "phone_lost" if self.held else "phone_restored"]) == {self.own, SECOND}

    def nobody_is_in_after_the_end(self, look, case):
        """While the factors are void, only an open case has a session, a key, and a link."""
        if case.ended_at is None:
            return
        assert not look.links, "a link outlives its case"
        assert self.factors != "reset" or not (look.sessions or look.bindings), "somebody is in after the end"

    def everybody_is_told(self, case, told):
        """Each step of a case is told to every confirmed address, and to no other."""
        before, self.stage[case.id] = self.stage.get(case.id), case.state
        if before == case.state:
            return
        self.reached[case.state] += 1
        template = NOTICES.get(case.state)
        if case.state == states.READY and before in (*UNDECIDED, states.DECIDING):
            assert set(told["mail", "recovery_ready"]) == {self.own}
            template = "recovery_approved"
        if template and (before, case.state) not in UNTOLD:
            assert set(told.get(("mail", template), ())) == {self.own, SECOND}, f"{case.state} is not told to all"
            assert case.state not in TEXTED or set(told.get(("text", template), ())) == {NUMBER}

    def the_day_was_waited_out(self, case):
        """No link before every notice has been out for 24 hours, if what was shown is no factor of the account (RC-6)."""
        if case.state not in (states.READY, states.SETTING_UP) or case.backup_code_at or case.identity_at:
            return
        rows = self.database.all(Outbox, Outbox.id.in_(case.notice_ids))
        out = {each.id: each.at for each in self.post.taken}
        assert case.notice_ids and all(row.id in out or row.state in ("failed", "expired") for row in rows)
        assert max(out[row.id] for row in rows if row.id in out) <= self.clock.now - DAY
