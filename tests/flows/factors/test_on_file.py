"""What the Profile's flows do when a seal is broken, two presses meet, or a text method proves a number."""

import threading

import pytest
from sqlalchemy import update

from portal.flows.base.context import RequestContext
from portal.flows.factors import on_file as on_file_flow
from portal.flows.messages.notices import NOT_ME
from portal.flows.sign_in import new_password
from portal.models import Link, NoticeAddress, User
from portal.passwords import HashingBusy
from portal.settings import config
from portal.words.refusals import Refused
from tests.support.mailbox import mails

NEW = "quiet meadow by the river"


@pytest.fixture
def context(app, clock):
    """A stranger's request."""
    with app.test_request_context():
        yield RequestContext(now=clock.now, keys=app.extensions["keys"], ip="127.0.0.1", user_agent="", request_id="1")


@pytest.mark.parametrize(
    ("on_file", "kept", "confirmed"),
    [("+15035550199", "+15035550199", True), (None, "+15035550199", True), ("+16085550117", "+16085550117", False)],
)
def test_a_number_that_a_code_came_back_from_is_confirmed_where_it_is_the_one_on_file(
    context, maria, database, on_file, kept, confirmed
):
    user = database.user(maria)
    user.phone_sealed = None
    if on_file:
        user.seal(context.keys, "phone", on_file)
    on_file_flow.confirm_phone(context, user, "+15035550199")
    assert user.unseal(database.keys, "phone") == kept
    assert (user.phone_confirmed_at == context.now) is confirmed


def test_what_cannot_be_opened_is_shown_as_missing_and_stops_nothing(plain, maria, database):
    plain.enter(maria).open("/account/addresses").fill("Send link", Email_address="reyes@post.example")
    database.change(update(NoticeAddress).values(email_sealed=b"k1\0broken"))
    database.change(update(User).where(User.username == "maria").values(email_sealed=b"k1\0broken", phone_sealed=b"k1\0broken"))
    plain.open("/account")
    assert plain.status == 200 and plain.text.count("None on file") == 2
    plain.open("/account/phone").fill("Save", Mobile_phone_number="503 555 0199")
    assert "••• ••• ••99" in plain.text


def test_an_address_that_cannot_be_opened_gets_no_link(plain, maria, database):
    database.change(update(User).where(User.username == "maria").values(email_sealed=b"k1\0broken"))
    plain.open("/forgot-password").fill("Send link", Username_or_email_address="maria")
    assert plain.heading == "Check your email" and database.all(Link) == []


def test_the_link_of_an_address_that_is_gone_confirms_nothing(plain, maria, database):
    plain.enter(maria)
    for address in ("first@post.example", "second@post.example"):
        plain.open("/account/addresses").fill("Send link", Email_address=address)
    first = mails(plain, to="first@post.example")[0].link
    plain.press("Remove f•••@post.example").press("Remove")
    assert [link.used_at is None for link in database.all(Link, Link.purpose != NOT_ME)] == [False, True]
    database.change(update(Link).values(used_at=None))
    plain.open(first)
    assert plain.status == 404


def race(app, deed, count=8):
    """Does one thing in many threads at once; returns what came of each."""
    results, gate = [], threading.Barrier(count)

    def run():
        with app.test_request_context():
            gate.wait()
            try:
                results.append(deed())
            except Refused as refused:
                results.append(refused.reason)
            except HashingBusy:
                results.append("busy")

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_many_presses_one_spends_the_link(app, plain, maria, clock, database):
    plain.open("/forgot-password").fill("Send link", Username_or_email_address="maria")
    token = mails(plain)[0].link.rpartition("/")[2]
    stranger = RequestContext(now=clock.now, keys=app.extensions["keys"], ip="127.0.0.1", user_agent="", request_id="1")
    places = config.HASHES_AT_ONCE + config.HASHES_WAITING
    results = race(app, lambda: new_password.set_password_by_link(stranger, token, NEW), places)
    assert len(results) == places and results.count(None) == 1 and {*results} <= {None, "link_used", "busy"}
    assert database.user(maria).generation == 1


def test_of_many_requests_at_once_one_mail_comes(app, plain, maria, clock, database):
    stranger = RequestContext(now=clock.now, keys=app.extensions["keys"], ip="127.0.0.1", user_agent="", request_id="1")
    race(app, lambda: new_password.ask_password_link(stranger, "maria"))
    assert len(database.all(Link)) == 1
