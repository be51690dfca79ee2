"""What is typed, mailed, texted, and said in an account recovery is its reader's alone: not in logs, addresses, or rows (RC-7)."""

import html
import re

import pytest

from tests.support import canary, resets
from tests.support.locked import SET_UP, STOP, Locked, bench
from tests.support.loud import heap, said
from tests.support.server import running_server
from tests.support.wire import PASSWORD, Wire

WORDS = {  # what people type; none of it is a word of the portal's
    "practice": "Canarybrook Dermatology",
    "story": "My canaryphone sank off Canarypoint",
    "note": "Canarynote about the passport",
    "question": "Canaryquestion about the clinic",
    "answer": "Canaryanswer from the sofa",
    "reason": "Canaryreason on video",
    "password": "Wrong-canary-7hQ2-lantern",
}
WRONG_BACKUP_CODE = "7K2M-Q9TX-4WRB-7K2M"


class Witness(Wire):
    """A browser that keeps each address it asked for, with the headers of the answer."""

    def __init__(self, server):
        super().__init__(server)
        self.seen = []

    def _ask(self, method, path, body):
        answer = super()._ask(method, path, body)
        self.seen.append(f"{path} {answer.headers}")
        return answer


class Story(Locked):
    """A recovery through support, with an error at each form."""

    def __init__(self, server):
        super().__init__(server, "maria", comes_to="nothing")
        self.browser = Witness(server)
        phone = "UPDATE users SET phone_confirmed_at = created_at WHERE username = 'maria'"
        self.rows.change("UPDATE users SET created_at = '2020-01-01 00:00:00+00:00' WHERE username = 'maria'", phone)
        self.desk = Witness(server)

    def tell(self):
        """Asks, proves nothing, asks support, is asked, answers, and is approved; returns the secrets by name."""
        person = self.browser
        form = {"email": "maria@example.test", "practice": WORDS["practice"], "story": WORDS["story"]}
        self.page = person.send("/contact-support", **form).location
        person.open(self.page)
        mailed = self.mailed_code()
        wrong_code = f"{(int(mailed) + 1) % 10**8:08}"
        assert person.post(self.page, code=wrong_code).status == 422
        assert person.post(self.page, code=mailed).status == 303
        person.open(self.page)
        assert person.post(f"{self.page}/password", password=WORDS["password"]).status == 422
        assert person.post(f"{self.page}/backup-code", code=WRONG_BACKUP_CODE).status == 422
        assert person.post(f"{self.page}/text/send").status == 303
        texted = re.search(r"(\d{6}) is the code to get back", bench(self.server))[1]
        assert person.post(f"{self.page}/text", code=f"{(int(texted) + 1) % 10**6:06}").status == 422
        assert person.post(f"{self.page}/support").status == 303
        checking = person.open(self.page)
        words = self.call_back_words(checking)
        self.decide()
        page = bench(self.server)
        link, stop = re.search(SET_UP, page)[0], re.search(STOP, page)[0]
        assert person.send(link, password=WORDS["password"]).status == 422
        assert person.send(link, password=PASSWORD).status == 303
        tokens = {"link": link.rpartition("/")[2], "stop": stop.rpartition("/")[2]}
        digits = {"mailed code": mailed, "wrong mailed code": wrong_code, "texted code": texted}
        return {**WORDS, **tokens, **words, "backup code": WRONG_BACKUP_CODE}, digits

    def call_back_words(self, checking):
        """Returns both sides' words, as the person's page shows them."""
        found = re.findall(r"(?:Support says|You answer) ([a-z]+ [a-z]+)", checking.lines)
        assert len(found) == 2, checking.lines
        return {"support's words": found[0], "the person's words": found[1]}

    def decide(self):
        """An agent takes the case, writes, asks, reads the answer, and approves."""
        entered = resets.enter(self.server, "support")
        self.desk.cookies, self.desk.token = dict(entered.cookies), entered.token
        case = f"/support/recovery/{self.rows.one('SELECT id FROM recovery_cases')}"
        self.desk.open(case)
        assert self.desk.post(f"{case}/take").status == 303
        assert self.desk.post(f"{case}/notes", note=WORDS["note"]).status == 303
        assert self.desk.send(f"{case}/decide/ask", question=WORDS["question"]).status == 303
        person = self.browser
        person.open(self.page)
        assert person.post(f"{self.page}/answer", answer=WORDS["answer"]).status == 303
        self.desk.open(case)
        assert WORDS["answer"] in html.unescape(self.desk.get(case).text)
        assert self.desk.post(f"{case}/checks", checks="video_id").status == 303
        assert self.desk.send(f"{case}/decide/approve", reason=WORDS["reason"]).status == 303


@pytest.fixture
def portal(site):
    """A portal that logs everything there is to log, each request and each statement."""
    with running_server(site, workers=2, **said(site)) as server:
        yield server


def spelled(secrets):
    """Returns the spellings of each secret, by name."""
    return {
        name: canary.of_backup_code(text) if "backup" in name else canary.of_text(text) | canary.of_text(text.replace(" ", "+"))
        for name, text in secrets.items()
    }


def found_in(places, needles):
    return {f"{name} in {place}" for place, raw in places.items() for name, forms in needles.items() if canary.hits(raw, forms)}


def test_nobody_but_its_reader_meets_what_a_recovery_says(portal, postgres):
    story = Story(portal)
    secrets, digits = story.tell()
    log = portal.log.read_text()
    assert "/contact-support" in log and "INSERT INTO recovery_tickets" in log, "requests and statements are not logged"
    page = bench(portal)
    subjects = "\n".join(re.findall(r"<h3[^>]*>(.*?)</h3>", page))
    assert "Your code for getting back" in subjects
    travelled = "\n".join(story.browser.seen + story.desk.seen)
    in_links = ("link", "stop")  # these are read from an address, which the log names without its token
    places = {"subjects": subjects.encode(), "log": log.encode(), "heap": heap(portal, postgres)}
    assert found_in(places, spelled(secrets)) == set()
    travels = {name: value for name, value in secrets.items() if name not in in_links}
    assert found_in({"addresses": travelled.encode()}, spelled(travels)) == set()
    mails = [re.sub(r"<[^>]+>", " ", each) for each in re.findall(r"<article.*?</article>", page, re.DOTALL)]
    assert found_in({"mails": "\n".join(mails).encode()}, spelled(travels)) == set()
    plain = {"log": re.sub(r"[.,]\d{6}", "", log), "subjects": subjects, "addresses": travelled}
    assert {name: canary.digits_in(raw, digits.values()) for name, raw in plain.items()} == dict.fromkeys(plain, 0)
    assert sum(canary.digits_in(cell, digits.values()) for cell in story.rows.texts()) == 0
