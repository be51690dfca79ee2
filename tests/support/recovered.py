"""Steps of an account recovery after its code was entered, and the worker that brings its messages and its time along."""

import re

from portal.models import Outbox, RecoveryCase
from tests.support.mailbox import mails
from tests.support.people import Database
from tests.support.recovery import begin

LINK_MAIL = "Get back into your account"
WAITING_MAIL = "Someone can get into your account in a day"
SET_UP_MAIL = "Your old codes no longer work"
DONE_MAIL = "You're back in your account"


def address_of(person):
    return f"{person.username}@example.test"


def begin_for(browser, person):
    """Asks for a person's recovery and enters the mailed code; returns the reference number."""
    return begin(browser, address_of(person))


def deliver(app, *but):
    """Lets the worker send what is queued, except the rows with these ids."""
    for row in Database(app).all(Outbox, Outbox.state == "queued"):
        if row.id not in but:
            app.extensions["queue"].deliver_row(row.id)


def sweep(app):
    """Lets the worker's sweep run, and then send what it queued."""
    app.extensions["queue"].order_due()
    deliver(app)


def case_of(database, person):
    """Returns a person's newest case."""
    user = database.user(person)
    return sorted(database.all(RecoveryCase, RecoveryCase.user_id == user.id), key=lambda case: case.opened_at)[-1]


def show_password(browser, person):
    """Shows the password after the code: the waiting time begins."""
    begin_for(browser, person)
    return browser.fill("Continue", Current_password=person.password)


def wait_out(app, clock, **by):
    """Sends the notices, lets the day pass, and lets the worker mail the link."""
    deliver(app)
    clock.move(**(by or {"hours": 24}))
    sweep(app)


def link_of(browser, person):
    """Returns the path of the newest link to set up again."""
    mail = mails(browser, to=address_of(person), subject=LINK_MAIL)[0]
    return next(link for link in mail.links if "/recovery/set-up/" in link)


def stop_link_in(text):
    """Returns the path of the link that stops the case, in the words of a text."""
    return re.search(r"https?://[^/]+(/recovery/stop/\S+)", text)[1]
