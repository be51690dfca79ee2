"""The refusals of a text that holds somebody's live code or key: a part of `refusals`."""

from portal.words.marks import N_, N_plural, Plural

SENTENCES: dict[str, str | Plural] = {
    "shown_backup_code": N_plural(
        "That held one of your backup codes. We took it out, and it's used up now, because it was shown. Generate new backup codes on the Security page.",
        "That held %(codes)d of your backup codes. We took them out, and they're used up now, because they were shown. Generate new backup codes on the Security page.",
        "codes",
    ),
    "shown_code": N_(
        "That held a verification code that still worked. We took it out, and it's used up now. Nobody needs one to help you."
    ),
    "shown_key": N_(
        "That held the setup key of your authenticator app. We took it out. Whoever has it can make your codes, so select Change Authenticator App on the Security page."
    ),
    "shown_set_up": N_(
        "That held the setup key we showed you a moment ago. We took it out and ended that setup. Start it again to get a new key."
    ),
    "shown_several": N_(
        "That held several of your codes or keys. We took them out, and those codes are used up now. Generate new backup codes, and change your authenticator app if its setup key was there."
    ),
    "shown_theirs": N_(
        "That held a code or a setup key of theirs. We took it out, and a code is used up now. Never ask for one, and tell them to get new ones."
    ),
}  # fmt: skip
