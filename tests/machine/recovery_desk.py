"""What support does with a case, and who stops one: by a link in an email or a text, in a session, at support, or as the one who asked."""

from sqlalchemy import update
from sqlalchemy.orm import Session as Transaction

from portal.flows.base import recovery_cases as states
from portal.models import Binding, Link, RecoveryCase, Session
from tests.machine.recovery_ground import DUE, NUMBER, SECOND, WORTH
from tests.machine.recovery_requests import Requests

STOP = r"/recovery/stop/\w{96}"
ALARM = "Someone asked to get into your account with a new phone."
UNDECIDED = (states.CHECKING, states.ANSWERING)
REASONS = {"approve": "reason", "refuse": "reason", "ask": "question"}  # the field of each decision
PLACES = {"support": "/support/waiting/recovery", "administrator": "/ehr/settings/team/approvals/waiting/recovery"}


class Desk(Requests):
    """`reached` counts which channel has stopped a case in which state."""

    def __init__(self, world, clock, username, reached):
        super().__init__(world, clock, username)
        self.reached = reached

    # --- support

    def sit_down(self, agent):
        """Returns an agent's browser, who has just confirmed who they are; None if they cannot sign in."""
        now = dict.fromkeys(("password_at", "second_factor_at", "last_seen_at"), self.clock.now)
        own = (Session.user_id == agent.user_id, Session.level == "aal2", Session.ended_at.is_(None))
        with self.database.engine.begin() as connection:
            proved = update(Session).where(*own).values(**now, ends_at=self.clock.now + states.LIVES[states.ASKED] / 24)
            if connection.execute(proved).rowcount and agent.tab.cookie():
                return agent.tab
        tab = self.claim(agent.person.username, agent.person.password)
        if tab is None or not self.type_code(tab, agent.person.key):
            return None
        agent.tab = tab
        return tab

    def decide(self, agent, deed, checks=()):
        """An agent takes the case, saves checks, approves, refuses, or asks for more; the portal allows no more than the model."""
        before, tab = self.case(), self.sit_down(agent)
        if before is None or tab is None:
            return
        path = f"/support/recovery/{before.id}"
        if deed == "take":
            answer = self.send(tab, f"{path}/take", seen=before.agent_id or 0)
        elif deed == "checks":
            answer = self.send(tab, f"{path}/checks", checks=list(checks))
        else:
            answer = self.send(tab, f"{path}/decide/{deed}", **{REASONS[deed]: "As they said on the phone."})
        if answer.status_code != 303 or not answer.location.startswith(path):
            return
        assert not agent.has_left and agent.role == "support", f"{agent.person.username} may {deed} no case"
        assert before.agent_id == agent.user_id or deed == "take", f"an agent who has not taken the case may {deed}"
        self.note_decision(agent, deed, before, checks)

    def note_decision(self, agent, deed, before, checks):
        """Compares what a decision did to what it may do."""
        after = self.read(before.id)
        if deed == "checks":
            counting = set(checks) - ({"call_back"} if self.is_young(self.changed_at.get("phone_changed")) else set())
            self.ticked[before.id] = sum(WORTH[each] for each in counting)
        elif deed == "approve":
            assert before.state in UNDECIDED and self.ticked.get(before.id, 0) >= DUE, "approved without enough checks"
            self.second_due[before.id], self.approved[before.id] = self.needs_second(), [agent]
            assert after.state == (states.DECIDING if self.needs_second() else states.READY), "the wrong number of people decides"
        elif deed == "refuse":
            assert after.state == states.REFUSED
            self.end(before, "support")

    def decide_second(self, agent, answer):
        """Somebody decides what another agent approved."""
        before, tab = self.case(), self.sit_down(agent)
        if before is None or tab is None:
            return
        self.send(tab, f"{PLACES[agent.role]}/{before.id}", answer=answer)
        after = self.read(before.id)
        if after.state == before.state:
            return
        [first] = self.approved[before.id]
        assert before.state == states.DECIDING and after.state == (states.READY if answer == "approve" else states.REFUSED)
        assert agent is not first and agent.user_id != self.user_id, "somebody decides alone, or about themselves"
        assert not agent.has_left and not first.has_left, "somebody decides who may no more, or on the word of such an agent"
        if answer == "approve":
            self.approved[before.id].append(agent)
        else:
            self.end(before, "second")

    def read(self, case_id):
        return self.database.all(RecoveryCase, RecoveryCase.id == case_id)[0]

    # --- who stops it

    def end(self, case, channel):
        self.over.add(case.id)
        self.inside = None
        self.reached[channel, case.state] += 1

    def stop(self, channel, party):
        """By one of the channels. If it is open to this person now, the case ends."""
        case = self.case()
        if not self.is_open(case):
            return
        can = {
            "email": lambda: self.stop_by_link(case, [self.own, SECOND]),
            "text": lambda: self.stop_by_link(case, [NUMBER]),
            "session": lambda: self.stop_at_home(case),
            "requester": lambda: self.cancel(case, party),
            "support": lambda: self.refuse(case),
        }[channel]()
        if can:
            after = self.read(case.id)
            told = (states.REFUSED, None) if channel == "support" else (states.STOPPED, "email" if channel == "text" else channel)
            assert (after.state, after.stopped_by) == told, f"{channel} does not stop a case that is {case.state}"
            if channel != "support":
                self.end(case, channel)

    def stop_by_link(self, case, addresses):
        """Any message about it that reached the owner has the link."""
        link = self.post.find(addresses, STOP)
        return link is not None and case.id in link and self.send(self.tab(), link).status_code == 303

    def at_home(self):
        """Returns the owner's browser on a page of their own, signed in to the end; None if they cannot."""
        page = "/ehr/charts" if self.is_staff else "/home"
        if self.home.open(page).path == page:
            return self.home
        return self.home.open(page) if self.sign_in(self.owner) and self.home.open(page).path == page else None

    def stop_at_home(self, case):
        tab = self.at_home()
        if tab is None or not self.is_open(case):
            return False
        has_alarm = any(ALARM in notice for notice in tab.notices)
        assert has_alarm == (case.state != states.ASKED), "the owner's pages do not say so"
        if has_alarm:
            self.send(tab, "/recovery/stop")
        return has_alarm

    def cancel(self, case, party):
        return party.page and party.case == case.id and self.send(party.tab, f"{party.page}/cancel").status_code == 303

    def refuse(self, case):
        """Support takes the case, if it has it not yet, and refuses."""
        agent = self.agents[0]
        if case.state == states.ASKED or agent.has_left:
            return False
        if case.agent_id != agent.user_id:
            self.decide(agent, "take")
        self.decide(agent, "refuse")
        return True

    # --- as if nobody had

    def keep(self):
        """Returns the rows that a stop changes, and what the model holds of them."""
        rows = [
            row
            for table in (RecoveryCase, Link, Session, Binding)
            for row in self.database.all(table, table.user_id == self.user_id)
        ]
        return rows, {"over": set(self.over), "inside": self.inside}

    def put_back(self, kept):
        rows, model = kept
        with Transaction(self.database.engine) as session:
            for row in rows:
                session.merge(row)
            session.commit()
        self.over, self.inside = set(model["over"]), model["inside"]
        self.stage[self.case().id] = self.case().state
