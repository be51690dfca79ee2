"""The refusals of support tickets, on both sides, and the numbers in them: a part of `refusals`."""

from portal.settings import config
from portal.words.marks import N_, Plural

SENTENCES: dict[str, str | Plural] = {
    "subject_empty": N_("Say in a few words what it is about."),
    "subject_long": N_("Use at most %(subject_max)s characters for the subject."),
    "message_empty": N_("Write your message first."),
    "message_long": N_("Use at most %(ticket_text_max)s characters for one message."),
    "ticket_answer_empty": N_("Write what you answer."),
    "ticket_answer_long": N_("Use at most %(ticket_text_max)s characters for one answer."),
    "ticket_answer_secret": N_("That looks like a code or a setup key. Leave it out: nobody should ever send one."),
    "ticket_expired": N_("This page was open for a long time, so nothing was sent. Nothing you typed is lost. Send it again."),
    "ticket_signed_out": N_(
        "You were signed out, so nothing was sent. Nothing you typed is lost. Sign in in another tab, then send it here."
    ),
    "tickets_often": N_("You sent %(tickets)s tickets within a day. Send the next one in %(wait)s, or write in one that is open."),
    "ticket_replies": N_("You sent %(ticket_replies)s messages in this ticket within a day. Send the next one in %(wait)s."),
    "ticket_closed": N_("This ticket was closed, so your message wasn't sent. Nothing you typed is lost. Send it as a new ticket here."),
    "ticket_over": N_("This ticket is closed, so nothing was done. The person can send a new one."),
    "ticket_moved": N_("This ticket changed after you opened the page, so nothing was done. Look at it again."),
    "ticket_no_owner": N_("This account is closed, so nobody would read your answer."),
    "ticket_untaken": N_("Nobody has this ticket. Take it first."),
    "ticket_taken": N_("%(who)s has this ticket. Take it over first."),
    "ticket_unknown": N_("No ticket has that number. Check it with the person, letter by letter."),
}  # fmt: skip
LIMITS: dict[str, int] = {
    "subject_max": config.SUBJECT_MAX,
    "ticket_text_max": config.TICKET_TEXT_MAX,
    "tickets": config.TICKETS,
    "ticket_replies": config.TICKET_REPLIES,
}
