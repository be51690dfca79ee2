"""The numbers of the auditor's folder. Apart from `config`, which has the others."""

from datetime import timedelta

FOLDER_YEARS = 6  # how far back a period may begin: as long as the audit trail is kept (AU-6, 45 CFR 164.316(b)(2)(i))
FOLDER_MONTHS = 12  # the period that the form begins with: a year, as audits have it
FOLDER_CHUNK = 1000  # people in one SELECT
FOLDER_IN_MEMORY = 16 * 1024 * 1024  # bytes of a folder that is downloaded; what is more goes to a temporary file
FOLDERS_AT_ONCE = 1  # that one process makes for its pages: drawing takes the processor, and people wait to sign in
FOLDER_WAIT_SECONDS = 5.0  # for another one, until the page says so; only one person waits, a second is told at once
FOLDERS = 20  # of one administrator in FOLDERS_IN: more periods than an audit asks for, and each takes seconds of a processor
FOLDERS_IN = timedelta(hours=1)
TRAIL_EVENTS, TRAIL_SEALS = 50_000, 5_000  # of the audit trail that a folder verifies: some two seconds
FAULTS_SHOWN = 20  # of those that it found
CHECK_SUMS_MAX = 1024 * 1024  # bytes of SHA256SUMS and of the manifest, before their signature is known
CHECK_FILE_MAX = 2 * 1024**3  # bytes of one file of a folder that is checked
RULE_TEXT_MAX = 500  # of a note about a restore drill
DRILL_AHEAD = timedelta(0)  # a drill that is yet to come proves nothing
