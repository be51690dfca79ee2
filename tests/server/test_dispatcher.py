"""A crowd that signs in waits without threads, in the order in which it came, and every other page is answered meanwhile."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from portal import clock, passwords, turned_away
from portal.passwords import HashingBusy, place_in_line
from portal.server import told_to_wait
from portal.server.dispatcher import PROBE_THREADS, SIGN_IN, Dispatcher
from portal.settings import config, lines

PATIENCE = 10
CODE = ("POST", "/sign-in/code")
ELSEWHERE = ("POST", "/sign-in/text")
GUESSER = {"COOKIE": "language=es; session=guesser"}
TOLD = CODE[1], "422 UNPROCESSABLE ENTITY", [("Retry-After", "600")]
WRONG = CODE[1], "422 UNPROCESSABLE ENTITY", []


class Request:
    """A connection with one request; it is answered once `may_end` is set."""

    def __init__(self, done, name, may_end, place=SIGN_IN, error=None, cookie=""):
        self.done, self.name, self.may_end = done, name, may_end
        self.requests = [SimpleNamespace(command=place[0], path=place[1], error=error, headers={"COOKIE": cookie})]
        self.answered = threading.Event()

    def service(self):
        self.may_end.wait(PATIENCE)
        try:
            with place_in_line():
                self.done.append(self.name)
        except HashingBusy:
            self.done.append("told to wait")
        self.answered.set()


@pytest.fixture
def threads():
    """A process's threads."""
    made = Dispatcher()
    made.set_thread_count(config.WEB_THREADS)
    yield made
    made.shutdown()


def crowd_of(threads, count):
    """Returns who was answered, an Event that lets sign-ins end, and as many of them."""
    done, may_end = [], threading.Event()
    crowd = [Request(done, number, may_end) for number in range(count)]
    for each in crowd:
        threads.add_task(each)
    return done, may_end, crowd


def answered(requests):
    """Returns whether each of them is answered in time."""
    return all(each.answered.wait(PATIENCE) for each in requests)


def test_the_line_is_that_of_the_form_for_the_password(app):
    rule = app.url_map.bind("localhost").match(SIGN_IN[1], method=SIGN_IN[0])
    assert rule == ("sign_in.submit_password", {})


def test_the_other_line_is_that_of_the_form_for_codes(app):
    rule = app.url_map.bind("localhost").match(told_to_wait.GUESSED, method="POST")
    assert rule == ("sign_in.submit_code", {}) and CODE[1] == told_to_wait.GUESSED


@pytest.mark.parametrize("place", [("GET", "/sign-in"), ("POST", "/sign-in/code"), ("GET", "/account/security")])
def test_other_pages_are_answered_while_a_crowd_signs_in(threads, place):
    _, may_end, crowd = crowd_of(threads, 50)
    pages = [Request([], number, threading.Event(), place) for number in range(20)]
    for each in pages:
        each.may_end.set()
        threads.add_task(each)
    assert answered(pages)
    may_end.set()
    assert answered(crowd)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_while_every_thread_is_taken(threads, path):
    pages = [Request([], number, threading.Event(), ("GET", "/home")) for number in range(2 * config.WEB_THREADS)]
    probes = [Request([], number, threading.Event(), ("GET", path)) for number in range(2 * PROBE_THREADS)]
    for each in pages:
        threads.add_task(each)
    for each in probes:
        each.may_end.set()
        threads.add_task(each)
    assert answered(probes) and not any(each.answered.is_set() for each in pages)
    for each in pages:
        each.may_end.set()
    assert answered(pages)


def test_sign_ins_are_answered_in_the_order_in_which_they_came_and_none_is_refused(threads):
    done, may_end, crowd = crowd_of(threads, 1 + lines.SIGN_INS_WAITING)
    may_end.set()
    assert answered(crowd)
    assert done == list(range(1 + lines.SIGN_INS_WAITING))


def test_whoever_finds_the_line_full_is_told_at_once_and_the_line_is_free_again_afterward(threads):
    done, may_end, crowd = crowd_of(threads, lines.SIGN_INS_AT_ONCE + lines.SIGN_INS_WAITING)
    late = Request(done, "late", threading.Event())
    late.may_end.set()
    threads.add_task(late)
    assert answered([late]) and done == ["told to wait"]
    may_end.set()
    assert answered(crowd) and sorted(done[1:]) == list(range(len(crowd)))
    done, may_end, crowd = crowd_of(threads, lines.SIGN_INS_AT_ONCE)
    may_end.set()
    assert answered(crowd) and "told to wait" not in done, "the thread that told somebody tells it to nobody else"


def test_whoever_has_waited_for_too_long_is_told_when_the_turn_comes_to_them(threads, monkeypatch):
    done, may_end, crowd = crowd_of(threads, 3)
    monkeypatch.setattr(lines, "SIGN_IN_SECONDS", -1)  # all of them, by now
    late = Request(done, "late", may_end)
    threads.add_task(late)
    threads.sign_ins.waiting[-1].since += 60  # but not the last
    may_end.set()
    assert answered([*crowd, late])
    assert sorted(map(str, done)) == ["0", "late", "told to wait", "told to wait"]


def test_a_sign_in_that_fails_lets_the_next_one_in(threads, monkeypatch):
    monkeypatch.setattr(Request, "service", lambda self: self.answered.set() or 1 / 0)
    monkeypatch.setattr(threads, "logger", SimpleNamespace(exception=lambda *_: None))
    _, _, crowd = crowd_of(threads, 3)
    assert answered(crowd)


def test_a_request_that_nobody_could_read_is_no_sign_in(threads):
    _, may_end, crowd = crowd_of(threads, 10)
    torn = Request([], "torn", threading.Event(), error="cut off")
    torn.may_end.set()
    threads.add_task(torn)
    assert answered([torn])
    may_end.set()
    assert answered(crowd)


def test_as_many_threads_hash_as_may_at_once():
    seen = set()

    def hash_here(_):
        return passwords.HASHING.run(lambda: seen.add(threading.current_thread().name))

    with ThreadPoolExecutor(config.WEB_THREADS) as crowd:
        list(crowd.map(hash_here, range(40)))
    assert 0 < len(seen) <= config.HASHES_AT_ONCE


def is_turned_away(threads, post):
    """Returns whether this post is turned away."""
    seen = []
    post.service = lambda: (seen.append(turned_away.is_turned_away()), post.answered.set())
    threads.add_task(post)
    assert answered([post])
    return seen == [True]


def until(is_so):
    """Waits for what the threads do after their answer."""
    latest = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < latest
        time.sleep(0.001)


def guesses_of(threads, count, answer, place=CODE):
    """Has sessions answered this way, and lets each post some times; returns who was answered, an Event to end them, and the posts."""
    done, may_end, posts = [], threading.Event(), []
    for number in range(count):
        cookie = f"session=guesser{number // lines.IMPATIENT_PLACES}"
        threads.told_to_wait.note({"COOKIE": cookie}, *answer)
        posts.append(Request(done, number, may_end, place, cookie=cookie))
        threads.add_task(posts[-1])
    return done, may_end, posts


def test_whoever_was_told_to_wait_and_posts_on_lets_everybody_else_go_first(threads):
    threads.told_to_wait.note(GUESSER, *TOLD)
    done, may_end, guesses = guesses_of(threads, 3 * config.WEB_THREADS, TOLD, ELSEWHERE)
    others = [
        ("session=owner", CODE),
        ("session=guesserx", CODE),
        ("xsession=guesser", CODE),
        (GUESSER["COOKIE"], ("GET", "/help")),
        ("", CODE),
    ]
    pages = [Request([], number, threading.Event(), place, cookie=cookie) for number, (cookie, place) in enumerate(others)]
    for each in pages:
        each.may_end.set()
        threads.add_task(each)
    assert answered(pages)
    may_end.set()
    assert answered(guesses) and done == list(range(len(guesses))), "in their order, one at a time"
    late = Request(done, "late", may_end, CODE, cookie=GUESSER["COOKIE"])
    threads.add_task(late)
    assert answered([late]), "and the line is free again"


def late_post(threads, place=CODE, cookie=GUESSER["COOKIE"]):
    """Posts once more; returns the status with which the server itself answers, None if the portal does."""
    late = Request([], "late", threading.Event(), place, cookie=cookie)
    late.may_end.set()
    threads.add_task(late)
    assert answered([late])
    error = late.requests[0].error
    assert not error or ("Retry-After", "5") in error.to_response()[1]
    return error and error.to_response()[0]


FULL = "429 Too Many Requests"


def test_if_the_line_is_full_the_form_where_one_was_told_to_wait_is_refused_at_once_and_nothing_else(threads):
    threads.told_to_wait.note(GUESSER, *TOLD)
    threads.told_to_wait.note({"COOKIE": "session=mistyped"}, *WRONG)
    _, may_end, guesses = guesses_of(threads, lines.IMPATIENT_WAITING, WRONG)
    assert len(threads.impatient.waiting) == lines.IMPATIENT_WAITING
    assert late_post(threads) == FULL
    assert late_post(threads, ("POST", "/sign-out")) is None, "another form has to work"
    assert late_post(threads, cookie="session=mistyped") is None, "others have filled the line"
    may_end.set()
    assert answered(guesses) and not any(each.requests[0].error for each in guesses)


def test_a_session_has_few_places_so_that_one_alone_fills_no_line(threads, caplog):
    threads.told_to_wait.note(GUESSER, *TOLD)
    threads.told_to_wait.note({"COOKIE": "session=other"}, *WRONG)
    may_end = threading.Event()
    posts = [Request([], number, may_end, ELSEWHERE, cookie=GUESSER["COOKIE"]) for number in range(lines.IMPATIENT_PLACES)]
    for each in posts:
        threads.add_task(each)
    assert late_post(threads, ELSEWHERE) is None and len(threads.impatient.waiting) == lines.IMPATIENT_PLACES
    assert [late_post(threads) for _ in range(3)] == [FULL] * 3 and len(threads.impatient.waiting) == lines.IMPATIENT_PLACES
    assert [record.getMessage() for record in caplog.records if "answered 429" in record.getMessage()] == [caplog.messages[-1]]
    other = Request([], "other", may_end, CODE, cookie="session=other")
    threads.add_task(other)
    may_end.set()
    assert answered([*posts, other])


def test_a_full_line_uses_up_none_of_what_the_form_may_answer(threads):
    threads.told_to_wait.note(GUESSER, *TOLD)
    _, may_end, guesses = guesses_of(threads, lines.IMPATIENT_WAITING, WRONG)
    assert [late_post(threads) for _ in range(lines.IMPATIENT_POSTS)] == [FULL] * lines.IMPATIENT_POSTS
    may_end.set()
    assert answered(guesses)
    until(lambda: not threads.impatient.waiting)
    assert not is_turned_away(threads, Request([], "again", threading.Event(), CODE, cookie=GUESSER["COOKIE"]))


def test_who_has_waited_for_too_long_is_told_so_and_the_line_goes_on(threads, monkeypatch):
    done, may_end, guesses = guesses_of(threads, 3, WRONG)
    began = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: began + lines.SIGN_IN_SECONDS + 1)
    last = Request(done, "last", may_end, CODE, cookie=guesses[0].requests[0].headers["COOKIE"])
    threads.add_task(last)
    may_end.set()
    assert answered([*guesses, last]) and done[-1] == "last"
    assert [bool(each.requests[0].error) for each in (*guesses, last)] == [False, True, True, False]


def test_a_code_from_a_new_browser_waits_for_one_guess_and_not_for_all_that_were_refused(threads):
    somebody_guesses(threads)
    done, may_end, guesses = guesses_of(threads, 5, WRONG)
    owners = [Request(done, f"owner{n}", may_end, CODE, cookie=f"session={config.NEW_BROWSER}{n}") for n in range(3)]
    for each in owners:
        mistyped = {"COOKIE": each.requests[0].headers["COOKIE"]}
        each.service = lambda each=each, refused=mistyped: (threads.told_to_wait.note(refused, *WRONG), Request.service(each))
        threads.add_task(each)
    may_end.set()
    assert answered([*guesses, *owners])
    assert done == [0, "owner0", 1, "owner1", 2, "owner2", 3, 4], "and those who were refused wait for one of the others"


def test_a_code_from_a_new_browser_does_not_wait_in_a_line_that_hardly_moves(threads):
    somebody_guesses(threads)
    _, may_end, guesses = guesses_of(threads, 3, WRONG)
    threads.impatient.waiting[0].since -= lines.NEW_BROWSER_SECONDS + 1
    assert late_post(threads, cookie=f"session={config.NEW_BROWSER}1") is None and len(threads.impatient.waiting) == len(guesses)
    may_end.set()
    assert answered(guesses)


def test_who_owes_a_code_in_a_new_browser_and_has_waited_for_too_long_is_answered_as_everybody_is(threads, monkeypatch):
    somebody_guesses(threads)
    done, may_end, guesses = guesses_of(threads, 1, WRONG)
    cookies, slow = [f"session={config.NEW_BROWSER}{number}" for number in range(2)], threading.Event()
    strangers = [Request(done, "stranger", slow, CODE, cookie=cookie) for cookie in cookies]
    for each in strangers:
        threads.add_task(each)
    began = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: began + lines.NEW_BROWSER_SECONDS + 1)
    may_end.set()
    until(lambda: not threads.impatient.waiting)
    slow.set()
    assert answered([*guesses, *strangers]) and not any(each.requests[0].error for each in strangers)


def test_who_was_told_to_wait_and_posts_the_same_form_on_is_turned_away_but_once_in_a_while(threads, monkeypatch):
    threads.told_to_wait.note(GUESSER, *TOLD)

    def posts(count, place=CODE, cookie=GUESSER["COOKIE"]):
        return [is_turned_away(threads, Request([], number, threading.Event(), place, cookie=cookie)) for number in range(count)]

    in_a_row, began = lines.IMPATIENT_POSTS, clock.monotonic()
    assert posts(in_a_row + 2) == [False] * in_a_row + [True] * 2
    assert not any(posts(in_a_row + 2, ELSEWHERE)), "where it was not told to wait"
    assert not any(posts(in_a_row + 2, cookie="session=owner")), "whoever was not told"
    assert not any(posts(in_a_row + 2, ("GET", CODE[1]))), "the page"
    monkeypatch.setattr(clock, "monotonic", lambda: began + lines.IMPATIENT_SECONDS + PATIENCE)
    assert posts(2) == [False, True], "and once in a while"
    threads.told_to_wait.note(GUESSER, *TOLD)
    assert posts(1) == [True], "told again, it has no more"


def test_who_is_turned_away_stands_in_no_line(threads):
    threads.told_to_wait.note(GUESSER, *TOLD)
    may_end = threading.Event()
    first = [Request([], number, may_end, CODE, cookie=GUESSER["COOKIE"]) for number in range(lines.IMPATIENT_POSTS)]
    for each in first:
        threads.add_task(each)
    assert is_turned_away(threads, Request([], "late", threading.Event(), CODE, cookie=GUESSER["COOKIE"]))
    may_end.set()
    assert answered(first)


def test_who_had_a_form_refused_lets_others_go_first_and_is_never_turned_away(threads):
    done, may_end, guesses = guesses_of(threads, lines.IMPATIENT_WAITING, WRONG)
    assert late_post(threads, cookie="session=owner") is None and len(threads.impatient.waiting) == len(guesses)
    may_end.set()
    assert answered(guesses) and done == list(range(len(guesses)))


def somebody_guesses(threads):
    """Has as many codes refused as an owner would not mistype, in sessions of their own."""
    for number in range(lines.GUESSES):
        threads.told_to_wait.note({"COOKIE": f"session=wrong{number}"}, *WRONG)


def test_if_nobody_guesses_codes_from_new_browsers_stand_in_no_line(threads, monkeypatch):
    """A crowd of owners with new phones is no attack."""
    began = clock.monotonic()
    for number in range(lines.GUESSES - 1):
        threads.told_to_wait.note({"COOKIE": f"session=wrong{number}"}, *WRONG)
    threads.told_to_wait.note({"COOKIE": "session=elsewhere"}, ELSEWHERE[1], *WRONG[1:])
    assert not threads.told_to_wait.somebody_guesses(), "a few mistype"
    may_end, crowd = threading.Event(), [f"session={config.NEW_BROWSER}{n}" for n in range(lines.NEW_BROWSERS_AT_ONCE + 2)]
    owners = [Request([], number, may_end, CODE, cookie=cookie) for number, cookie in enumerate(crowd)]
    for each in owners:
        threads.add_task(each)
    assert len(threads.impatient.waiting) == 2, "of many at the same moment, some wait"
    may_end.set()
    assert answered(owners)
    until(lambda: not threads.impatient.waiting and not threads.impatient.from_new_browsers)
    late = Request([], "late", threading.Event(), CODE, cookie=crowd[0])
    threads.add_task(late)
    assert threads.impatient.from_new_browsers == 1 and not threads.impatient.waiting, "and there is room again"
    late.may_end.set()
    assert answered([late])
    threads.told_to_wait.note({"COOKIE": "session=last"}, *WRONG)
    assert threads.told_to_wait.somebody_guesses()
    monkeypatch.setattr(clock, "monotonic", lambda: began + lines.GUESSES_SECONDS + PATIENCE)
    assert not threads.told_to_wait.somebody_guesses(), "it is over"


def test_who_owes_a_code_in_a_new_browser_lets_others_go_first_before_anything_was_refused(threads):
    somebody_guesses(threads)
    done, may_end = [], threading.Event()
    cookies = [f"session={config.NEW_BROWSER}{number}" for number in range(3 * config.WEB_THREADS)]
    strangers = [Request(done, number, may_end, CODE, cookie=cookie) for number, cookie in enumerate(cookies)]
    for each in strangers:
        threads.add_task(each)
    for cookie, place in (("session=owner", CODE), (cookies[0], ("GET", CODE[1])), (cookies[0], ELSEWHERE)):
        page = Request([], "page", threading.Event(), place, cookie=cookie)
        page.may_end.set()
        threads.add_task(page)
        assert answered([page])
    may_end.set()
    assert answered(strangers) and done == list(range(len(strangers))), "in their order, one at a time"


def test_who_owes_a_code_in_a_new_browser_has_few_places_and_is_refused_none(threads):
    somebody_guesses(threads)
    cookie = f"session={config.NEW_BROWSER}1"
    may_end = threading.Event()
    posts = [Request([], number, may_end, CODE, cookie=cookie) for number in range(lines.IMPATIENT_PLACES)]
    for each in posts:
        threads.add_task(each)
    assert late_post(threads, cookie=cookie) is None and len(threads.impatient.waiting) == lines.IMPATIENT_PLACES
    may_end.set()
    assert answered(posts)


def test_after_a_wrong_password_the_next_sign_in_stands_in_the_line_of_sign_ins(threads):
    threads.told_to_wait.note(GUESSER, SIGN_IN[1], *WRONG[1:])
    _, may_end, crowd = crowd_of(threads, lines.SIGN_INS_AT_ONCE)
    again = Request([], "again", may_end, cookie=GUESSER["COOKIE"])
    threads.add_task(again)
    assert [each.channel for each in threads.sign_ins.waiting] == [again] and not threads.impatient.waiting
    may_end.set()
    assert answered([*crowd, again])


def test_the_line_rests_as_long_as_an_answer_took(threads, monkeypatch):
    rests = []
    monkeypatch.setattr(threads.impatient.stops, "wait", rests.append)
    threads.told_to_wait.note(GUESSER, *WRONG)
    for seconds in (0.02, lines.IMPATIENT_REST + 0.2):
        slow = Request([], "slow", threading.Event(), CODE, cookie=GUESSER["COOKIE"])
        slow.service = lambda slow=slow, seconds=seconds: (time.sleep(seconds), slow.answered.set())
        threads.add_task(slow)
        assert answered([slow])
    until(lambda: not threads.impatient.waiting)
    short, long = rests
    assert 0.02 <= short <= lines.IMPATIENT_REST == long
    somebody_guesses(threads)
    assert late_post(threads, cookie=f"session={config.NEW_BROWSER}1") is None
    until(lambda: not threads.impatient.waiting)
    assert len(rests) == 2, "but it does not rest after an answer that refused nothing"


@pytest.mark.parametrize(
    ("request_headers", "status", "answer"),
    [
        (GUESSER, "503 SERVICE UNAVAILABLE", [("Retry-After", "5")]),  # the portal is busy
        (GUESSER, "403 FORBIDDEN", [("Content-Type", "text/html")]),
        (GUESSER, "200 OK", []),
        ({"COOKIE": "language=es"}, "422 UNPROCESSABLE ENTITY", [("Retry-After", "600")]),
        ({}, "429 TOO MANY REQUESTS", [("Retry-After", "600")]),
    ],
)
def test_no_other_answer_tells_a_session_to_wait(request_headers, status, answer):
    told = told_to_wait.ToldToWait()
    told.note(request_headers, CODE[1], status, answer)
    assert not told.pauses and not told.pause_of(GUESSER, CODE[1])


def test_the_page_that_turns_away_makes_no_pause_longer():
    told = told_to_wait.ToldToWait()
    with turned_away.turning_away():
        told.note(GUESSER, CODE[1], "429 TOO MANY REQUESTS", [("Retry-After", "20")])
    assert not told.pauses


def test_a_shorter_wait_elsewhere_ends_no_pause(monkeypatch):
    told, now = told_to_wait.ToldToWait(), clock.monotonic()
    told.note(GUESSER, *TOLD)
    told.note(GUESSER, ELSEWHERE[1], "422 UNPROCESSABLE ENTITY", [("Retry-After", "5")])
    told.note(GUESSER, ELSEWHERE[1], *WRONG[1:])
    monkeypatch.setattr(clock, "monotonic", lambda: now + 599)
    assert told.pause_of(GUESSER, CODE[1])


def test_a_form_whose_wait_is_over_answers_as_before_whatever_is_refused_since(threads, monkeypatch):
    began = clock.monotonic()
    threads.told_to_wait.note(GUESSER, *TOLD)
    monkeypatch.setattr(clock, "monotonic", lambda: began + 590)
    threads.told_to_wait.note(GUESSER, *WRONG)
    for later in (610, 3600):
        monkeypatch.setattr(clock, "monotonic", lambda later=later: began + later)
        threads.told_to_wait.note(GUESSER, *WRONG)
        posts = [Request([], number, threading.Event(), CODE, cookie=GUESSER["COOKIE"]) for number in range(8)]
        assert not any(is_turned_away(threads, each) for each in posts)


def test_a_session_has_few_forms():
    told = told_to_wait.ToldToWait()
    for number in range(2 * told_to_wait.MOST_FORMS):
        told.note(GUESSER, f"/{number}", *TOLD[1:])
    assert len(told.pause_of(GUESSER, CODE[1]).forms) == told_to_wait.MOST_FORMS
    told.note({"COOKIE": "session=long"}, "/" * (told_to_wait.LONGEST_PATH + 1), *TOLD[1:])
    assert told.pause_of({"COOKIE": "session=long"}, CODE[1]).forms == {}


@pytest.mark.parametrize(
    "cookie",
    ["session=guesser", "session =guesser", 'session="guesser"', "a=1;session= guesser ;b=2", "session=guesser; session=other"],
)
def test_a_session_is_the_same_however_its_cookie_is_written(cookie):
    told = told_to_wait.ToldToWait()
    told.note(GUESSER, *TOLD)
    assert told.pause_of({"COOKIE": cookie}, CODE[1])


def test_a_cookie_of_another_site_puts_nobody_into_the_line():
    """A site beside the portal can set "session" for the whole domain, but none with the prefix __Host-."""
    told = told_to_wait.ToldToWait()
    told.note({"COOKIE": "session=planted"}, *TOLD)
    assert not told.pause_of({"COOKIE": "session=planted; __Host-session=owner"}, CODE[1])


def test_a_wait_ends_and_the_oldest_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(told_to_wait, "MOST", 2)
    told, now = told_to_wait.ToldToWait(), clock.monotonic()
    for name in ("__Host-session=a", "__Host-session=b", "__Host-session=a", "__Host-session=c"):
        told.note({"COOKIE": name}, CODE[1], "422 UNPROCESSABLE ENTITY", [("Retry-After", "60")])
    waits = [bool(told.pause_of({"COOKIE": f"__Host-session={name}"}, CODE[1])) for name in "abc"]
    assert waits == [True, False, True]
    monkeypatch.setattr(clock, "monotonic", lambda: now + 61 + PATIENCE)
    assert not told.pause_of({"COOKIE": "__Host-session=c"}, CODE[1])
