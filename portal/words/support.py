"""The refusals of a recovery request in support's hands, and the numbers in them: a part of `refusals`."""

from portal.settings import config
from portal.words.marks import N_, Plural

SENTENCES: dict[str, str | Plural] = {
    "question_empty": N_("Write what you need from them."),
    "question_long": N_("Use at most %(reason_max)s characters for what you need."),
    "answer_text_empty": N_("Write your answer first."),
    "answer_text_long": N_("Use at most %(story_max)s characters for your answer."),
    "answer_text_secret": N_(
        "That looks like a code or a setup key. Leave it out: support never needs one. If it was a backup code of yours, it's used up now."
    ),
    "recovery_untaken": N_("Nobody has this request. Take it first."),
    "recovery_taken": N_("%(who)s has this request. Take it over first."),
    "recovery_stopped": N_("This request was stopped, so nothing was done."),
    "recovery_lapsed": N_("This request expired, so nothing was done."),
    "recovery_no_second": N_(
        "A second person has to approve this, and there is nobody: no other support agent, and no administrator of their practice."
    ),
    "recovery_second_due": N_("You already approved this. Someone else has to decide now."),
    "recovery_disabled": N_("This account is closed, so there's nothing to recover."),
    "recovery_changed": N_("This account changed after the request began, so there's nothing to recover. Refuse it."),
    "recovery_worth": N_("That isn't enough yet: %(identity_worth)s points are due. Check more, and save it on the request's page."),
}  # fmt: skip
LIMITS: dict[str, int] = {"identity_worth": config.IDENTITY_WORTH}
