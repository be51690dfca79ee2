"""The refusals of account recovery, and the numbers in them: a part of `refusals`."""

from datetime import timedelta

from portal.settings import config
from portal.words.marks import N_, N_plural, Plural

SENTENCES: dict[str, str | Plural] = {
    "story_long": N_("Use at most %(story_max)s characters to say what happened."),
    "story_secret": N_(
        "That looks like a code or a setup key. Leave it out: nobody needs it to help you. "
        "If it was a backup code of yours, it's used up now."
    ),
    "recovery_expired": N_(
        "This page was open for a long time, so your request wasn't sent. Nothing you typed is lost. Send it again."
    ),
    "recovery_often": N_("Many requests came from your network. Try again in %(wait)s, or reach us in one of the ways below."),
    "recovery_mailed": N_("We sent this email a short while ago. Check your spam folder. You can send it again in %(wait)s."),
    "recovery_code_empty": N_("Enter the code from the email."),
    "recovery_code_shape": N_("The code from the email has %(mailed_digits)s digits."),
    "recovery_code_wrong": N_plural(
        "That code did not match. Use the one in our newest email. You have %(tries)d try left.",
        "That code did not match. Use the one in our newest email. You have %(tries)d tries left.",
        "tries",
    ),
    "recovery_tries": N_(
        "After %(mailed_tries)s wrong codes, this request takes no more. Send a new request, and we'll email a code for it."
    ),
    "recovery_late": N_("This request is more than %(mailed_hours)s hours old, so its code has expired. Send a new request."),
    "recovery_moved": N_("This request changed after you opened the page, so nothing was done. Check where it stands now."),
    "recovery_way": N_("This account can't use that proof right now. Choose another one, or have support check who you are."),
    "recovery_no_address": N_("This account has no email address that we can send a link to. Contact Support."),
    "recovery_link_mailed": N_(
        "We emailed the link less than %(mail_gap)s minutes ago. Check your inbox and your spam folder first."
    ),
    "recovery_browser": N_("This account's password was set by email. Open the link in the browser where you asked for it."),
    "recovery_browsers": N_(
        "The password was set by email, and several browsers used the emailed code. Cancel the request and send a new one from one browser."
    ),
    "recovery_stop_unknown": N_("This link isn't complete. Copy the whole link from the email."),
    "recovery_unknown": N_("We don't know that reference number. Check it, or send a new request."),
}
LIMITS: dict[str, int] = {
    "story_max": config.RECOVERY_STORY_MAX,
    "mailed_digits": config.RECOVERY_CODE_DIGITS,
    "mailed_tries": config.RECOVERY_CODE_TRIES,
    "mail_gap": config.LINK_EMAIL_GAP // timedelta(minutes=1),
    "mailed_hours": config.RECOVERY_CODE_LIFE // timedelta(hours=1),
}
