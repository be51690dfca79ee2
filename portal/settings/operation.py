"""Numbers of the operator's commands, each with its reason, beside those of the portal itself in `config`."""

from datetime import timedelta

FIRST_PASSWORD_BYTES = 48  # of a password that nobody learns, because its owner chooses one by an emailed link

# `accounts import`
IMPORT_BATCH = 500  # accounts in one transaction, which takes less than half a second: pages write in between
IMPORT_LINES = 1_000_000  # of one file: the usernames seen so far are remembered, in about 100 MiB
IMPORT_LINE_BYTES = 10_000  # of one line: every column at its longest, four bytes a character, is below 4,000
IMPORT_RECORD_LINES = 20  # that one account may take, with line breaks inside of quotation marks: then one of these is missing
IMPORT_SHOWN = 100  # characters of a value that the report repeats
IMPORT_SENTENCES = 20  # different problems in the summary on the screen; the report has every line

# `keys rotate`
ROTATION_BATCH = 200  # values in one transaction: some milliseconds

# `retention run`: how long rows are kept once they are over
RETENTION_BATCH = 500  # rows deleted in one transaction
# Above the 365 days of the cookie by which a browser is known: nobody becomes a stranger in their own browser by it.
SESSIONS_KEPT = timedelta(days=400)
# What a person, or support, may still ask about: Recent activity shows as much.
TRUST_KEPT = LINKS_KEPT = CODES_KEPT = MESSAGES_KEPT = timedelta(days=90)
# Six years, of which two may be leap years (AU-6; HIPAA 164.316(b)(2)(i), by analogy): who asked, who approved, and why.
RECOVERIES_KEPT = EVENTS_KEPT = timedelta(days=2_192)
