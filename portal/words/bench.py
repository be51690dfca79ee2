"""The refusals of the test bench: a part of `refusals`."""

from portal.settings import config
from portal.words.marks import N_, Plural

SENTENCES: dict[str, str | Plural] = {
    "scan_no_page": N_("No set-up page shows this person a QR code now. Open one, then scan again."),
    "scan_none": N_("There's no QR code in that picture. Use one that shows the whole code, with the white around it."),
    "scan_several": N_("That picture shows several QR codes. Cut it so that only one is left."),
    "scan_other": N_("That QR code isn't for an authenticator app."),
    "scan_counter": N_(
        "That QR code is for codes that are counted, not for codes that change with time. This app doesn't take it."
    ),
    "scan_shape": N_("That QR code asks for codes of a kind that authenticator apps don't know."),
    "setup_key_empty": N_("Enter the setup key."),
    "setup_key_shape": N_("That isn't a setup key: it is longer, and has letters and digits alone. Check it and try again."),
    "picture_empty": N_("Choose a picture first."),
    "picture_shape": N_("That file isn't a picture that can be read. Use a PNG, JPEG, or WebP."),
    "picture_large": N_("That picture is too large. Use one that shows little more than the QR code."),
    "camera_missing": N_("The camera needs packages that aren't installed. Enter the setup key instead."),
    "phone_off": N_("This phone doesn't run. Under Settings, switch it on first."),
    "drift_shape": N_("Enter a whole number of minutes from -%(drift_max)s to %(drift_max)s."),
    "power_empty": N_("Choose whether the phone is on, has a dead battery, or is lost."),
    "card_shape": N_("Write the number with + and the country code."),
    "clock_far": N_("The portal's clock is as far ahead as it goes. Go back to the real time first."),
    "delay_shape": N_("Enter a whole number of seconds from 0 to %(delay_max)s."),
    "report_minutes_shape": N_("Enter a whole number of minutes from 0 to %(report_max)s."),
    "gateway_answer_empty": N_("Choose how the gateway answers."),
    "report_empty": N_("Choose what the carrier reports."),
    "start_over_unsure": N_("Nothing was changed. Select Start over if you want to."),
    "step_unknown": N_("The steps of this scenario changed after you opened the page. Look at them again."),
    "result_empty": N_("Choose how it went."),
}
LIMITS = {
    "drift_max": config.BENCH_DRIFT_MAX,
    "delay_max": config.BENCH_DELAY_MAX,
    "report_max": config.BENCH_REPORT_MAX,
}
