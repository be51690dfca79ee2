"""Forms of support tickets: a new one, one more message, and support's answer."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

from wtforms import Field, StringField, TextAreaField

from portal.forms.base import ShapedForm, filled
from portal.forms.support import written
from portal.settings import config
from portal.words.refusals import N_


class TicketForm(ShapedForm):
    """A new ticket: a subject of one line, and plain text with its lines."""

    subject = StringField(N_("Subject"), [filled("subject_empty"), written("subject", config.SUBJECT_MAX)])
    message = TextAreaField(N_("Message"), [filled("message_empty"), written("message", config.TICKET_TEXT_MAX)])

    def validate_subject(self, field: Field) -> None:
        field.data = " ".join(field.data.split())


class MessageForm(ShapedForm):
    """One more message in a ticket."""

    message = TextAreaField(N_("Your message"), [filled("message_empty"), written("message", config.TICKET_TEXT_MAX)])


class TicketAnswerForm(ShapedForm):
    """An agent's answer."""

    answer = TextAreaField(
        N_("Your answer"),
        [filled("ticket_answer_empty"), written("ticket_answer", config.TICKET_TEXT_MAX, takes_lookalikes=False)],
    )


class TicketNumberForm(ShapedForm):
    """A ticket number that somebody reads out. It comes from the address."""

    number = StringField(N_("Ticket number"))
