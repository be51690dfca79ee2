"""Support tickets as rows, for tests of what others see of them."""

from sqlalchemy import insert

from portal.models import Ticket, TicketMessage, message_place, new_id, subject_place


def give_ticket(database, user_id, number, now, subject="Help", message="My code fails.", **columns):
    """Inserts a ticket of an account with one message; returns its id, which is the number without its dash."""
    ticket_id, message_id = number.replace("-", ""), new_id()
    sealed = database.keys.seal(subject, subject_place(ticket_id))
    row = {"id": ticket_id, "user_id": user_id, "subject_sealed": sealed, "state": "open", "opened_at": now, "due_at": now}
    database.change(insert(Ticket).values(**row | columns))
    said = {"author_id": user_id, "from_support": False, "number": 1, "written_at": now}
    sealed = database.keys.seal(message, message_place(message_id))
    database.change(insert(TicketMessage).values(id=message_id, ticket_id=ticket_id, text_sealed=sealed, **said))
    return ticket_id
