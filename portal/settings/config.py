"""Every constant with its reason: the guide, a standard, or the product's own choice within a standard's limits."""

from datetime import timedelta

# Methods that are switched on, in the order offered: modules of portal/methods, or dotted names of other modules.
METHODS = ("totp", "sms")
ADDITIONAL_METHODS = {"passkeys": "passkey"}  # those that a setting switches on, by its field in Settings
PROVIDER_METHODS = ("totp", "passkey")  # that PORTAL_PROVIDER_METHODS may name; texts are restricted (NIST SP 800-63B 3.2.9)

# Passwords
PASSWORD_MIN_ALONE = 15  # code points, if the password is the only factor: NIST SP 800-63B 3.1.1.2
PASSWORD_MIN_WITH_SECOND_FACTOR = 8  # the same section, as part of multi-factor authentication
PASSWORD_MAX = 256  # long enough for every password manager; bounds the cost of hashing
ARGON2_MEMORY_KIB = 19_456  # OWASP Password Storage: argon2id, 19 MiB, two passes, one lane
ARGON2_PASSES = 2
ARGON2_LANES = 1

# Each hash takes 19 MiB and a full core, and so does weighing a new password. Two at once and four in line leave two of the eight
# threads for every other page; whoever would be the fifth in line is answered 503 at once.
HASHES_AT_ONCE = 2
HASHES_WAITING = 4
HASHES_REST_SECONDS = 5  # without a hash until their memory is given back
SUBSTITUTIONS_WEIGHED = 8  # ways to read "4", "@", "$" … as letters; zxcvbn tries each, up to 576 of them in one password

CODE_DIGITS = 6  # of every verification code: NIST SP 800-63B 3.1.3.2, RFC 4226 5.3
KEY_SHOWN_REST = timedelta(hours=1)  # between two emails about a setup key in texts: it can be pasted again and again
LIKELY_CODES = 400  # pieces of a text that may be a backup code, each 0.06 ms of hashing: prose of two pages has a hundred
DENSE_TEXTS, DENSE_TEXTS_IN = 30, timedelta(minutes=10)  # of one person with more of them: a quarter of a second each at most
WRITTEN_MAX = 10_000  # characters of a text that is searched for its writer's codes: above every limit of a field

# Authenticator app (RFC 6238, RFC 4226, the Key URI format)
TOTP_SECRET_BYTES = 20  # RFC 4226 R6 recommends 160 bits
TOTP_DIGITS = CODE_DIGITS
TOTP_PERIOD = 30  # seconds
TOTP_ALGORITHM = "SHA1"  # the apps named in the guide support nothing else reliably
TOTP_WINDOW = 1  # time steps accepted before and after the current one: RFC 6238 5.2
TOTP_STEPS_KEPT = 50  # accepted steps remembered one by one, for a clock that is set back: more than are used until then
TOTP_HINT_STEPS = 20  # a match up to ten minutes away is reported as a wrong clock: product rule 8

# Set-up
BINDING_LIFE = timedelta(minutes=30)  # of a secret that was shown but not proved: product rule 2
BINDING_KEPT = timedelta(days=1)  # how long an expired one is kept, to say so, before it is deleted
REAUTHENTICATION_LIFE = ACT_PROOF_LIFE = timedelta(minutes=5)  # RA-1, RA-4; the second, from a code to the one act that it is for

CHALLENGE_LIFE = timedelta(minutes=5)  # of what a browser is asked to sign: WebAuthn 15.1 recommends five to ten minutes

# Backup codes
BACKUP_CODES = 10
BACKUP_CODE_LENGTH = 16  # Crockford base32: 80 bits, above the 64 of NIST SP 800-63B 4.2.1.1
BACKUP_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BACKUP_CODES_READABLE = timedelta(minutes=30)  # readable until proved saved, at most this long: product rule 2
BACKUP_CODES_FEW = 3  # a permanent warning at this number or fewer: product rule 5
BACKUP_SETS_RECOGNIZED = 4  # a code from the newest sets, up to this many, is recognized as old; an older one is simply wrong
BACKUP_HASH_MEMORY_KIB = 64  # 80 random bits need no slow hash (C-17); about 0.1 ms

# Emailed links (RC-2, RC-7) and their recipients
PASSWORD_LINK_LIFE = timedelta(minutes=30)  # from its last email
LINK_LIFE_MAX = timedelta(hours=24)  # of any link, however often it is emailed: NIST SP 800-63B 4.2.1.2
LINK_EMAIL_GAP = timedelta(minutes=5)  # between two emails with one live link: no flood, but short enough to ask again
ADDRESS_LINK_LIFE = timedelta(hours=24)
FOUND_LINK_LIFE = timedelta(hours=24)  # likewise; the code page emails another one
UNBLOCK_LINK_LIFE = timedelta(hours=24)  # NIST SP 800-63B 4.2.1.2, by email
LINK_PASSWORDS = 20  # new passwords weighed for one link in LINK_PASSWORDS_IN: more than anybody thinks up before one is accepted
LINK_PASSWORDS_IN = timedelta(minutes=10)
LINK_EMAILS = 4  # of one kind per account in LINK_MAILS_IN: enough if an email is lost, too few to flood a mailbox
LINK_MAILS_IN = timedelta(hours=1)
ACCOUNTS_PER_ADDRESS = 5  # a family may share one; each account gets its own link
SECOND_ADDRESSES = 3  # besides the account's own; NIST SP 800-63B 4.6 requires at least one
EMAIL_MAX = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
NAME_MAX = 100
LINE_MAX = 255  # of a practice's address or city, in their columns
PRACTICE_PHONE_MAX = 40  # in its column: a number with an extension
USERNAME_MAX = 64  # as it is stored, in its column
NAME_DIGITS = 4  # "John Smith 3rd", but no phone number: names appear in emails to unconfirmed addresses

# Resets of another person's two-factor authentication (AD-1 to AD-4)
RESET_LINK_LIFE = timedelta(hours=24)  # NIST SP 800-63B 4.2.1.2, by email
RESET_REQUEST_LIFE = timedelta(hours=24)  # for a second approver; identity was checked at the time of the request
RESET_DRAFT_LIFE = timedelta(minutes=30)  # of the form's input, while the administrator re-authenticates (step-up)
RESETS_ALONE, RESETS_ALONE_IN = 5, timedelta(hours=1)  # beyond these, an administrator needs a second approver: "bulk" in AD-3
PERSON_FOUND_LIFE = timedelta(hours=1)  # after support has found a person by two facts, and before it has to search again
PERSON_SEARCHES, PERSON_SEARCHES_IN = 30, timedelta(hours=1)  # of one agent: more than there are calls, too few to guess
CONTACT_RESTS = timedelta(hours=72)  # after a change of email address or phone number, a reset needs a second approver: AD-3
REASON_MAX = 500

# Account recovery (RC-1 to RC-9). How long a case may stay in each of its states before it lapses.
RECOVERY_CODE_DIGITS = 8  # of the mailed code: above the six that NIST SP 800-63B 4.2.1.2 asks for, and unlike other codes
RECOVERY_REFERENCE_LENGTH = 12  # of a request's number, in the alphabet of backup codes: 60 bits, which nobody finds by trying
RECOVERY_CODE_LIFE = timedelta(hours=24)  # NIST SP 800-63B 4.2.1.2, by email
RECOVERY_CODE_TRIES = 5  # for one request, as for a code by text (SM-4)
RECOVERY_CODE_TRIES_OF_CASE = 100  # for all requests together, after which the next email has another code: NIST SP 800-63B 3.2.2
# Of one network in RECOVERY_REQUESTS_IN: a clinic's waiting room; each account's emails have a limit of their own.
RECOVERY_REQUESTS = 20
RECOVERY_REQUESTS_IN = timedelta(hours=1)
# For one case: enough for typing mistakes; nobody guesses 80 bits.
RECOVERY_BACKUP_TRIES, RECOVERY_BACKUP_TRIES_IN = 10, timedelta(hours=1)
RECOVERY_PROVING = timedelta(hours=24)  # from the mailed code to the next proof
RECOVERY_WAIT = timedelta(hours=24)  # before a patient who showed no second factor may set up again: RC-6, login.gov
RECOVERY_WAITING = timedelta(days=14)  # at most, if the notices do not go out
RECOVERY_SUPPORT = timedelta(days=14)  # in support's hands
RECOVERY_ANSWER = timedelta(days=7)  # for the person to answer support's question
RECOVERY_READY = timedelta(hours=72)  # to set up, with a fresh link as often as needed; a link lives RESET_LINK_LIFE
RECOVERY_STORY_MAX = 1_000  # characters of "What happened"
RECOVERY_PROMISE_DAYS, RECOVERY_PROMISE_DAYS_MAX = 1, 10  # working days
RECOVERY_QUEUE_PAGE = 50  # requests on one page of support's queue
AGENT_EMAIL_GAP = timedelta(hours=1)  # between two emails to one agent about requests that wait: the list has all of them
RECOVERY_LOOK = timedelta(minutes=10)  # in which one agent's looks at a case are one event
RECOVERY_MEASURED = timedelta(days=90)  # how far back the console measures waiting times, besides cases that are still open
RECOVERY_MEASURED_SHOWN = 100  # of them one by one, newest first
IDENTITY_WORTH = 2  # that support's checks have to add up to; what each is worth stands beside it

# Support tickets
TICKET_NUMBER_LENGTH = 8  # characters of the alphabet of backup codes: short to read out; only the owner and support open it
SUBJECT_MAX = 120  # characters
TICKET_TEXT_MAX = 4_000  # characters of one message: two printed pages
TICKETS = 10  # of one person in TICKETS_IN: more than anybody has questions, too few to bury others'
TICKET_REPLIES = 30  # of one person to one ticket in TICKETS_IN
TICKETS_IN = timedelta(days=1)
TICKETS_PAGE = 20  # tickets on one page, of the person and of support's queue
TICKET_ARTICLES = 3  # that may help meanwhile, of those that fit the subject

INVITATION_RESTS = timedelta(days=30)  # after a person dismisses it

# Wrong passwords at sign-in (RL-6, RL-7)
PASSWORD_TRIES = 5  # in a minute, for one name from one address, or in one browser that its owner used before: login.gov
PASSWORD_TRIES_OF_ADDRESS = 20  # in a minute, for all names: login.gov
PASSWORD_TRIES_IN = timedelta(minutes=1)
# In an hour, for one name from all strangers together: as many as NIST SP 800-63B 3.2.2 allows in a row, so that a thousand addresses get
# no more tries than one. A lower number would stop no more strangers, and more owners at a new browser.
PASSWORD_TRIES_OF_NAME = 100
PASSWORD_NAME_IN = timedelta(hours=1)

# Emails about sign-ins from new browsers with the password alone: whoever has it could fill a mailbox. Recent activity has all of them.
NEW_BROWSER_EMAILS = 20
NEW_BROWSER_EMAILS_IN = timedelta(hours=1)

# Wrong codes (RL-1, RL-2)
TRIES_BEFORE_PAUSE = 10  # NIST SP 800-63B 8.1.1 requires at least ten
PAUSES = (timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40), timedelta(minutes=60))
FAILURES_TO_DISABLE = 100  # consecutive, per authenticator: NIST SP 800-63B 3.2.2

AUTHENTICATORS_MAX = 5  # per person: each adds three codes that a guess may match, and RL-2 assumes few
LABEL_MAX = 40  # characters of an authenticator's name

# Codes by text message (SM-2, SM-5, SM-9; NIST SP 800-63B 3.1.3.2)
TEXT_LIFE = timedelta(minutes=10)
TEXT_TRIES = 5
SEND_GAP = timedelta(seconds=60)  # between two texts for one attempt
SENDS_PER_HOUR = 5  # per account: from browsers it knows, and as many again from all others
SENDS_PER_DAY = 10  # the same
# An hour, to a number that the asking account has not proved, from all accounts together: a first text, another one for a lost text,
# and one for a mistake. It may be a stranger's phone, and everyone who owns the number and has proved it gets texts all the same.
SENDS_TO_UNPROVED = 3
SENDS_PER_IP = 25  # to unproved numbers: a clinic's whole waiting room sets up behind one address
SEND_IP_WINDOW = timedelta(minutes=5)
SENDS_PLANNED_PER_DAY = 5_000  # when they are spent, unproved numbers get no more texts; proved ones do
SENDS_WATCHED = 10  # from this many texts to unproved numbers of one prefix in an hour, at least half of the codes must be used
SENDS_JUDGED_AFTER = timedelta(minutes=2)  # a code that is not entered by then counts as unused: people take less than a minute
PREFIX_DROPS = 6  # digits: at most a million numbers begin alike, so that Korea's +82 10, all its mobile phones, is 100 blocks
PREFIX_MIN, PREFIX_MAX = (
    5,
    8,
)  # characters with the +: of short numbers, more than the calling code; at most what the column holds
SEND_LOCK = 0x53454E44  # the ID of PostgreSQL's advisory lock for sends
ACCOUNTS_PER_NUMBER = 5

# Sessions (SE-1 to SE-11)
SESSION_TOKEN_BYTES, NEW_BROWSER = 32, "new."  # the latter begins the token of a session that owes a code in a new browser
SESSION_IDLE = timedelta(minutes=15)
SESSION_WARNING = timedelta(minutes=2)
SESSION_LIFE = timedelta(hours=12)
CLAIMANT_LIFE = timedelta(minutes=10)
SESSION_TOUCH = timedelta(minutes=1)  # "last seen" is written at most this often
SESSIONS_PER_PERSON = 5
LATE_SIGN_OUT_SECONDS = 5  # between two tries to end sessions that were signed out while the database did not answer
LATE_SIGN_OUTS = 10_000  # remembered by a process, about 1 KiB each; more end by their idle limit

# A sign-in with a code in a browser that the account doesn't know, until its owner has confirmed it (decision 43)
CONFIRMING = CONFIRM_OFF, CONFIRM_CHOICE, CONFIRM_ALWAYS = ("off", "choice", "always")  # who has to: the operator's setting
CONFIRMATION_LIFE = timedelta(minutes=10)  # as a claimant has: an email takes a minute, and greylisting some more
CONFIRMATION_DIGITS = 2  # of the number to compare: it keeps people from pressing blindly, and is no secret
CONFIRMATION_TRIES = 3  # of that number in open sessions: enough for a slip; another one stops the sign-in
CONFIRMATION_EMAILS, CONFIRMATION_EMAILS_IN = 10, timedelta(hours=1)  # of an account: each costs a right code
CONFIRMATION_NEWS_SECONDS = 3  # the polling interval of the page that waits

# Trusted browsers (TB-1 to TB-6)
TRUSTED_BROWSER_DAYS = 30  # the maximum an operator may set: product rule 4, login.gov's 720 hours
TRUSTED_TOKENS = 5  # people who may trust one shared browser; the sixth replaces the first

# Account activity shown to its owner (AU-8)
ACTIVITY_SHOWN = timedelta(days=90)
ACTIVITY_PAGE = 20
ACTIVITY_EXCERPT = 3  # on the Security page
ACTIVITY_LOOKED_BACK = (
    6  # events read beside those shown, so that a password and its code, with wrong codes between, are one line
)
FLASH_LIFE = timedelta(minutes=1)  # how long a confirmation message carried in a page's URL is shown
PLACES_SHOWN = 3  # sessions and trusted browsers before "and 3 more"

# The practice run in Help, where wrong codes begin a pause as at sign-in
PRACTICE_TRIES_OF_ADDRESS = (
    200  # codes, right ones too, in the time of that pause: a clinic's whole waiting room behind one address
)
PRACTICE_USED = timedelta(minutes=20)  # how long a code stays used: a clock hint knows codes that are due in ten

# The search in Help
HELP_TYPED_MAX = 200  # characters read of a question: a long sentence
HELP_FOUND = 8  # articles shown at most, the likeliest first

# Texts and emails: the outbox, and the worker that sends it
TEXT_CONNECT_SECONDS = 4  # two unresponsive gateways take 24 seconds of the lease's 30
TEXT_READ_SECONDS = 8
TEXT_ANSWER_MAX = 65_536  # bytes of a gateway's answer that are read; one about one text has some hundreds
NUMBER_CONNECT_SECONDS = 2  # for the number check before a text; with the 24, nearly all of the lease's 30
NUMBER_READ_SECONDS = 3
SIM_NOTICE_INTERVAL = timedelta(days=1)  # one email for all codes withheld in this time
# How long a worker owns a text exclusively. No attempt starts later than this before the text expires.
TEXT_LEASE = timedelta(seconds=30)
TEXT_RETRY = (timedelta(seconds=2), timedelta(minutes=1))  # exponential backoff: the first wait and the longest
SMTP_SECONDS = 10  # per SMTP command; at most eleven of them fit in the lease
MAIL_LEASE = timedelta(minutes=2)
MAIL_RETRY = (timedelta(seconds=5), timedelta(minutes=30))
MAIL_LIFE = timedelta(days=3)  # of retries of a notice (NO-4); mail servers give up after four or five days (RFC 5321 4.5.4.1)
NOT_ME_LIFE = timedelta(days=7)  # of the link "This wasn't me" in a notice
QUEUE_THREADS = 8  # a hanging gateway blocks the threads that wait for it, not the others
QUEUE_POLL_SECONDS = 0.5  # the longest that a text waits for an idle worker on the embedded queue
QUEUE_SECONDS = 1  # the longest that a page waits to enqueue a task; the sweep restores lost ones
SWEEP_ROWS = 500  # at most this many per sweep; the next one takes the rest

# Charts
CHARTS_PAGE = 50
TEAM_PAGE = 50
TEAM_SEARCHED_FROM = 10  # people, from which Team Members has a search; fewer are seen at a glance
TEAM_CHUNK = 500  # rows of the export in memory at a time
NAME_KEY_BYTES = 400  # of a name's sort key: about sixty letters with accents and capitals, and short enough for an index
REMINDER_RESTS = timedelta(days=1)  # at most one a day per person
REMINDERS_AT_ONCE = 500  # per request: about 150 bytes per outbox row, sealed in a second or two
DEADLINE_AHEAD = timedelta(days=90)  # the latest setup deadline that an administrator may choose
GRACE_DAYS_MAX = 14  # after the deadline; with the sign-ins, the most that a practice may allow without a second factor
GRACE_SIGN_INS_MAX = 10
NOTES_SHOWN = 50
NOTE_MAX = 2_000  # characters
NOTE_ONCE = timedelta(minutes=1)  # an identical note by the same person within this time is a duplicate

# Emergency access (AD-6; 45 CFR 164.312(a)(2)(ii))
EMERGENCY_LIFE = timedelta(minutes=60)
EMERGENCY_WAIT = timedelta(minutes=30)  # when an unanswered request expires, along with the password entered for it
EMERGENCY_AGAIN = timedelta(hours=24)  # from an approval to the next request
EMERGENCY_ASKS = 3  # refused or unanswered requests in those 24 hours: enough to explain, too few to pester
EMERGENCY_MIN_APPROVERS = 2  # at least this many others are notified, administrators first: two people, AD-6
# The number that the requester reads out on the phone. Four digits look like no verification code, which nobody should ever read out.
EMERGENCY_NUMBER_DIGITS = 4
EMERGENCY_NUMBER_TRIES = 5  # per approver and request, as for a code by text (SM-4): a lazy guess succeeds once in 1,800
EMERGENCY_REVIEW = timedelta(hours=24)  # from the end of access until its review is due
EMERGENCY_NEWS_SECONDS = 5  # the polling interval of the page that waits for approval

# Time
CLOCK_TOLERANCE = timedelta(minutes=1)  # between requests and machines: above the longest that a request may run or wait
ZONE_DATA_OLD = timedelta(days=365)  # tzdata has three to six releases a year: data older than this has missed some

# HTTP
CONNECTION_IDLE_SECONDS = 65  # between two requests; proxies keep theirs for 60 at most, and so never meet one that we close
HEADERS_SECONDS = 10  # from the first byte, or from the connection if it says nothing: a phone on a bad network needs two
BODY_SECONDS = 20  # from the headers: 64 KiB at the 30 kbit/s of the slowest mobile networks
SEND_SECONDS = 30  # without a byte taken of an answer
STOP_QUIET_SECONDS = 1  # that it keeps connections whose client was silent for less: a request may be on its way
STOP_SECONDS = 3  # that a process which stops waits for requests, in gunicorn's ten for answers
CONNECTIONS_PER_ADDRESS = 100  # that wait, per process: six for each browser of a clinic behind one address; the oldest leaves
CONNECTIONS = 500  # that wait, per process: below the usual limit of 1,024 open files
BENCH_CLOCK_MAX = timedelta(days=366)  # that the test bench's portal may be ahead: no rule takes longer than a year
BENCH_DELAY_MAX = 25  # seconds that its gateways may take: within the lease of a text, so that the outcome counts
BENCH_REPORT_MAX = 60  # minutes until its carrier reports
HEADERS_MAX_BYTES = 32 * 1024  # what nginx accepts by default
BENCH_DRIFT_MAX = 1_440  # minutes that the clock of a phone on the test bench may be fast or slow: a day
BENCH_PICTURE_MAX_BYTES = 4 * 1024 * 1024  # a screenshot for the test bench's camera: above that of any phone, as a PNG
BODY_MAX_BYTES = 256 * 1024  # read before a form above MAX_FORM_BYTES is refused with a page
USER_AGENT_MAX = 200  # characters kept; the longest of a common browser has about 140
# Characters read of a code or a number: above a whole list of codes or a text of ours, pasted. One character may become 18 (NFKC).
TYPED_MAX = 1_000
ROW_ID_MAX = 2**31 - 1  # the largest integer that both databases accept
MAX_FORM_BYTES = 64 * 1024  # far more than any form needs, so that 10,000 characters in a field still get a validation message
WEB_PROCESSES = 2  # as many as the smallest machine has cores
WEB_PROCESSES_MAX = 64  # more is surely a typo
PROXIES_MAX = 10  # in front of the portal; more is surely a typo
WEB_THREADS = 8  # per process: one that waits for a database lock or a password hash leaves seven to answer
DATABASE_WAIT_SECONDS = 5  # the longest wait for a lock or a connection before the page answers 503
DATABASE_STATEMENT_SECONDS = 10  # a page's statements take milliseconds: one that takes this long hangs
DATABASE_IDLE_SECONDS = 60  # idle in a transaction, which holds locks; the same as gunicorn's worker timeout
DATABASE_CONNECTIONS = max(WEB_THREADS, QUEUE_THREADS)  # per process, which runs either the pages or the queue
DATABASE_CONNECTIONS_MAX = 100  # more is surely a typo: PostgreSQL's own default is 100 for all clients together
MIN_KEY_BYTES = 32  # 256 bits: CR-3
