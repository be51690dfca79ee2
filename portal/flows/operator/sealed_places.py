"""The place that each sealed column is bound to, by table and column: whoever opens a value needs it."""

from collections.abc import Callable, Mapping
from typing import Any

from portal.flows.factors.code_sets import set_place
from portal.flows.messages.notices import address_place, outbox_place
from portal.models import (
    audit_key_place,
    message_place,
    number_place,
    recovery_place,
    secret_place,
    subject_place,
    user_place,
)

# (table, column) -> the place of a row's value.
PLACES: Mapping[tuple[str, str], Callable[[Any], str]] = {
    ("users", "password_sealed"): lambda row: user_place(row.id, "password"),
    ("users", "email_sealed"): lambda row: user_place(row.id, "email"),
    ("users", "phone_sealed"): lambda row: user_place(row.id, "phone"),
    ("bindings", "secret_sealed"): lambda row: secret_place(row.user_id, row.id),
    ("authenticators", "secret_sealed"): lambda row: secret_place(row.user_id, row.id),
    ("backup_code_sets", "pepper_sealed"): lambda row: set_place(row.user_id, row.id, "pepper"),
    ("backup_code_sets", "codes_sealed"): lambda row: set_place(row.user_id, row.id, "codes"),
    ("outbox", "to_sealed"): lambda row: outbox_place(row.id, "to"),
    ("outbox", "body_sealed"): lambda row: outbox_place(row.id, "body"),
    ("notice_addresses", "email_sealed"): lambda row: address_place(row.id),
    ("emergency_grants", "number_sealed"): lambda row: number_place(row.id),
    ("recovery_tickets", "story_sealed"): lambda row: recovery_place("ticket", row.id, "story"),
    ("recovery_tickets", "practice_sealed"): lambda row: recovery_place("ticket", row.id, "practice"),
    ("recovery_cases", "words_sealed"): lambda row: recovery_place("case", row.id, "words"),
    ("recovery_cases", "draft_sealed"): lambda row: recovery_place("case", row.id, "draft"),
    ("recovery_notes", "text_sealed"): lambda row: recovery_place("note", row.id, "text"),
    ("tickets", "subject_sealed"): lambda row: subject_place(row.id),
    ("ticket_messages", "text_sealed"): lambda row: message_place(row.id),
    ("audit_keys", "key_sealed"): lambda row: audit_key_place(row.id),
}
