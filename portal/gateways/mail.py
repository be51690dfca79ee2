"""Sends each email over its own SMTP connection to the server in PORTAL_SMTP_URL, using smtplib."""

import logging
import smtplib
import ssl
import unicodedata
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
SEVEN_BITS = SMTP.clone(cte_type="7bit")  # works without 8BITMIME
LINE = 72  # columns of plain text, one for a space at the end included (RFC 3676 4.2 asks for no more than 78)
STUFFED = (" ", ">", "From ")  # a line that begins so gets one more space, as it would mean something else (RFC 3676 4.4)
DASHES = "--"  # with a space after them, a line that begins a signature, which mail programs hide (RFC 3676 4.3)
PERMANENT_FAILURE = 500  # reply codes from here on are permanent (RFC 5321 4.2.1)


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server in PORTAL_SMTP_URL."""

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
        """Parse smtp://user:password@host:port, smtps://…, or smtp://…?starttls; validated by settings/addresses.py."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "smtps"
        is_starttls = "starttls" in parts.query
        port = parts.port or (465 if is_tls else 587 if is_starttls else 25)
        return cls(parts.hostname or "", port, is_tls, is_starttls, unquote(parts.username or ""), unquote(parts.password or ""))

    def connect(self) -> smtplib.SMTP:
        """Open a connection, with TLS and login if the URL says so. Raises OSError or SMTPException."""
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
    """Sends emails through one server, each to one recipient, so that a refused address affects nobody else."""

    def __init__(self, url: str, sender: str) -> None:
        self.server = MailServer.of(url)
        self.sender = sender

    def hand_over(self, message: Message) -> str:
        """SENT, REFUSED (permanent failure), or UNREACHABLE (worth a retry)."""
        try:
            email = build_email(message, self.sender)
        except (ValueError, IndexError, MessageError):  # an invalid address, or header injection
            return REFUSED
        try:
            server = self.server.connect()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return classify_failure(message, error)
        try:
            server.send_message(email)
        except (OSError, smtplib.SMTPException) as error:
            return classify_failure(message, error)
        finally:
            server.close()
        return SENT


def build_email(message: Message, sender: str) -> EmailMessage:
    """Plain text with an HTML alternative. Raises ValueError for a line break in a header."""
    email = EmailMessage(policy=SEVEN_BITS)
    domain = sender.rpartition("@")[2]
    email["From"] = Address(SENDER_NAME, addr_spec=sender)
    email["To"] = Address(addr_spec=message.to)
    email["Subject"] = message.subject
    email["Date"] = format_datetime(clock.now())
    email["Message-ID"] = f"<{message.id}@{domain}>"  # the same on each retry, so that duplicates can be recognized
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: suppresses automatic replies
    email.set_content(flow_lines(message.text), params={"format": "flowed"})
    email.add_alternative(message.html, subtype="html")
    if message.language:  # last: adding parts takes headers that begin with Content- away
        email["Content-Language"] = message.language
    return email


def flow_lines(text: str) -> str:
    """Lines of at most LINE columns for whoever reads the plain text as it comes; other programs join them again (RFC 3676).

    A line that ends in a space goes on in the next. Addresses stay whole, so that they can be pressed.
    """
    lines = []
    for paragraph in text.splitlines():
        line, *words = paragraph.split(" ")
        for word in words:
            if line.strip() not in ("", DASHES) and count_columns(f"{line} {word}") > LINE:
                lines.append(f"{line} ")
                line = word
            else:
                line = f"{line} {word}"
        lines.append(line.rstrip(" "))
    return "".join(f" {line}\n" if line.startswith(STUFFED) else f"{line}\n" for line in lines)


def count_columns(line: str) -> int:
    """How wide a line is: Hangul and its like take two columns each."""
    return sum(2 if unicodedata.east_asian_width(each) in ("W", "F") else 1 for each in line)


def classify_failure(message: Message, error: Exception) -> str:
    """The outcome of a failed attempt, by SMTP reply code. The reply's text is not logged: it may hold addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
    elif isinstance(error, smtplib.SMTPDataError):
        code = error.smtp_code
    else:  # connection, TLS, login, or sender: for the operator to fix, then retried
        log.warning("email %s: the mail server is unreachable: %s", message.id, type(error).__name__)
        return UNREACHABLE
    log.warning("email %s: the mail server answered %s", message.id, code)
    return REFUSED if code >= PERMANENT_FAILURE else UNREACHABLE
