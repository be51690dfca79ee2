"""Numbers of the operator's commands, each with its reason, beside those of the portal itself in `config`."""

# `accounts import`
IMPORT_BATCH = 500  # accounts in one transaction, which takes less than half a second: pages write in between
IMPORT_LINES = 1_000_000  # of one file: the usernames seen so far are remembered, in about 100 MiB
IMPORT_LINE_BYTES = 10_000  # of one line: every column at its longest, four bytes a character, is below 4,000
IMPORT_RECORD_LINES = 20  # that one account may take, with line breaks inside of quotation marks: then one of these is missing
IMPORT_SHOWN = 100  # characters of a value that the report repeats
IMPORT_SENTENCES = 20  # different problems in the summary on the screen; the report has every line

# `keys rotate`
ROTATION_BATCH = 200  # values in one transaction: some milliseconds
