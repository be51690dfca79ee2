"""Gateways for texts and emails, and the outcomes of sending."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

# Outcomes of handing a message over.
SENT = "sent"  # accepted
KEPT = "kept"  # no gateway: the test bench shows it
REFUSED = "refused"  # permanent failure: a retry would not help
UNREACHABLE = "unreachable"  # certainly not accepted; a retry may help
HELD = "held"  # withheld: the number recently moved to another SIM, so a code might reach an attacker (SM-7)
UNDELIVERED = "undelivered"  # accepted, but later reported as undelivered
UNKNOWN = "unknown"  # the connection broke after the request was sent: it may or may not be accepted, so no retry


@dataclass(frozen=True, slots=True)
class Message:
    """A text or email, ready to send. `subject`, `html`, and `language` are for emails, `report` and `has_code` for texts."""

    id: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    language: str = ""  # its BCP 47 tag, or "" if nobody says
    report: str = ""  # the token of its delivery report
    has_code: bool = False

    def __repr__(self) -> str:
        return f"Message({self.id})"  # keeps recipient and content out of logs


class Gateway(Protocol):
    """Sends one message at a time. Never raises for external failures."""

    def hand_over(self, message: Message) -> str:
        """Send the message and return one of the outcomes above."""


class Bench:
    """No gateway, with the test bench on: messages stay in the outbox, where the test bench shows them.

    `answer`: what its switches for faults make of a message.
    """

    def __init__(self, answer: Callable[[Message], str] = lambda _: KEPT) -> None:
        self.answer = answer

    def hand_over(self, message: Message) -> str:
        return self.answer(message)


class Off:
    """Texts are switched off: not even queued ones are sent (SM-6)."""

    def hand_over(self, message: Message) -> str:
        return REFUSED


class Nowhere:
    """Neither a gateway nor a test bench: messages stay queued until one is configured or they expire."""

    def hand_over(self, message: Message) -> str:
        return UNREACHABLE
