"""A fake mail server on loopback that can be down, slow, or refuse recipients."""

import asyncio
import email
import email.policy
import time

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.support.server import free_port


class MailServer:
    """Keeps its port while down; `box` holds the accepted emails."""

    def __init__(self):
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.box = []  # (recipient, message, time)
        self.refused = {}  # recipient -> the server's reply
        self.delay = 0
        self.controller = None

    def up(self):
        """Starts the server and returns it."""
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=False)
        self.controller.start()
        return self

    def down(self):
        """Stops the server."""
        if self.controller:
            self.controller.stop()
        self.controller = None

    async def handle_RCPT(self, server: SMTP, session, envelope, address, options):
        await asyncio.sleep(self.delay)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.box += [(recipient, message, time.time()) for recipient in envelope.rcpt_tos]
        return "250 OK"

    def subjects(self, recipient=None):
        """Returns the subjects of a recipient's emails, or of all."""
        return [message["Subject"] for to, message, _ in self.box if recipient in (None, to)]


@pytest.fixture
def mail_server():
    """A running mail server for this test."""
    server = MailServer().up()
    yield server
    server.down()
