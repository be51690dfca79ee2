"""Maps each refusal's reason to the sentence that people read. Pure; the page translates."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache

from babel import Locale
from babel.numbers import format_decimal

from portal.settings import config
from portal.words import auditor, bench, emergency, lost, new_browsers, recovery, shown, support, tickets, times
from portal.words.marks import N_ as N_
from portal.words.marks import N_plural as N_plural
from portal.words.marks import Plural as Plural


class Refused(Exception):
    """An expected refusal. `reason` is a key of SENTENCES; `facts` fill its placeholders (never with input).

    `when` is in ISO format, `wait` in seconds.
    """

    def __init__(self, reason: str, **facts: int | str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


class Unclear(Refused):
    """A refusal of input that can be read, but not surely: the page shows the `suggestions` in full. They are nowhere else."""

    def __init__(self, reason: str, suggestions: Iterable[str]) -> None:
        super().__init__(reason)
        self.suggestions = tuple(suggestions)


# One sentence per reason; if it has a count, with its plural.
SENTENCES: dict[str, str | Plural] = {
    "sign_in_wrong": N_("Your username or password is incorrect. Check both and try again."),
    "username_empty": N_("Enter your username."),
    "username_long": N_("Use at most %(username_max)s characters for the username."),
    "username_signs": N_("Begin the username with a letter or a digit, and use only letters, digits, and the signs . - _ @ +."),
    "practice_empty": N_("Enter the name of the practice."),
    "practice_long": N_("Use at most %(name_max)s characters for the practice."),
    "practice_missing": N_("Name the practice. Every provider and administrator belongs to one."),
    "practice_unknown": N_("No practice has that name. See them with practices list, or make one with practices set."),
    "practice_signs": N_("Use letters that can be seen in the name of the practice."),
    "password_empty": N_("Enter your password."),
    "password_wrong": N_("That's not your current password. Check it and try again."),
    "password_short": N_("Use at least %(password_min)s characters. A few words in a row work well."),
    "password_long": N_("Use at most %(password_max)s characters."),
    "password_context": N_("Your username and our product names are easy to guess. Choose other words."),
    "password_common": N_("This password is on lists that thieves try first. Choose something less common."),
    "password_new_empty": N_("Enter a new password."),
    "password_same": N_("That's the password you have now. Choose a different one."),
    "forgot_empty": N_("Enter your username or your email address."),
    "name_empty": N_("Enter your name."),
    "name_long": N_("A name can have at most %(name_max)s characters."),
    "name_signs": N_("A name can have only letters, up to %(name_digits)s digits, spaces, hyphens, and apostrophes."),
    "language_empty": N_("Choose one of these languages."),
    "scheme_empty": N_("Choose automatic, light, or dark."),
    "email_empty": N_("Enter an email address."),
    "email_letters": N_("We can only email addresses without accents or special letters. Enter a different one."),
    "email_shape": N_("An email address looks like name@example.com. Check that nothing is missing."),
    "email_known": N_("We already email that address. Enter a different one."),
    "addresses_full": N_("You've reached the limit for backup email addresses. Remove one first."),
    "mails_many": N_("We've already sent you several of these emails. Check your inbox, or try again in an hour."),
    "note_empty": N_("Write a note first."),
    "note_long": N_("A note can have up to %(note_max)s characters. Shorten it, or write two."),
    "approval_decided": N_("You already decided on this."),
    "approval_approved": N_("%(who)s already approved this."),
    "approval_refused": N_("%(who)s already refused this."),
    "reminded_today": N_("That person was reminded less than a day ago. You can send another reminder tomorrow."),
    "reminded_on": N_("That person now has two-factor authentication on. No reminder is needed."),
    "reminded_all": N_("Everyone without two-factor authentication was reminded less than a day ago."),
    "deadline_empty": N_("Choose a day, or remove the deadline."),
    "deadline_shape": N_("Enter the day as year, month, and day, such as 2027-03-15."),
    "deadline_past": N_("That day has passed. Choose today or a later day."),
    "deadline_far": N_("Choose a day within the next %(deadline_days)s days."),
    "grace_days": N_("Enter a whole number of days from 0 to %(grace_days)s."),
    "grace_sign_ins": N_("Enter a whole number of sign-ins from 0 to %(grace_sign_ins)s."),
    "method_empty": N_("Choose how to get your codes."),
    "code_empty": N_("Enter the %(code_digits)s-digit code."),
    "code_shape": N_("The code must be %(code_digits)s numbers."),
    "code_or_backup_shape": N_("The code must be %(code_digits)s numbers, or a backup code of %(backup_code_length)s letters and numbers."),
    "backup_empty": N_("Enter one of your backup codes."),
    "backup_shape": N_("A backup code has %(backup_code_length)s letters and numbers. Check that none are missing."),
    "backup_many": N_("That's more than one code. Enter only one of them."),
    "saved_empty": N_("Enter the code next to this number on your copy."),
    "wrong_clock": N_("That code did not match. Check the time on your phone: turn on Set Automatically in its date and time settings."),
    "wrong_fresh": N_("That code did not match. Wait for a fresh code in your app, then enter that one."),
    "wrong_account": N_("That code did not match. If your app shows several accounts, use the code labeled for %(issuer)s."),
    "wrong_backup": N_("Still no match. Use one of your backup codes. You can enter it here too."),
    "wrong_rescan": N_("Still no match. Delete the entry for %(issuer)s in your app, then scan the QR code again."),
    "key_wrong": N_("That didn't confirm it's you. Try again, or use a backup code."),
    "used_meanwhile": N_("That code was already used. Use a new one."),
    "used": N_("That code was already used. Wait for the next code in your app, then enter that one."),
    "clock_slow": N_plural(
        "Your phone's clock is about %(minutes)d minute slow. Turn on Set Automatically in its date and time settings, then enter the new code.",
        "Your phone's clock is about %(minutes)d minutes slow. Turn on Set Automatically in its date and time settings, then enter the new code.",
        "minutes",
    ),
    "clock_fast": N_plural(
        "Your phone's clock is about %(minutes)d minute fast. Turn on Set Automatically in its date and time settings, then enter the new code.",
        "Your phone's clock is about %(minutes)d minutes fast. Turn on Set Automatically in its date and time settings, then enter the new code.",
        "minutes",
    ),
    "backup_wrong": N_("That's not one of your backup codes. Check it against your copy, letter by letter."),
    "backup_used": N_("That backup code was already used. Cross it out and use the next one."),
    "backup_old": N_("That backup code is from an older set. Use your newest copy, which says set %(set)d."),
    "saved_wrong": N_("That's not the code with this number in your newest set. Check the number next to it on your copy."),
    "saved_other": N_("That is code %(number)d. Type code %(asked)d."),
    "busy": N_("Many people are signing in right now. Wait a few seconds, then try again."),
    "throttled": N_("Too many attempts. Try again in %(wait)s."),
    "throttled_code": N_("Too many attempts. Try again in %(wait)s, or use a backup code now."),
    "disabled_here": N_("There were too many wrong codes, so codes from your phone no longer work in this browser. Use a backup code, or a browser you've signed in with before."),
    "disabled": N_("There were too many wrong codes, so codes from your phone no longer work. Use a backup code, or Contact Support."),
    "on_hold": N_("Your phone was reported as lost, so its codes don't work. Use a backup code, or Contact Support."),
    "answer_other": N_("This account doesn't open with that. Use one of the other ways on this page."),
    "on_hold_all": N_("A phone or device of yours was reported as lost, so nothing you confirm it's you with works. Use a backup code, or Contact Support."),
    "unreadable": N_("We can't check codes from your phone right now, and our engineers know about it. Use a backup code, or Contact Support."),
    "reason_empty": N_("Give a reason in a few words."),
    "reason_long": N_("Use at most %(reason_max)s characters for the reason."),
    "reason_secret": N_("That looks like a code or a setup key. Leave it out, because others will read the reason. If it was a backup code of yours, it's used up now."),
    "checks_empty": N_("Select at least one way you checked who they are."),
    "reset_off": N_("Two-factor authentication isn't on for this account, so there's nothing to reset."),
    "reset_no_second": N_("A second person has to approve this, and there is nobody: no other administrator of the practice, and no other support agent."),
    "person_empty": N_("Enter their username or email address."),
    "fact_empty": N_("Enter a second fact about them."),
    "person_unknown": N_("No account matches both. Check each of them with the person, letter by letter."),
    "person_several": N_("More than one account matches. Use the username instead of the email address."),
    "reset_no_address": N_("This account has no email address to send a link to. Contact Support."),
    "unblock_no_address": N_("Your account has no email address to send a link to. Add one in Account Settings, or Contact Support."),
    "reset_done": N_("%(who)s reset this account just before you, so we didn't reset it again."),
    "reset_changed": N_("This account changed after you opened the page, so nothing was done. Check it again before you continue."),
    "reset_waiting": N_("%(who)s already asked for a reset of this account. It's waiting for a second person."),
    "answer_empty": N_("You haven't decided yet. Choose Approve or Refuse."),
    "access_changed": N_("Your own access just changed, so nothing was done. Sign in again to see what you can do now."),
    "approval_gone": N_("This request is no longer open. Someone else decided first, it expired, or the account changed."),
    "reset_link_due": N_("Two-factor authentication for this account was reset. Open the link we emailed you. It works together with your password. No email? Contact Support."),
    "reset_link_due_at_practice": N_("Two-factor authentication for this account was reset. Open the link we emailed you. It works together with your password. No email? Ask your practice administrator, or Contact Support."),
    "zone_name": N_("That isn't the name of a time zone. Write it as IANA does, such as America/Los_Angeles."),
    "line_long": N_("That's too long for one line."),
    "line_signs": N_("That holds characters that can't be printed. Write it in one line."),
    "time_zone_unknown": N_("We don't know that time zone. Choose one from the list."),
    "label_empty": N_("Enter a name, such as Tablet."),
    "label_long": N_("Use at most %(label_max)s characters."),
    "label_taken": N_("Another one of yours already has that name. Choose a different name."),
    "text_first": N_("We haven't sent you a text yet. Select Text me a code to get one."),
    "text_wrong": N_("That code did not match. Check it against the newest text from us."),
    "text_old": N_("That code is from an older text. Use the newest one."),
    "text_used": N_("That code was already used. Select Send again for a new one."),
    "text_expired": N_("That code has expired. Codes work for %(text_minutes)s minutes. Select Send again for a new one."),
    "text_late": N_("That was the right code, but it expired after %(text_minutes)s minutes. Select Send again for a new one."),
    "text_tries": N_("After %(text_tries)s wrong tries, that code no longer works. Select Send again for a new one."),
    "send_gap": N_("We sent you a text less than a minute ago. You can send another one in %(wait)s."),
    "send_limit": N_("We can't send more texts for now. Use another way, or try again in %(wait)s."),
    "send_stopped": N_("We can't text numbers that are new to us for now. Use the authenticator app, or try again in %(wait)s."),
    "texts_off": N_("Text messages are turned off right now, so we didn't send one. Use another way."),
    "texts_off_other": N_("Text messages are turned off right now, so we can't text you a code. Use the code from your app, or a backup code."),
    "texts_off_own": N_("Text messages are turned off right now, so we can't text you a code. Use your other way, or a backup code."),
    "texts_off_backup": N_("Text messages are turned off right now, so we can't text you a code. Use one of your backup codes."),
    "method_off_backup": N_("Your way to confirm that it's you is turned off right now. Use one of your backup codes."),
    "method_off_alone": N_("Your way to confirm that it's you is turned off right now, and you have no other way to get in. Contact Support, and we'll confirm who you are."),
    "texts_off_alone": N_("Text messages are turned off right now, and you have no other way to get in. Contact Support, and we'll confirm who you are."),
    "method_withdrawn": N_("Your practice doesn't offer that way right now. Choose another one, or ask your practice administrator."),
    "texts_not_offered": N_("Text messages are turned off right now. The authenticator app works without them."),
    "authenticator_taken": N_("That one is already in use on this site, so it can't be added again. Use another one."),
    "authenticators_full": N_("You already have %(most)s ways to confirm it's you. Remove one you no longer use, then add this one."),
    "number_shared": N_("This number is already used by %(number_accounts)s accounts. Choose another number, or the authenticator app."),
    "phone_empty": N_("Enter your mobile phone number."),
    "phone_letters": N_("Enter digits only, with a + in front if the number is from another country."),
    "phone_extension": N_("Texts can't reach an extension. Enter a mobile phone number without one."),
    "phone_short": N_("That number is too short. Enter all its digits, with the area code."),
    "phone_long": N_("That number has too many digits. Check that you typed it only once."),
    "phone_unallocated": N_("We can't tell which country that number belongs to. Check it digit by digit, or start with + and the country code."),
    "phone_unknown": N_("We don't recognize that number. Check it against your phone, digit by digit, and the country code in front of it."),
    "phone_confirm": N_("We added a country code to your number. Check the whole number. If it's yours, select the button below it."),
    "phone_which": N_("That number fits more than one country. Choose yours."),
    "phone_landline": N_("That number is a landline, which can't get texts. Enter a mobile phone number."),
    "phone_premium": N_("That number charges people who call it. Enter your own mobile phone number."),
    "phone_service": N_("That number belongs to a service, not to one phone. Enter your own mobile phone number."),
    "phone_voip": N_("That's an internet phone number. Its texts can be read on any computer. Enter a mobile phone number."),
    "phone_country": N_("We can't send texts to that country. Enter a number from another country, or use an authenticator app."),
    "phone_country_on_file": N_("We can't send texts to that country. Enter a number from another country."),
    "phone_country_no_texts": N_("We can't use numbers from that country. Enter a number from another country."),
    "phone_extension_no_texts": N_("That number has an extension. Enter a mobile phone number without one."),
    "phone_landline_no_texts": N_("That number is a landline. Enter a mobile phone number."),
    "kept_on": N_("You kept two-factor authentication on after this page was opened. To turn it off after all, enter your password again."),
    "changed_meanwhile": N_("Your two-factor authentication changed after you opened this page, so nothing was turned off. Look again and decide."),
    "link_unknown": N_("This link isn't complete. Copy the whole link from the email, or ask for a new one."),
    "link_used": N_("This link was already used, or a newer one replaced it. Ask for a new one if you still need it."),
    "link_mailbox": N_("Your password was set by email, so an email can't make the codes work again. Use a backup code, or Contact Support."),
    "link_expired": N_("This link has expired. Ask for a new one."),
    "not_me_used": N_("This link was already used. It works only once."),
    "not_me_expired": N_("This link has expired. It works for %(not_me_days)s days."),
    "link_other": N_("This link is for another account. Sign in with the account that asked for it, then open the link again."),
    "link_sign_in": N_("Sign in first. Then open the link in the email again."),
    "sign_in_first": N_("Sign in first. This link works together with your password."),
    "set_up_replaced": N_("Setup was started again in another tab, so that code no longer fits. Continue with what this page shows now."),
    "set_up_expired": N_("Setup was open for more than %(set_up_minutes)s minutes, so it ended. Start again here."),
    **auditor.SENTENCES,
    **emergency.SENTENCES,
    **lost.SENTENCES,
    **new_browsers.SENTENCES,
    **recovery.SENTENCES,
    **shown.SENTENCES,
    **support.SENTENCES,
    **bench.SENTENCES, **tickets.SENTENCES,
}  # fmt: skip

# The numbers that sentences name, whoever refuses.
LIMITS: dict[str, int] = {
    "username_max": config.USERNAME_MAX,
    "name_max": config.NAME_MAX,
    "name_digits": config.NAME_DIGITS,
    "label_max": config.LABEL_MAX,
    "password_min": config.PASSWORD_MIN_ALONE,
    "password_max": config.PASSWORD_MAX,
    "note_max": config.NOTE_MAX,
    "reason_max": config.REASON_MAX,
    "code_digits": config.CODE_DIGITS,
    "backup_code_length": config.BACKUP_CODE_LENGTH,
    "text_minutes": config.TEXT_LIFE // timedelta(minutes=1),
    "text_tries": config.TEXT_TRIES,
    "number_accounts": config.ACCOUNTS_PER_NUMBER,
    "deadline_days": config.DEADLINE_AHEAD.days,
    "grace_days": config.GRACE_DAYS_MAX,
    "grace_sign_ins": config.GRACE_SIGN_INS_MAX,
    "not_me_days": config.NOT_ME_LIFE.days,
    "set_up_minutes": config.BINDING_LIFE // timedelta(minutes=1),
    **auditor.LIMITS,
    **emergency.LIMITS,
    **new_browsers.LIMITS,
    **recovery.LIMITS,
    **support.LIMITS,
    **bench.LIMITS,
    **tickets.LIMITS,
}

TRIES_LEFT = N_plural("You have %(left)d try left before a pause.", "You have %(left)d tries left before a pause.", "left")


def sentence(refusal: Refused, translate: Callable[..., str], plural: Callable[..., str], locale: Locale) -> str:
    """The translated sentence for a refusal, with the number of tries left if known.

    `translate(text, **facts)` and `plural(one, many, number, **facts)` are gettext functions that fill in the facts. `locale`
    writes durations.
    """
    facts = {**limits(locale), **refusal.facts}
    if "wait" in facts:
        facts = {**facts, "wait": times.duration(int(facts["wait"]), locale)}
    translated = translate_entry(SENTENCES[refusal.reason], facts, translate, plural)
    if "left" not in refusal.facts:
        return translated
    return translated + " " + translate_entry(TRIES_LEFT, refusal.facts, translate, plural)


@cache
def limits(locale: Locale) -> dict[str, int | str]:
    """LIMITS as a locale writes numbers."""
    return {name: format_decimal(number, locale=locale) for name, number in LIMITS.items()}


def in_english(refusal: Refused) -> str:
    """The sentence of a refusal that counts nothing, for an operator at the command line."""
    return str(SENTENCES[refusal.reason]) % {**limits(Locale.parse("en_US")), **refusal.facts}


def translate_entry(
    entry: str | Plural, facts: dict[str, int | str], translate: Callable[..., str], plural: Callable[..., str]
) -> str:
    """Translate one entry of SENTENCES and fill in its facts."""
    if isinstance(entry, str):
        return translate(entry, **facts)
    one, many, fact = entry
    return plural(one, many, facts[fact], **facts)
