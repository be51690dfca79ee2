"""What refuses a folder for an auditor: a part of `refusals`."""

from portal.settings import auditing
from portal.words.marks import N_, Plural

SENTENCES: dict[str, str | Plural] = {
    "folder_first_empty": N_("Enter the first day of the period."),
    "folder_last_empty": N_("Enter the last day of the period."),
    "folder_first_shape": N_("Enter the first day as year, month, and day, such as 2027-03-15."),
    "folder_last_shape": N_("Enter the last day as year, month, and day, such as 2027-03-15."),
    "folder_future": N_("The period can't end in the future. Choose today or an earlier day."),
    "folder_early": N_("Records are kept for %(folder_years)s years. Choose a first day that is no longer ago."),
    "folder_order": N_("The period ends before it begins. Choose a last day that is not before the first."),
    "folders_often": N_("You made %(folders)s folders within an hour. You can make the next one in %(wait)s."),
    "folder_busy": N_("Another folder is being made right now. Try again in a minute."),
}
LIMITS: dict[str, int] = {"folder_years": auditing.FOLDER_YEARS, "folders": auditing.FOLDERS}
