"""Mails: one conversation each with the mail server of PORTAL_SMTP_URL, by the standard library."""

import logging
import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from portal import clock
from portal.gateways import REFUSED, SENT, UNREACHABLE, Message
from portal.settings import config

log = logging.getLogger(__name__)
SENDER_NAME = "Medximity"
SEVEN_BITS = SMTP.clone(cte_type="7bit")  # no server needs to know 8BITMIME
LASTING = 500  # replies from here on are a no for good (RFC 5321 4.2.1)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where PORTAL_SMTP_URL leads."""

    host: str
    port: int
    is_tls: bool
    is_starttls: bool
    username: str
    password: str

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"

    @classmethod
    def of(cls, url: str) -> "MailServer":
        """The parts of smtp://user:password@host:port, smtps://…, or smtp://…?starttls; settings/config.py has checked them."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "smtps"
        is_starttls = "starttls" in parts.query
        port = parts.port or (465 if is_tls else 587 if is_starttls else 25)
        return cls(parts.hostname or "", port, is_tls, is_starttls, unquote(parts.username or ""), unquote(parts.password or ""))

    def connect(self) -> smtplib.SMTP:
        """An open conversation, in TLS and signed in where the URL says so. Raises OSError or SMTPException."""
        context = ssl.create_default_context()
        if self.is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=config.SMTP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=config.SMTP_SECONDS)
        try:
            if self.is_starttls:
                server.starttls(context=context)
            if self.username:
                server.login(self.username, self.password)
        except BaseException:
            server.close()
            raise
        return server


class MailGateway:
    """Hands mails to one server, one recipient each: an address that is refused costs no other person theirs."""

    def __init__(self, url: str, sender: str) -> None:
        self.server = MailServer.of(url)
        self.sender = sender

    def hand_over(self, message: Message) -> str:
        """SENT, REFUSED (the server will not have this mail, now or later), or UNREACHABLE (worth another try)."""
        try:
            mail = written(message, self.sender)
        except (ValueError, IndexError, MessageError):  # what is no address, or would be a second header, goes nowhere
            return REFUSED
        try:
            server = self.server.connect()
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            return said(message, fault)
        try:
            server.send_message(mail)
        except (OSError, smtplib.SMTPException) as fault:
            return said(message, fault)
        finally:
            server.close()
        return SENT


def written(message: Message, sender: str) -> EmailMessage:
    """Plain text with its HTML sibling. The policy raises ValueError for a line break in a header."""
    mail = EmailMessage(policy=SEVEN_BITS)
    domain = sender.rpartition("@")[2]
    mail["From"] = Address(SENDER_NAME, addr_spec=sender)
    mail["To"] = Address(addr_spec=message.to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message.id}@{domain}>"  # the same at each try: a mail that comes twice is known for one
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday note answers it
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def said(message: Message, fault: Exception) -> str:
    """The outcome of a conversation that failed, by the server's number; its words, which hold addresses, are dropped."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        code = next(iter(fault.recipients.values()))[0]
    elif isinstance(fault, smtplib.SMTPDataError):
        code = fault.smtp_code
    else:  # no line, no TLS, no password, or a sender that it does not know: ours to mend, and then to try again
        log.warning("email %s: the mail server is unreachable: %s", message.id, type(fault).__name__)
        return UNREACHABLE
    log.warning("email %s: the mail server answered %s", message.id, code)
    return REFUSED if code >= LASTING else UNREACHABLE
