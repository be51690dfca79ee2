"""What the folder calls things: code → words, to translate. What people wrote themselves stays as it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from portal import phones
from portal.flows.auditor import emergencies, factors, resets
from portal.flows.auditor.scope import Person
from portal.flows.base.recovery_cases import DONE, LAPSED, REFUSED, SETTING_UP, STOPPED
from portal.flows.resets.decide import IDENTITY_CHECKS
from portal.languages import load_catalogue, locale_of
from portal.methods import method
from portal.words import times
from portal.words.refusals import N_

ROLES = {
    "provider": N_("Provider"),
    "administrator": N_("Practice administrator"),
    "support": N_("Support agent"),
    "patient": N_("Patient"),
}
FACTOR_STATES = {
    factors.WORKS: N_("Works"),
    factors.ELSEWHERE: N_("Blocked in new browsers, after a hundred wrong codes"),
    factors.BLOCKED: N_("Blocked, after a hundred wrong codes"),
    factors.ON_HOLD: N_("On hold: reported as lost"),
    factors.NO_CHART: N_("Opens no chart"),
    factors.SAVED: N_("Saved by their owner"),
    factors.UNSAVED: N_("Not known to be saved"),
    factors.HANDED_OVER: N_("Sealed copy handed over"),
}
REASONS = {
    factors.CLOSED: N_("The account is closed, so nobody can sign in."),
    factors.RESET_OPEN: N_("It was reset. The emailed link and the password lead to setup, and nowhere else."),
    factors.RESET_LAPSED: N_("It was reset, and the emailed link is no longer good. No chart opens without another reset."),
    factors.GRACE: N_("May postpone setup under the practice's deadline."),
    factors.NOT_SET_UP: N_("Not set up yet. No chart opens until it is."),
    factors.NO_CHART_FACTOR: N_("Has only what opens no chart, so setup comes first."),
}
KINDS = {resets.RESET: N_("Two-factor reset"), resets.RECOVERY: N_("Account recovery")}
OUTCOMES = {
    resets.ALONE: N_("Done. No second person was needed."),
    DONE: N_("Done"),
    REFUSED: N_("Refused"),
    LAPSED: N_("Lapsed"),
    STOPPED: N_("Stopped"),
    SETTING_UP: N_("Setting up again"),
    resets.WAITING: N_("Waiting for a second person"),
    resets.OPEN: N_("Not decided yet"),
    emergencies.APPROVED: N_("Approved"),
    emergencies.RUNNING: N_("Approved, still running"),
}
REVIEWS = {
    emergencies.REVIEWED: N_("Reviewed in time"),
    emergencies.LATE: N_("Reviewed late"),
    emergencies.OVERDUE: N_("Overdue"),
    emergencies.DUE: N_("Due"),
    emergencies.NO_REVIEW: N_("None is due"),
}
GROUNDS = {
    "password": N_("Password"),
    "text": N_("Code by text"),
    "backup_code": N_("Backup code"),
    "identity": N_("Support checked who they are"),
    **IDENTITY_CHECKS,
}
EVENTS = {
    "authenticator_added": N_("Added"),
    "authenticator_replaced": N_("Replaced"),
    "authenticator_removed": N_("Removed"),
    "authenticator_disabled": N_("Blocked after a hundred wrong codes"),
    "authenticator_unblocked": N_("Unblocked by its owner"),
    "authenticator_suspended": N_("Put on hold: reported as lost"),
    "authenticator_restored": N_("No longer on hold"),
    "backup_codes_made": N_("New set of backup codes"),
    "two_factor_off": N_("Turned off"),
    "two_factor_reset": N_("Reset"),
    "recovery_set_up": N_("Ended by an account recovery"),
}
BACKUP_CODES = N_("Backup codes")
NOBODY = N_("Nobody signed in")


@dataclass(frozen=True)
class Words:
    """A language for codes, and a clock for times."""

    language: str
    zone: ZoneInfo
    countries: tuple[str, ...] = ()  # whose phone numbers may stand in what people wrote

    @property
    def translate(self) -> Callable[[str], str]:
        return load_catalogue(self.language).gettext

    def say(self, sentence: str, **facts: object) -> str:
        """The translated sentence, with its facts filled in."""
        translated = self.translate(sentence)
        return translated % facts if facts else translated

    def of(self, words: Mapping[str, str], code: str) -> str:
        """The words for a code; the code itself, if a newer version wrote it."""
        return self.translate(words[code]) if code in words else code

    def factor(self, name: str | None) -> str:
        """A method's label, or "Backup codes"."""
        if name in (factors.BACKUP_CODES, "backup_code"):
            return self.translate(BACKUP_CODES)
        known = method(name or "")
        return self.translate(known.label) if known else name or ""

    def factors(self, names: str) -> str:
        """The labels of several, from their names with commas between them."""
        return ", ".join(self.factor(name) for name in names.split(",") if name)

    def written(self, text: str) -> str:
        """What somebody wrote, without phone numbers (AU-3)."""
        return phones.hide_numbers(text, self.countries)

    def person(self, person: Person | None) -> str:
        """Name and account in one cell."""
        return f"{person.name} ({person.account})" if person else ""

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def exact(self, at: datetime | None) -> str:
        """A time for a table: by the practice's clock, with the distance from UTC."""
        return self.local(at).isoformat(" ", "seconds") if at else ""

    def day(self, day: date) -> str:
        """A day in the text of the report."""
        return times.day(day, locale_of(self.language))

    def month(self, month: date) -> str:
        return f"{month:%Y-%m}"
