"""The refusals of emergency access, and the numbers in them: a part of `refusals`."""

from datetime import timedelta

from portal.settings import config
from portal.words.marks import N_, N_plural, Plural

SENTENCES: dict[str, str | Plural] = {
    "emergency_practice": N_("Your account isn't part of a practice, so there are no charts to open. Contact Support."),
    "emergency_waiting": N_(
        "You already asked, and an answer can come until %(when)s. Wait for it in the browser you asked from."
    ),
    "emergency_again": N_(
        "You had emergency access in the last %(emergency_again_hours)s hours. You can ask for it again after %(when)s."
    ),
    "emergency_often": N_(
        "You've asked %(emergency_asks)s times in %(emergency_again_hours)s hours. You can ask again after %(when)s. Until "
        "then, Contact Support."
    ),
    "emergency_nobody": N_("Nobody at your practice or on our support team can approve this right now. Contact Support."),
    "emergency_late": N_("Your sign-in moved on after you opened this page. Start again from the code page."),
    "emergency_over": N_("You don't have approval right now, so no charts were opened."),
    "emergency_elsewhere": N_("Emergency access was approved for the browser that asked for it. Open the charts there."),
    "number_empty": N_("Enter the number they read to you."),
    "number_shape": N_("The number has %(number_digits)s digits. Ask them to read it again, digit by digit."),
    "number_wrong": N_plural(
        "That's not the number on their page. Ask them to read it again. You have %(tries)d try left.",
        "That's not the number on their page. Ask them to read it again. You have %(tries)d tries left.",
        "tries",
    ),
    "number_tries": N_(
        "You entered %(number_tries)s wrong numbers, so you can't approve this anymore. You can refuse it, and someone "
        "else can still approve it."
    ),
    "number_unreadable": N_(
        "We can't check the number of this request, so nobody can approve it. Refuse it, then have them ask again."
    ),
    "emergency_withdrawn": N_(
        "This request was withdrawn. The account's owner said they didn't ask, was reset, or signed in with a code."
    ),
    "emergency_lapsed": N_(
        "Nobody answered within %(emergency_wait_minutes)s minutes, so the request expired. They can ask again."
    ),
    "emergency_not_over": N_("This access hasn't ended yet. Review it after it ends."),
    "emergency_reviewed": N_("%(who)s already reviewed this."),
}
LIMITS: dict[str, int] = {
    "number_digits": config.EMERGENCY_NUMBER_DIGITS,
    "number_tries": config.EMERGENCY_NUMBER_TRIES,
    "emergency_asks": config.EMERGENCY_ASKS,
    "emergency_again_hours": config.EMERGENCY_AGAIN // timedelta(hours=1),
    "emergency_wait_minutes": config.EMERGENCY_WAIT // timedelta(minutes=1),
}
