"""Every number with its reason: the guide, a standard, or the product's own choice inside a standard's bounds."""

from datetime import timedelta

# Methods switched on, in the order in which they are offered: modules of portal/methods, or dotted names of modules elsewhere.
METHODS = ("totp", "sms")

# Passwords
PASSWORD_MIN_ALONE = 15  # code points, where the password is the only factor: NIST SP 800-63B 3.1.1.2
PASSWORD_MIN_WITH_SECOND_FACTOR = 8  # the same section, inside multi-factor sign-in
PASSWORD_MAX = 256  # long enough for every manager; bounds the work of hashing
ARGON2_MEMORY_KIB = 19_456  # OWASP Password Storage: argon2id, 19 MiB, two passes, one lane
ARGON2_PASSES = 2
ARGON2_LANES = 1

CODE_DIGITS = 6  # of every verification code: NIST SP 800-63B 3.1.3.2, RFC 4226 5.3

# Authenticator app (RFC 6238, RFC 4226, the Key URI format)
TOTP_SECRET_BYTES = 20  # RFC 4226 R6 recommends 160 bits
TOTP_DIGITS = CODE_DIGITS
TOTP_PERIOD = 30  # seconds
TOTP_ALGORITHM = "SHA1"  # the apps the guide names read nothing else reliably
TOTP_WINDOW = 1  # steps accepted before and after the current one: RFC 6238 5.2
TOTP_HINT_STEPS = 20  # a match up to ten minutes away names the phone's clock instead: product rule 8

# Set-up
BINDING_LIFE = timedelta(minutes=30)  # a secret that was shown and not proved: product rule 2
BINDING_KEPT = timedelta(days=1)  # an expired one says so for this long, then it is deleted
REAUTHENTICATION_LIFE = timedelta(minutes=5)  # RA-1, RA-4

# Backup codes
BACKUP_CODES = 10
BACKUP_CODE_LENGTH = 16  # Crockford base32: 80 bits, above the 64 of NIST SP 800-63B 4.2.1.1
BACKUP_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BACKUP_CODES_READABLE = timedelta(minutes=30)  # sealed until proved saved, at most this long: product rule 2
BACKUP_CODES_FEW = 3  # a standing warning from here down: product rule 5
BACKUP_SETS_RECOGNISED = 4  # a code of these many newest sets is named as old; older ones are plainly wrong
BACKUP_HASH_MEMORY_KIB = 64  # 80 random bits need no slow hash (C-17): about 0.1 ms

# Links that are mailed (RC-2, RC-7), and whom they go to
PASSWORD_LINK_LIFE = timedelta(minutes=30)
ADDRESS_LINK_LIFE = timedelta(hours=24)
LINK_MAILS = 4  # of one kind to one account in LINK_MAILS_IN: enough for a mail that was lost, no use for flooding a mailbox
LINK_MAILS_IN = timedelta(hours=1)
ACCOUNTS_PER_ADDRESS = 5  # a family may share one; each account gets a link of its own
SECOND_ADDRESSES = 3  # beside the account's own; NIST SP 800-63B 4.6 asks for at least one
EMAIL_MAX = 254  # RFC 5321 4.5.3.1.3, without its angle brackets
NAME_MAX = 100
NAME_DIGITS = 4  # "John Smith 3rd", not a telephone number: a name stands in mails to addresses that are not confirmed yet

# Resets of two-factor authentication for somebody else (AD-1 to AD-4)
RESET_LINK_LIFE = timedelta(hours=24)  # NIST SP 800-63B 4.2.1.2, by mail
RESET_WAITS = timedelta(hours=24)  # for a second approver; who the person is was checked when it was asked for
RESET_DRAFT_LIFE = timedelta(minutes=30)  # what was typed, while the administrator shows password and code again
RESETS_ALONE, RESETS_ALONE_IN = 5, timedelta(hours=1)  # more by one administrator need a second approver: "bulk" in AD-3
CONTACT_RESTS = timedelta(hours=72)  # after a change of address or number a reset needs a second approver: AD-3
REASON_MAX = 500

INVITATION_RESTS = timedelta(days=30)  # after it was dismissed

# Wrong codes (RL-1, RL-2)
TRIES_BEFORE_PAUSE = 10  # NIST SP 800-63B 8.1.1 asks for at least ten
PAUSES = (timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40), timedelta(minutes=60))
FAILURES_TO_DISABLE = 100  # consecutive, per authenticator: NIST SP 800-63B 3.2.2

AUTHENTICATORS_MAX = 5  # of one person: each is three more codes that a guess may meet, and RL-2 counts on few
LABEL_MAX = 40  # characters of an authenticator's name

# Codes by text message (SM-2, SM-5, SM-9; NIST SP 800-63B 3.1.3.2)
TEXT_LIFE = timedelta(minutes=10)
TEXT_TRIES = 5
SEND_GAP = timedelta(seconds=60)  # between two texts of one attempt
SENDS_PER_HOUR = 5  # per account, and per number
SENDS_PER_DAY = 10  # per account
SENDS_PER_IP = 25
SEND_IP_WINDOW = timedelta(minutes=5)
SENDS_PLANNED_PER_DAY = 5_000  # the log says when they are spent
SENDS_WATCHED = 10  # from so many to one prefix in an hour on, half of them should be used
PREFIX_LENGTH = 5
SEND_LOCK = 0x53454E44  # the name of PostgreSQL's lock for sends
ACCOUNTS_PER_NUMBER = 5

# Sessions (SE-1 to SE-11)
SESSION_TOKEN_BYTES = 32
SESSION_IDLE = timedelta(minutes=15)
SESSION_WARNING = timedelta(minutes=2)
SESSION_LIFE = timedelta(hours=12)
CLAIMANT_LIFE = timedelta(minutes=10)
SESSION_TOUCH = timedelta(minutes=1)  # "last seen" is written at most once in this time
SESSIONS_PER_PERSON = 5

# Trusted browsers (TB-1 to TB-6)
TRUSTED_BROWSER_DAYS = 30  # the most that an operator may set: product rule 4, login.gov's 720 hours
TRUSTED_TOKENS = 5  # people who share one browser and trust it; a sixth takes the place of the first

# What a person sees of their own account (AU-8)
ACTIVITY_SHOWN = timedelta(days=90)
ACTIVITY_PAGE = 20
ACTIVITY_EXCERPT = 3  # on the Security page
SAID_FOR = timedelta(minutes=1)  # how long the address of a page may say what was just done
PLACES_SHOWN = 3  # sessions and trusted browsers before "and 3 more"
# Texts and mails: the outbox, and the worker that carries it to the gateways
TEXT_CONNECT_SECONDS = 4  # two gateways that neither connect nor answer take 24 seconds of the lease's 30
TEXT_READ_SECONDS = 8
NUMBER_CONNECT_SECONDS = 2  # to ask about a number before its text: with the 24, the lease's 30 are nearly full
NUMBER_READ_SECONDS = 3
NUMBER_TOLD_AGAIN = timedelta(days=1)  # one mail for all codes that were held back in this time
TEXT_LEASE = timedelta(
    seconds=30
)  # who carries a text has it alone for so long; it is not begun later than this before its death
TEXT_RETRY = (timedelta(seconds=2), timedelta(minutes=1))  # the first wait and the longest; each is twice the one before
SMTP_SECONDS = 10  # for each word of a conversation with the mail server; at most eleven of them fit in the lease
MAIL_LEASE = timedelta(minutes=2)
MAIL_RETRY = (timedelta(seconds=5), timedelta(minutes=30))
MAIL_LIFE = timedelta(days=3)  # a notice is tried for so long (NO-4); mail servers give up after four or five (RFC 5321 4.5.4.1)
NOT_ME_LIFE = timedelta(days=7)  # of the link "This wasn't me" in a notice
QUEUE_THREADS = 8  # a gateway that hangs holds those that wait for it, not the others
QUEUE_POLL_SECONDS = 0.5  # how long a text waits at most for an idle worker on the embedded queue
QUEUE_SECONDS = 1  # what a page gives the queue to take an order; the sweep brings what was lost
SWEEP_ROWS = 500  # at most so many in one sweep; the next one takes the others

# Charts
CHARTS_PAGE = 50
TEAM_PAGE = 50
TEAM_CHUNK = 500  # rows of the export that are in memory at a time
NAME_KEY_BYTES = 400  # of what a name is sorted by: some sixty letters with accents and capitals, and short enough for an index
REMINDER_RESTS = timedelta(days=1)  # at most one a day to one person
REMINDERS_AT_ONCE = 500  # by one press: about 150 bytes a row in the outbox, sealed in a second or two
DEADLINE_AHEAD = timedelta(days=90)  # the latest set-up deadline that an administrator may choose
GRACE_DAYS_MAX = 14  # after it; with the sign-ins, the most that a practice may let pass without a second factor
GRACE_SIGN_INS_MAX = 10
NOTES_SHOWN = 50
NOTE_MAX = 2_000  # characters: a short note
NOTE_ONCE = timedelta(minutes=1)  # the same words by the same person within it are one note

# Emergency access (AD-6; 45 CFR 164.312(a)(2)(ii))
EMERGENCY_LIFE = timedelta(minutes=60)
EMERGENCY_WAIT = timedelta(minutes=30)  # a request that nobody answers lapses, and the password shown for it
EMERGENCY_AGAIN = timedelta(hours=24)  # from one approval to the next request
EMERGENCY_ASKS = 3  # requests within those 24 hours that were refused or not answered: enough to explain, no use for pestering
EMERGENCY_TOLD = 2  # so many others at least, administrators first: two people, AD-6
EMERGENCY_REVIEW = timedelta(hours=24)  # from the end until the review is due
EMERGENCY_NEWS_SECONDS = 5  # how often a page that waits asks for news

# HTTP
ROW_ID_MAX = 2**31 - 1  # what the databases take for a number
MAX_FORM_BYTES = 64 * 1024  # no form of ours comes near; 10,000 characters in a field still get a sentence
WEB_THREADS = 8  # of each process: one that waits for a lock in the database or for a password's hash leaves seven that answer
DATABASE_WAIT_SECONDS = 5  # how long a writer waits for another, or anybody for a connection, before the person is told
DATABASE_STATEMENT_SECONDS = 10  # what a page may ask takes milliseconds: one that takes this long hangs
DATABASE_IDLE_SECONDS = 60  # inside a transaction: whoever stopped there holds locks; as long as gunicorn waits for its worker
DATABASE_CONNECTIONS = max(WEB_THREADS, QUEUE_THREADS)  # of one process, which runs either the pages or the queue
DATABASE_CONNECTIONS_MAX = (
    100  # more is a slip of the finger: PostgreSQL takes a hundred from everybody together, unless told otherwise
)
MIN_KEY_BYTES = 32  # 256 bits: CR-3
