"""How many requests wait for a thread of a process, for how long, and which of them: the numbers of portal/server/lines.py."""

# Of the crowd at sign-in, one has a thread of each process at a time, and the others wait before they get one. With more at a time nobody
# signs in sooner, as there are as many processes as cores, and every other page takes longer. A hundred are served in ten seconds; one
# more is answered 503 at once, as is whoever has waited for half of the minute that proxies wait for an answer.
SIGN_INS_AT_ONCE = 1
SIGN_INS_WAITING = 100
SIGN_IN_SECONDS = 30

# Whoever posts on after a refused form, or during a pause, waits in another line.
REFUSED_SECONDS = 60  # from a refusal on; whoever was told to wait is in this line as long as that
IMPATIENT_WAITING = 100  # at most; one more is answered by the server itself
IMPATIENT_PLACES = 5  # of one session
IMPATIENT_REST = 0.1  # seconds at most after a refusal: as long as it took
IMPATIENT_POSTS = 3  # answered in a row during a pause, then
IMPATIENT_SECONDS = 20  # between two (RL-2)

# Codes from browsers that the account doesn't know wait with them while somebody guesses, or while some such codes have a thread.
GUESSES = 3  # wrong codes in
GUESSES_SECONDS = 5  # mean that somebody does
NEW_BROWSERS_AT_ONCE = 2
NEW_BROWSER_SECONDS = 3  # the longest that one waits
