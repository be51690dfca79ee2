"""What a carrier says of a text after its gateway took it: believed once, by its token alone, and shown on the page."""

import json

import pytest
from sqlalchemy import update

from portal.flows.messages import delivery_reports, outbox
from portal.gateways import SENT, UNDELIVERED, UNKNOWN, UNREACHABLE
from portal.models import Outbox
from portal.queue import REPORTS
from tests.support.outbox import row_of
from tests.support.texts import CODE, MARIAS, ask_for_texts, send_to


@pytest.fixture
def row(app, clock, plain, database, maria):
    """A text with a code, taken by its gateway."""
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    found = database.all(Outbox, Outbox.kind == "text")[0]
    with app.app_context():
        claimed = outbox.claim_row(clock.now, found.id)
        outbox.record_outcome(clock.now, claimed, SENT)
    return found


def token(app, row):
    return delivery_reports.report_token(app.extensions["keys"], row.id)


def place(app, row):
    return REPORTS + token(app, row)


def tell(app, row, state):
    """Reports as Kannel does; returns the status."""
    return app.test_client().get(f"{place(app, row)}?state={state}").status_code


def stage(app, clock, row):
    """Returns what a page is told."""
    return outbox.delivery_state(row_of(app, row.id), clock.now)


@pytest.mark.parametrize("state", ["1", "delivered", "Delivered"])
def test_a_delivered_text_is_shown_as_delivered(app, clock, row, plain, state):
    assert stage(app, clock, row) == "sent"
    assert tell(app, row, state) == 204
    assert stage(app, clock, row) == "delivered"
    plain.open(CODE)
    assert "Our text with a 6-digit code was delivered to ••• ••• ••64." in plain.text


@pytest.mark.parametrize("state", ["2", "16", "failed", "undelivered", "rejected", "expired"])
def test_a_text_that_the_carrier_lost_is_shown_as_failed(app, clock, row, plain, state):
    assert tell(app, row, state) == 204
    assert stage(app, clock, row) == "failed" and row_of(app, row.id).outcome == UNDELIVERED
    plain.open(CODE)
    assert "Your text didn't go through." in plain.text


@pytest.mark.parametrize("state", ["", "4", "8", "queued", "delivered to nobody", "0", "%d"])
def test_a_word_on_the_way_changes_nothing(app, clock, row, state):
    before = vars_of(row_of(app, row.id))
    assert tell(app, row, state) == 204
    assert vars_of(row_of(app, row.id)) == before


def vars_of(row):
    return {column.name: getattr(row, column.name) for column in Outbox.__table__.columns}


@pytest.mark.parametrize("name", ["state", "status", "MessageStatus"])
@pytest.mark.parametrize("how", ["form", "json", "address"])
def test_gateways_that_post_are_understood(app, clock, row, name, how):
    client, address = app.test_client(), f"{place(app, row)}?state="
    if how == "form":
        answer = client.post(address, data={name: "delivered"})
    elif how == "json":
        answer = client.post(address, json={name: "delivered", "more": [1]})
    else:
        answer = client.post(f"{place(app, row)}?{name}=delivered")
    assert answer.status_code == 204 and stage(app, clock, row) == "delivered"


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"delivered"', "[" * 50_000, json.dumps({"state": None})])
def test_a_body_that_says_nothing_changes_nothing(app, clock, row, body):
    answer = app.test_client().post(place(app, row), data=body, content_type="application/json")
    assert answer.status_code == 204 and stage(app, clock, row) == "sent"


def test_a_report_twice_changes_nothing(app, clock, row):
    tell(app, row, "1")
    first = vars_of(row_of(app, row.id))
    clock.move(minutes=1)
    assert tell(app, row, "1") == 204
    assert vars_of(row_of(app, row.id)) == first


def test_failed_never_overrides_delivered_and_delivered_overrides_failed(app, clock, row):
    tell(app, row, "2")
    assert stage(app, clock, row) == "failed"
    tell(app, row, "1")
    assert stage(app, clock, row) == "delivered"
    tell(app, row, "2")
    assert stage(app, clock, row) == "delivered"


def test_a_report_after_the_death_is_still_written_down(app, clock, row):
    clock.move(hours=5)
    with app.app_context():
        outbox.close_expired_rows(clock.now)
    tell(app, row, "delivered")
    assert stage(app, clock, row) == "delivered" and row_of(app, row.id).delivered_at == clock.now


@pytest.mark.parametrize("kind", ["another's mac", "cut", "longer", "another's row", "not of this world", "no row", "ü"])
def test_without_a_token_of_ours_nothing_is_said_and_nothing_changes(app, clock, row, kind):
    good = token(app, row)
    nobody = "0" * 32
    wrong = {
        "another's mac": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "cut": good[:-1],
        "longer": good + "0",
        "another's row": nobody + good[32:],
        "not of this world": "x",
        "no row": delivery_reports.report_token(app.extensions["keys"], nobody),
        "ü": "ü" * 96,
    }[kind]
    for answer in (app.test_client().get(f"{REPORTS}{wrong}?state=1"), app.test_client().post(f"{REPORTS}{wrong}?state=1")):
        assert (answer.status_code, answer.text) == (404, "")
    assert stage(app, clock, row) == "sent"


def test_a_token_opens_its_own_row_alone_and_hides_what_it_is_made_of(app, row):
    keys = app.extensions["keys"]
    assert len(token(app, row)) - len(row.id) == 64, "256 bits"
    assert token(app, row)[32:] != delivery_reports.report_token(keys, "0" * 32)[32:]


# --- a report that is quicker than the gateway's own answer


@pytest.fixture
def carried(app, clock, plain, database, maria):
    """A text that a carrier is about to hand over, and its claim."""
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    found = database.all(Outbox, Outbox.kind == "text")[0]
    with app.app_context():
        return outbox.claim_row(clock.now, found.id)


def mark(app, clock, row, outcome):
    with app.app_context():
        return outbox.record_outcome(clock.now, row, outcome)


def test_delivered_before_the_gateway_answered_stays_delivered_and_the_words_go(app, clock, carried):
    tell(app, carried, "1")
    mark(app, clock, carried, SENT)
    now = row_of(app, carried.id)
    assert (now.state, now.body_sealed) == ("sent", None) and stage(app, clock, carried) == "delivered"


def test_failed_before_the_gateway_answered_stays_failed(app, clock, carried):
    tell(app, carried, "2")
    mark(app, clock, carried, SENT)
    now = row_of(app, carried.id)
    assert (now.state, now.outcome, now.body_sealed) == ("failed", UNDELIVERED, None)


def test_delivered_after_a_line_that_broke_is_good_news(app, clock, carried):
    mark(app, clock, carried, UNKNOWN)
    assert stage(app, clock, carried) == "failed"
    tell(app, carried, "1")
    assert stage(app, clock, carried) == "delivered"


def test_a_text_that_arrived_is_not_sent_again_whatever_the_gateway_said(app, clock, carried):
    again = mark(app, clock, carried, UNREACHABLE)
    tell(app, carried, "1")
    with app.app_context():
        assert outbox.claim_row(again, carried.id) is None and carried.id not in outbox.list_due_rows(again)


def test_a_failure_reported_while_another_try_is_due_is_not_the_end(app, clock, carried):
    again = mark(app, clock, carried, UNREACHABLE)
    tell(app, carried, "2")
    with app.app_context():
        assert outbox.claim_row(again, carried.id) is not None


def test_a_mail_has_no_carrier(app, clock, plain, database, maria):
    plain.enter(maria)
    mail = database.all(Outbox, Outbox.kind == "mail")[0]
    database.change(update(Outbox).where(Outbox.id == mail.id).values(state="sent"))
    assert tell(app, mail, "2") == 404
    assert row_of(app, mail.id).state == "sent"
