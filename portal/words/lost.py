"""What would remain if somebody lost what they sign in with: a part of `refusals`. With more than codes, that may be no phone."""

from portal.words.marks import N_, N_plural, Plural

SENTENCES: dict[str, str | Plural] = {
    "lost_saved": N_plural(
        "If you lost this phone today, your %(codes)d backup code would still let you in.",
        "If you lost this phone today, any of your %(codes)d backup codes would still let you in.",
        "codes",
    ),
    "lost_unsaved": N_plural(
        "If you lost this phone today, only your %(codes)d backup code would let you in, and you haven't confirmed that it's saved.",
        "If you lost this phone today, only your %(codes)d backup codes would let you in, and you haven't confirmed that they're saved.",
        "codes",
    ),
    "lost_saved_second": N_plural(
        "If you lost this phone today, your %(codes)d backup code would still let you in, and so would another way to get codes, if you have it on another device.",
        "If you lost this phone today, any of your %(codes)d backup codes would still let you in, and so would another way to get codes, if you have it on another device.",
        "codes",
    ),
    "lost_unsaved_second": N_plural(
        "If you lost this phone today, another way to get codes would let you in, if you have it on another device. So would your %(codes)d backup code, but you haven't confirmed that it's saved.",
        "If you lost this phone today, another way to get codes would let you in, if you have it on another device. So would your %(codes)d backup codes, but you haven't confirmed that they're saved.",
        "codes",
    ),
    "lost_second": N_(
        "If you lost this phone today, only another way to get codes would let you in, if you have it on another device."
    ),
    "lost_nothing": N_(
        "If you lost this phone today, you would have no way in. Support would have to confirm who you are first."
    ),
    "is_lost": N_plural(
        "While your phone is lost, your %(codes)d backup code is the only way in.",
        "While your phone is lost, your %(codes)d backup codes are the only way in.",
        "codes",
    ),
    "is_lost_nothing": N_("While your phone is lost, you have no way in once you sign out. Generate new backup codes now."),
    "device_saved": N_plural(
        "If you lost the phone or device that you sign in with today, your %(codes)d backup code would still let you in.",
        "If you lost the phone or device that you sign in with today, any of your %(codes)d backup codes would still let you in.",
        "codes",
    ),
    "device_unsaved": N_plural(
        "If you lost the phone or device that you sign in with today, only your %(codes)d backup code would let you in, and you haven't confirmed that it's saved.",
        "If you lost the phone or device that you sign in with today, only your %(codes)d backup codes would let you in, and you haven't confirmed that they're saved.",
        "codes",
    ),
    "device_saved_second": N_plural(
        "If you lost the phone or device that you sign in with today, your %(codes)d backup code would still let you in, and so would a way that you also have on another device.",
        "If you lost the phone or device that you sign in with today, any of your %(codes)d backup codes would still let you in, and so would a way that you also have on another device.",
        "codes",
    ),
    "device_unsaved_second": N_plural(
        "If you lost the phone or device that you sign in with today, a way that you also have on another device would let you in. So would your %(codes)d backup code, but you haven't confirmed that it's saved.",
        "If you lost the phone or device that you sign in with today, a way that you also have on another device would let you in. So would your %(codes)d backup codes, but you haven't confirmed that they're saved.",
        "codes",
    ),
    "device_second": N_(
        "If you lost the phone or device that you sign in with today, only a way that you also have on another device would let you in."
    ),
    "device_nothing": N_(
        "If you lost the phone or device that you sign in with today, you would have no way in. Support would have to confirm who you are first."
    ),
    "is_on_hold": N_plural(
        "While everything you confirm it's you with is on hold, your %(codes)d backup code is the only way in.",
        "While everything you confirm it's you with is on hold, your %(codes)d backup codes are the only way in.",
        "codes",
    ),
    "is_on_hold_nothing": N_(
        "While everything you confirm it's you with is on hold, you have no way in once you sign out. Generate new backup codes now."
    ),
}
