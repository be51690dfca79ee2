"""The refusals about sign-ins in new browsers, and the numbers in them: a part of `refusals`."""

from datetime import timedelta

from portal.settings import config
from portal.words.marks import N_, N_plural, Plural

SENTENCES: dict[str, str | Plural] = {
    "confirmation_over": N_(
        "That sign-in is over: it was confirmed, it was stopped, or it took longer than %(confirmation_minutes)s minutes."
    ),
    "confirmation_waits": N_("Nobody has confirmed this sign-in yet. Open the link that we emailed you, in this browser."),
    "confirmation_far": N_(
        "That browser is on another network than this one, so nothing was confirmed. If it's you, open the emailed link there."
    ),
    "confirmation_wrong": N_plural(
        "That's not the number on that page. Look again. You have %(tries)d try left.",
        "That's not the number on that page. Look again. You have %(tries)d tries left.",
        "tries",
    ),
    "confirmation_tries": N_(
        "You entered %(confirmation_tries)s wrong numbers, so we stopped that sign-in. If it was yours, sign in there again. If "
        "not, change your password."
    ),
    "confirmations_no_address": N_(
        "Your account has no email address for the link, so this can't be turned on. Add one in Profile first."
    ),
    "pair_empty": N_("Enter the number that the new browser shows."),
    "pair_shape": N_("That number has %(pair_digits)s digits. It stands on the page that waits in the new browser."),
}
LIMITS: dict[str, int] = {
    "confirmation_minutes": config.CONFIRMATION_LIFE // timedelta(minutes=1),
    "confirmation_tries": config.CONFIRMATION_TRIES,
    "pair_digits": config.CONFIRMATION_DIGITS,
}
