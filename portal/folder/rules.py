"""What the rules of the portal and of a practice say, in words."""

from datetime import datetime

from portal.flows.auditor.rules import Rule
from portal.flows.base.rule_record import ADDED_METHODS, DEADLINE
from portal.folder.words import Words
from portal.settings import config
from portal.words.refusals import N_

NAMES = {
    DEADLINE: N_("Setup deadline"),
    ADDED_METHODS: N_("Methods that this practice has added"),
    "two_factor": N_("Two-factor authentication"),
    "staff_methods": N_("Methods for people at practices"),
    "patient_methods": N_("Methods for patients"),
    "trusted_browser_days": N_("Browsers that need no code"),
    "confirm_new_browsers": N_("Sign-ins of patients in new browsers"),
    "password_length": N_("Passwords"),
    "wrong_codes": N_("Wrong codes"),
    "sessions": N_("Sessions"),
    "backup_codes": N_("Backup codes"),
    "reset_links": N_("Resets"),
    "emergency_access": N_("Emergency access"),
    "text_countries": N_("Text messages"),
    "folder_key": N_("Key that signs auditors' folders"),
}
# The words of a value whose parts, with semicolons between them, are `first` to `fourth`.
VALUES = {
    "trusted_browser_days": N_(
        "Patients may trust one. Days until it needs a code again: %(first)s. Others are always asked for one."
    ),
    "password_length": N_("At least %(first)s characters"),
    "wrong_codes": N_(
        "After %(first)s in a row, a pause of %(second)s minutes, growing to %(third)s; after %(fourth)s, the method is blocked."
    ),
    "sessions": N_("End after %(first)s minutes without a click, and after %(second)s hours at the latest."),
    "backup_codes": N_("%(first)s codes, each of which works once"),
    "reset_links": N_("By an emailed link, good for %(first)s hours, together with the password"),
    "emergency_access": N_(
        "Reading charts for %(first)s minutes, approved by a second person, and reviewed within %(second)s hours"
    ),
}
REQUIRED = N_("Required for everyone at a practice; nobody there can turn it off")
CONFIRMING = dict(
    zip(
        config.CONFIRMING,
        (N_("A code is enough"), N_("Patients may choose to confirm them"), N_("Have to be confirmed")),
        strict=True,
    )
)
NONE = N_("None")
NO_DEADLINE = N_("None. Charts open only when two-factor authentication is on.")
DEADLINE_WORDS = N_("Until %(day)s, then %(days)s days or %(sign_ins)s sign-ins more, whichever ends first")
NO_TRUST = N_("None. Everyone is asked for a code at every sign-in.")
TEXTS_OFF = N_("Off for everyone")
TEXTS_ON = N_("For patients only, never for people at practices. Countries: %(first)s")
ORDER = ("first", "second", "third", "fourth")


def value_words(words: Words, rule: Rule) -> str:
    """The value of a rule as people read it. One that a newer version wrote stays as it is."""
    value = rule.value
    if rule.name == DEADLINE:
        return deadline_words(words, value)
    if rule.name in (ADDED_METHODS, "staff_methods", "patient_methods"):
        return words.factors(value) or words.say(NONE)
    if rule.name == "two_factor" and value == "1;0":
        return words.say(REQUIRED)
    if rule.name == "trusted_browser_days" and value == "0":
        return words.say(NO_TRUST)
    if rule.name == "confirm_new_browsers":
        return words.of(CONFIRMING, value)
    if rule.name == "text_countries":
        return words.say(TEXTS_ON, first=value.replace(",", ", ")) if value else words.say(TEXTS_OFF)
    parts = dict(zip(ORDER, value.split(";"), strict=False))
    return words.say(VALUES[rule.name], **parts) if rule.name in VALUES else value


def deadline_words(words: Words, value: str) -> str:
    """A setup deadline: the day at the practice, and the grace after it."""
    if not value:
        return words.say(NO_DEADLINE)
    at, days, sign_ins = value.split(";")
    day = words.local(datetime.fromisoformat(at)).date()
    return words.say(DEADLINE_WORDS, day=day.isoformat(), days=days, sign_ins=sign_ins)
