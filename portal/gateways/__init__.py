"""The outside world: what carries texts and mails, and what it can answer."""

from dataclasses import dataclass
from typing import Protocol

# What came of a hand-over.
SENT = "sent"  # taken: ours is done
KEPT = "kept"  # there is no gateway: the test bench shows it
REFUSED = "refused"  # a plain no, which another try would not change
UNREACHABLE = "unreachable"  # certainly not taken, and another try may do better
HELD = "held"  # not brought to it: the number has lately moved to another SIM, and a code could reach a thief (SM-7)
UNDELIVERED = "undelivered"  # taken, and reported later as lost on the way
UNKNOWN = "unknown"  # it was on its way when the line broke: perhaps taken, perhaps not


@dataclass(frozen=True, slots=True)
class Message:
    """One text or mail, ready to hand over. `subject` and `html` are a mail's, `report` and `has_code` a text's."""

    id: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    report: str = ""  # the token by which the carrier may say what became of it
    has_code: bool = False

    def __repr__(self) -> str:
        return f"Message({self.id})"  # what it says and to whom goes into no log


class Gateway(Protocol):
    """Takes one message at a time; never raises for what the outside world does."""

    def hand_over(self, message: Message) -> str:
        """One of the outcomes above."""


class Bench:
    """Without a gateway, messages stay in the outbox, where the test bench shows them."""

    def hand_over(self, message: Message) -> str:
        return KEPT


class Off:
    """Texts are switched off: not even those that waited go out (SM-6)."""

    def hand_over(self, message: Message) -> str:
        return REFUSED


class Nowhere:
    """Neither a gateway nor a test bench: messages wait for a setting until they die."""

    def hand_over(self, message: Message) -> str:
        return UNREACHABLE
