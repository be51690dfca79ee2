"""The test bench's switches: faults of its gateways, the portal's own clock, starting over."""

import fcntl
from datetime import timedelta
from threading import Thread

import pytest

from portal import clock as portal_clock
from portal import passwords
from portal.flows.operator.bench import start_over
from portal.flows.operator.bench.portal_clock import Ahead
from portal.flows.operator.bench.state import TURN
from portal.gateways import Bench
from portal.models import Outbox, Practice, Session, User
from portal.settings import config
from tests.blueprints.test_bench.test_people import pick
from tests.support.application import application
from tests.support.texts import MARIAS

HERE = "/test-bench/faults"


@pytest.fixture
def bench(plain, world, clock, monkeypatch):
    """A browser of a portal whose clock is the test's and, on top of it, the bench's."""
    monkeypatch.setattr(portal_clock, "ahead_by", Ahead(world.app.extensions["keys"], world.site.folder))
    monkeypatch.setattr(portal_clock, "now", lambda: clock.now + portal_clock.ahead_by())
    return plain.open(HERE)


@pytest.fixture
def worker(app):
    """The worker's part of the queue, done on demand."""
    queue = app.extensions["queue"]
    queue.huey.immediate = False
    return queue


def send_all(worker, database):
    """Lets the worker take every message once."""
    for row in database.all(Outbox):
        worker.deliver_row(row.id)
    return database.all(Outbox)


def text_for(plain, maria):
    """Has a code texted in set-up."""
    plain.sign_in(maria)
    plain.open("/account/security").press("Enable")
    plain.choose("Text Message (SMS)")
    plain.press("Continue")
    plain.fill("Send Code", Mobile_phone_number=MARIAS)


def set_faults(plain, kind="text", **typed):
    """Sends the form of a gateway."""
    form = {
        f"{kind}-{name}": value
        for name, value in ({"answer": "kept", "delay": "0", "report": "", "minutes": "0"} | typed).items()
    }
    plain.open(HERE)
    return plain.client.post(f"{HERE}/{kind}", data={"csrf_token": plain.token, **form})


# --- faults


@pytest.mark.parametrize(
    ("answer", "state", "shown"), [("refused", "failed", "Not sent"), ("unreachable", "queued", "Trying again")]
)
def test_a_gateway_that_fails_leaves_what_a_real_one_leaves(bench, maria, database, worker, answer, state, shown):
    assert set_faults(bench, answer=answer).status_code == 303
    text_for(bench, maria)
    [text] = [row for row in send_all(worker, database) if row.kind == "text"]
    assert (text.state, text.outcome) == (state, answer)
    assert shown in bench.open("/test-bench").text
    bench.open(HERE).press("End all faults")
    assert bench.get(f"{HERE}.json").json["text"]["answer"] == "kept"


def test_the_mail_gateway_has_switches_of_its_own(bench, maria, database, worker):
    set_faults(bench, "mail", answer="refused")
    text_for(bench, maria)
    states = {row.kind: row.state for row in send_all(worker, database)}
    assert states == {"text": "sent", "mail": "failed"}


def test_a_slow_gateway_takes_its_seconds(bench, maria, database, worker, monkeypatch):
    waited = []
    monkeypatch.setattr("portal.flows.operator.bench.faults.Event.wait", lambda self, seconds: waited.append(seconds))
    set_faults(bench, delay="20")
    text_for(bench, maria)
    send_all(worker, database)
    assert 20 in waited


@pytest.mark.parametrize(("report", "stage"), [("delivered", "delivered"), ("undelivered", "failed")])
def test_a_report_comes_late(bench, maria, database, worker, clock, report, stage):
    set_faults(bench, report=report, minutes="5", twice="1")
    text_for(bench, maria)
    send_all(worker, database)
    for minutes, expected in ((4, "sent"), (2, stage)):
        clock.move(minutes=minutes)
        worker.order_due()
        [text] = database.all(Outbox, Outbox.kind == "text")
        assert text.stage_at(clock.now) == expected


def test_what_arrives_twice_is_there_twice(bench, maria, database, worker):
    set_faults(bench, "mail", twice="1")
    set_faults(bench, "text", twice="1")
    text_for(bench, maria)
    send_all(worker, database)
    texts = bench.get("/test-bench/phones/maria.json").json[0]["texts"]
    assert len(texts) == 2 and texts[0]["id"] == texts[1]["id"]
    assert bench.open("/test-bench").text.count("Sign-in from a new browser") == 2
    assert bench.get("/test-bench/mailbox.json").text.count("Sign-in from a new browser") >= 2


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("delay", "26", "Enter a whole number of seconds from 0 to 25."),
        ("delay", "٣", "Enter a whole number of seconds from 0 to 25."),
        ("minutes", "-1", "Enter a whole number of minutes from 0 to 60."),
        ("minutes", "9" * 5000, "Enter a whole number of minutes from 0 to 60."),
        ("answer", "maybe", "Choose how the gateway answers."),
        ("report", "lost", "Choose what the carrier reports."),
    ],
)
def test_a_switch_that_there_is_not_is_refused(bench, field, typed, sentence):
    answer = set_faults(bench, **{field: typed})
    assert answer.status_code == 422 and sentence in answer.text
    assert bench.get(f"{HERE}.json").json["text"]["answer"] == "kept"


def test_another_gateway_has_no_switches(bench):
    assert set_faults(bench, "pigeon").status_code == 404


def test_a_script_reads_the_switches(bench):
    set_faults(bench, delay="7")
    assert bench.get(f"{HERE}.json").json["text"] == {"answer": "kept", "delay": 7, "minutes": 0, "report": "", "twice": False}


# --- the clock


def test_the_clock_goes_ahead_and_back_and_nobody_is_stuck(bench, sam, clock, database):
    bench.enter(sam)
    bench.open(HERE).press("72 hours ahead")
    assert "3 days" in bench.text and "ahead" in bench.text
    assert bench.get("/test-bench/clock.json").json["seconds_ahead"] == 72 * 3600
    assert bench.open("/home").path == "/sign-in"
    clock.now += timedelta(hours=72)  # as sam's phone has it
    code = sam.code()
    clock.now -= timedelta(hours=72)
    bench.sign_in(sam)
    bench.fill("Verify", Verification_Code=code)
    assert bench.path == "/home"
    bench.open(HERE).press("Back to the real time")
    assert "Real time" in bench.text
    assert bench.open("/home").path == "/sign-in"
    clock.next_code()
    assert bench.enter(sam).path == "/home"


def test_what_is_due_happens_at_once(bench, maria, database):
    bench.open("/forgot-password")
    before = len(database.all(Outbox))
    bench.enter(maria)
    assert len(database.all(Outbox)) == before + 1
    bench.open(HERE).press("30 days ahead")
    assert {row.state for row in database.all(Outbox)} == {"expired"}


def test_the_clock_goes_a_year_ahead_at_most(bench):
    for _ in range(12):
        bench.press("30 days ahead")
    bench.press("30 days ahead")
    assert bench.status == 422
    assert bench.problems == ["The portal's clock is as far ahead as it goes. Go back to the real time first."]
    assert bench.get("/test-bench/clock.json").json["seconds_ahead"] <= config.BENCH_CLOCK_MAX.total_seconds()


def test_a_step_that_there_is_not_moves_nothing(bench):
    assert bench.client.post("/test-bench/clock/years", data={"csrf_token": bench.token}).status_code == 404


@pytest.mark.parametrize(("switch", "moves"), [("1", True), ("0", False)])
def test_without_the_bench_nobody_moves_the_clock(world, monkeypatch, switch, moves):
    monkeypatch.setattr(portal_clock, "ahead_by", None)
    with application(world.site, PORTAL_TEST_BENCH=switch):
        assert (portal_clock.ahead_by is not None) is moves


# --- starting over


def test_starting_over_puts_the_demo_data_back_in_one_press(bench, maria, database):
    first = [(user.username, user.two_factor) for user in database.all(User)]
    pick(bench, "bench.near")
    pick(bench, "maria").set_up(maria)
    bench.open(HERE).press("72 hours ahead")
    set_faults(bench, answer="refused")
    bench.open(HERE).press("Start over")
    assert bench.heading == "Start over?"
    bench.press("Start over")
    assert bench.heading == "The demo data are back"
    assert [(user.username, user.two_factor) for user in database.all(User)] == first
    assert not database.all(Session) and not database.all(Outbox)
    assert "Hillside Clinic" not in {row.name for row in database.all(Practice)}
    assert bench.get("/test-bench/clock.json").json["seconds_ahead"] == 0
    assert bench.get(f"{HERE}.json").json["text"]["answer"] == "kept"
    assert bench.open("/home").path == "/sign-in"
    assert bench.enter(maria).path == "/home"


def test_starting_over_asks_first(bench, database):
    pick(bench, "bench.seven")
    bench.open("/test-bench/start-over")
    answer = bench.client.post("/test-bench/start-over", data={"csrf_token": bench.token})
    assert answer.status_code == 422 and "Nothing was changed." in answer.text
    assert database.all(User, User.username == "bench.seven")


def test_starting_over_and_putting_people_in_place_take_turns(bench, world, monkeypatch):
    hash_password, turns = passwords.hash_password, []

    def note_turn(password):
        with (world.site.folder / TURN).open("a") as another:
            try:
                fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                turns.append("taken")
            else:
                turns.append("free")
        return hash_password(password)

    monkeypatch.setattr(passwords, "hash_password", note_turn)
    pick(bench, "bench.reset")  # and first the administrator who resets
    assert turns == ["taken"] * 2
    bench.open("/test-bench/start-over")
    assert bench.post("/test-bench/start-over", {"sure": "y"}).status_code == 303 and turns == ["taken"] * 3


def test_a_worker_that_is_sending_finds_no_row_and_goes_on(bench, maria, database, worker, world, monkeypatch):
    bench.enter(maria)
    [row] = database.all(Outbox)

    def begin_again():
        with worker.app.app_context():
            start_over.start_over(database.keys, world.site.folder)

    def send(_):
        beside = Thread(target=begin_again)
        beside.start()
        beside.join()
        return "kept"

    monkeypatch.setitem(worker.gateways, "mail", Bench(send))
    worker.deliver_row(row.id)
    assert not database.all(Outbox) and not database.all(Session)
