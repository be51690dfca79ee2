"""`flask texts check`: what an operator asks of the gateways for texts before anybody relies on them, in plain words."""

from collections.abc import Callable
from urllib.parse import urlsplit

from portal import methods
from portal.gateways import REFUSED, SENT, UNKNOWN, UNREACHABLE, Message
from portal.gateways.alphabet import Cost, count_parts
from portal.gateways.credentials import NO_ANSWER, NOT_ASKED, RIGHT, WRONG, Finding, check_credentials
from portal.gateways.replies import find_row
from portal.gateways.text import TextGateway
from portal.languages import name_of
from portal.methods import Secret
from portal.policy import PATIENT
from portal.settings.environment import Settings

Say = Callable[[str], None]
SAMPLE = "This is a test of %(issuer)s. There is nothing to do."
CREDENTIALS = {
    RIGHT: "It knows the credentials.",
    WRONG: "It refuses the credentials. Correct them in PORTAL_SMS_URL.",
    NO_ANSWER: "It did not say whether the credentials are right. Check its address and the network.",
    NOT_ASKED: "It offers no question about the credentials. Send a text with --to to find out.",
}
UNKNOWN_SERVICE = "Its answers are not known here: a text that it refuses in the body of its answer counts as sent."
OUTCOMES = {
    SENT: "The gateway accepted the text. Look at the phone.",
    REFUSED: "The gateway refused the text. Check the credentials, the sender, and the number.",
    UNREACHABLE: "The gateway could not be reached, or asks to try later. The text was not sent.",
    UNKNOWN: "The connection broke off. Nobody knows whether the text was sent.",
}


def check_gateways(settings: Settings, say: Say) -> bool:
    """Say what each gateway answers, and how many parts a code takes. Returns whether none refused its credentials.

    Raises SettingError if apprise cannot read an address.
    """
    TextGateway(settings.text_urls)
    findings = list(check_credentials(settings.text_urls))
    for finding, url in zip(findings, settings.text_urls, strict=True):
        say(describe(finding, len(findings), is_known=find_row(url) is not None))
    for language, cost in measure_codes(settings):
        parts = "1 part" if cost.parts == 1 else f"{cost.parts} parts"
        strange = f", because of {' '.join(cost.strange)}" if cost.strange else ""
        name = f" in {name_of(language)}" if len(settings.languages) > 1 else ""
        say(f"A text with a code{name} takes {parts}{strange}.")
    return all(each.result != WRONG for each in findings)


def describe(finding: Finding, number: int, is_known: bool) -> str:
    """One gateway in a line."""
    words = [f"Gateway {finding.place} of {number}, {finding.service}:", CREDENTIALS[finding.result]]
    return " ".join(words if is_known else [*words, UNKNOWN_SERVICE])


def measure_codes(settings: Settings) -> list[tuple[str, Cost]]:
    """(language, what a code costs), for each method that texts codes and each language offered."""
    host = urlsplit(settings.base_url).hostname or ""
    found = []
    for language in settings.languages:
        secret = Secret("", "", issuer=PATIENT.issuer, account="", initials="M. R.", host=host, language=language)
        found += [(language, count_parts(each.words(secret, "482913"))) for each in methods.switched_on() if each.sends_texts]
    return found


def send_sample(settings: Settings, number: str, say: Say) -> bool:
    """Send one text, and say what came of it. Returns whether a gateway accepted it."""
    gateway = TextGateway(settings.text_urls)
    outcome = gateway.hand_over(Message("sample", number, SAMPLE % {"issuer": PATIENT.issuer}, report="0"))
    say(OUTCOMES[outcome])
    return outcome == SENT
