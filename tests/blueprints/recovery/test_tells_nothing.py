"""EN-2, EN-3: no answer, header, length, or time of a recovery request tells a stranger whether an account exists.

The processor's time is measured: the clock on the wall would measure this machine's other work.
"""

import re
import time
from statistics import median

import pytest

ADDRESSES = {
    "on": "sam@example.test",
    "staff": "dr.okafor@example.test",
    "off": "maria@example.test",
    "nobody": "nobody.knows@example.test",
}
once = pytest.mark.once("measures the time of this process, which PostgreSQL's own is no part of")
TRIES, ROUND = 200, 40  # of each kind at most, and at once
TOLERANCE_SECONDS, TOLERANCE_SHARE = 0.010, 0.05
LOOKALIKE = "7K2M-Q9TX-4WRB-7K2M"  # of a backup code; spaced out, it is compared and taken
OWN = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}|(?<=name=\"csrf_token\" value=\")[^\"]+")


class Stranger:
    """A browser that sends one form after the other, without the checks of the tests' own browser."""

    def __init__(self, browser):
        browser.open("/contact-support")
        self.client, self.token = browser.client, browser.token

    def post(self, path, **form):
        """Returns the answer, and how long it took the processor."""
        began = time.thread_time()
        answer = self.client.post(path, data={**form, "csrf_token": self.token})
        return answer, time.thread_time() - began

    def ask(self, address):
        """Returns the address of the request's page, and how long the answer took."""
        answer, took = self.post("/contact-support", email=address, practice="", story=f"It has {' '.join(LOOKALIKE)}.")
        assert answer.status_code == 303
        return answer.headers["Location"], took


def is_even(took):
    """Returns whether medians differ by no more than is allowed, and whether they are so close that fewer tries do."""
    known, *others = (median(each) for each in took.values())
    largest, allowed = max(abs(other - known) for other in others), max(TOLERANCE_SECONDS, TOLERANCE_SHARE * known)
    return largest <= allowed, largest <= allowed * 3 / 4


def compare(measure, *kinds):
    """Measures the addresses of these kinds in turn until it is plain that they take as long; `measure` takes an address."""
    took = {kind: [] for kind in kinds}
    for _ in range(TRIES // ROUND):
        for _ in range(ROUND):
            for kind, times in took.items():
                times.append(measure(ADDRESSES[kind]))
        if is_even(took)[1]:
            break
    assert is_even(took)[0], {kind: median(each) for kind, each in took.items()}


def described(answer):
    """Returns all that an answer says, without what is every request's own."""
    headers = sorted((name, OWN.sub("…", value)) for name, value in answer.headers if name != "Set-Cookie")
    return answer.status_code, tuple(headers), OWN.sub("…", answer.text), len(answer.data)


@pytest.mark.parametrize("guise", [{}, {"HX-Request": "true", "HX-Target": "step"}])
def test_every_answer_on_the_way_is_the_same(plain, clock, guise):
    stranger, said = Stranger(plain), {}
    for kind, address in ADDRESSES.items():
        page, _ = stranger.ask(address)
        answers = [stranger.client.get(page, headers=guise)]
        forms = [{"code": "00000000"}] * 6 + [{"code": "1"}]
        answers += [stranger.client.post(page, data={**form, "csrf_token": stranger.token}, headers=guise) for form in forms]
        answers.append(stranger.client.post(f"{page}/email", data={"csrf_token": stranger.token}, headers=guise))
        clock.move(minutes=5)
        answers.append(stranger.client.post(f"{page}/email", data={"csrf_token": stranger.token}, headers=guise))
        clock.move(hours=24)
        answers += [stranger.client.get(page, headers=guise), stranger.client.get(page)]
        said[kind] = [described(answer) for answer in answers]
    assert said["on"] == said["staff"] == said["off"] == said["nobody"]


@once
@pytest.mark.long
def test_a_request_takes_as_long(plain, clock):
    stranger = Stranger(plain)

    def measure(address):
        clock.move(hours=25)  # every limit begins anew, and every case: the most work
        return stranger.ask(address)[1]

    compare(measure, *ADDRESSES)


@once
def test_a_story_that_looks_like_a_code_is_refused_alike_and_as_fast_for_everyone_and_if_it_is_one(plain, clock, sam):
    stranger, said = Stranger(plain), set()
    took = {kind: [] for kind in (*ADDRESSES, "true")}
    for code in sam.codes[:5]:
        for kind, address in ({**ADDRESSES, "true": ADDRESSES["on"]}).items():
            clock.move(hours=25)
            story = code if kind == "true" else LOOKALIKE
            answer, seconds = stranger.post("/contact-support", email=address, practice="", story=story)
            said.add((answer.status_code, OWN.sub("…", answer.text.replace(story, LOOKALIKE).replace(address, ""))))
            took[kind].append(seconds)
    fastest = {kind: [min(each)] for kind, each in took.items()}  # of five, since whatever else the machine does only adds
    assert len(said) == 1 and is_even(fastest)[0], fastest


@once
@pytest.mark.long
def test_a_wrong_code_and_another_email_take_as_long(plain, clock):
    stranger = Stranger(plain)

    def measure(address):
        clock.move(hours=25)
        page, _ = stranger.ask(address)
        wrong, took = stranger.post(page, code="00000000")
        clock.move(minutes=5)
        again, more = stranger.post(f"{page}/email")
        assert (wrong.status_code, again.status_code) == (422, 303)
        return took + more

    compare(measure, "on", "nobody")
