"""How many requests wait for a thread of a process, for how long, and which of them: the numbers of portal/server/lines.py."""

# Of the crowd at sign-in, one has a thread of each process at a time, and the others wait before they get one. With more at a time nobody
# signs in sooner, as there are as many processes as cores, and every other page takes longer. A hundred are served in ten seconds; one
# more is answered 503 at once, as is whoever has waited for half of the minute that proxies wait for an answer.
SIGN_INS_AT_ONCE = 1
SIGN_INS_WAITING = 100
SIGN_IN_SECONDS = 30

# Whoever posts on after a refused form, or during a pause, waits in another line, for SIGN_IN_SECONDS at most as well.
REFUSED_SECONDS = 60  # after a refused form, and between two lines in the log about this line being full
IMPATIENT_WAITING = 100  # at most; one more is answered by the server itself
IMPATIENT_PLACES = 5  # of one session
IMPATIENT_REST = 0.1  # seconds at most after a refusal, which is otherwise as long as the answer took
IMPATIENT_POSTS = 3  # of the same form answered in a row during a pause: whoever presses twice gets the page that they know
IMPATIENT_SECONDS = 20  # until one more of them is, so that a pause costs next to nothing (RL-2)

# Codes from browsers that their account doesn't know wait with them while somebody guesses, or while as many of them have a thread.
GUESSES = 3  # wrong codes within GUESSES_SECONDS mean that somebody guesses
GUESSES_SECONDS = 5
NEW_BROWSERS_AT_ONCE = 2
NEW_BROWSER_SECONDS = 3  # the longest that one waits
