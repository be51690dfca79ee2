"""Why a session ended: reason -> the sentence that the sign-in page shows."""

from portal.words.marks import N_

NOTICES: dict[str, str] = {
    "signed_out": N_("You're signed out."),
    "idle": N_("You were signed out because you weren't active for a while. Sign in to continue."),
    "clock": N_("You were signed out because our clock was corrected. Sign in to continue."),
    "overall": N_("You were signed out because you had been signed in for 12 hours. Sign in to continue."),
    "newer_sign_ins": N_("You were signed out here because you signed in on several other browsers."),
    "ended_by_owner": N_("You were signed out here because you ended this session from another browser. Sign in to continue."),
    "two_factor_changed": N_("You were signed out here because your two-factor authentication changed. Sign in to continue."),
    "two_factor_reset": N_(
        "You were signed out here because your two-factor authentication was reset. Open the link we emailed you to set it up again."
    ),
    "recovery_set_up": N_(
        "You were signed out here because your account is being set up again. If that isn't you, use the link in our email to stop it."
    ),
    "password_changed": N_("You were signed out here because your password changed. Sign in to continue."),
    "password_is_new": N_("Your password has been changed. Sign in with the new one."),
    "not_me": N_(
        "You were signed out because someone selected “This wasn't me” in an email about your account. Sign in to continue."
    ),
    "phone_lost": N_("You were signed out here because a phone or device of yours was reported as lost. Sign in to continue."),
    "recovery_stopped": N_(
        "You were signed out here because the account recovery was stopped. Contact Support, and we'll check who you are."
    ),
    "recovery_lapsed": N_("You were signed out here because the time to set up again was over. Contact Support to get back in."),
    "by_operator": N_("You were signed out here by whoever runs this portal. Sign in to continue."),
    "claimant": N_("That took longer than 10 minutes. Enter your password again."),
    "waiting": N_("Nobody answered your request for emergency access within 30 minutes. Enter your password to continue."),
    "unconfirmed": N_("Nobody confirmed your sign-in within 10 minutes. Sign in again."),
    "not_confirmed": N_(
        "Your sign-in was stopped in another browser where you're signed in. If that wasn't you, change your password."
    ),
    "confirmations_off": N_("Confirming new browsers was just turned off for your account. Sign in again."),
    "emergency_signed_in": N_(
        "Your emergency access has ended because you signed in with a code. Sign in with a code here too to continue."
    ),
    "emergency": N_("Your emergency access has ended. It lasts 60 minutes. Sign in with a code to continue."),
    "emergency_ended": N_("You ended your emergency access. Sign in with a code to continue."),
    "sign_in_first": N_("Sign in to continue."),
}
