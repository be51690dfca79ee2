"""A mail server and a gateway for texts in one, for the worker in this process: it can be down, and keeps what it took."""

import re
from dataclasses import dataclass, field

from portal.gateways import SENT, UNREACHABLE
from portal.models import Outbox
from tests.support.people import Database


@dataclass(frozen=True)
class Taken:
    """One message that went out."""

    id: str  # of its row in the outbox
    to: str
    subject: str
    text: str = field(repr=False)
    at: object


class PostOffice:
    """Takes every message while it is up."""

    def __init__(self, app, clock, patch):
        self.app, self.clock, self.is_up, self.taken = app, clock, True, []
        self.unreachable = ""  # an address
        queue = app.extensions["queue"]
        patch.setitem(queue.__dict__, "gateways", {"mail": self, "text": self})

    def hand_over(self, message):
        if not self.is_up or message.to == self.unreachable:
            return UNREACHABLE
        self.taken.append(Taken(message.id, message.to, message.subject, message.text, self.clock.now))
        return SENT

    def work(self):
        """Lets the worker sweep, and send what is queued."""
        queue = self.app.extensions["queue"]
        queue.order_due()
        for row in Database(self.app).all(Outbox, Outbox.state == "queued"):
            queue.deliver_row(row.id)

    def find(self, to, pattern):
        """Returns what a pattern finds in the newest message to an address that has it, or None."""
        found = (re.search(pattern, each.text, re.MULTILINE) for each in reversed(self.taken) if each.to in to)
        return next((match[0] for match in found if match), None)
