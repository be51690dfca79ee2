"""A person's profile: name, phone number, email addresses."""

from dataclasses import dataclass

from portal import phones, zones
from portal.db import begin_write, db
from portal.flows.account.addresses import Address, list_addresses, own_user
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors.on_file import mask_email, unseal_contact
from portal.flows.messages import notices
from portal.languages import PSEUDO, list_languages
from portal.words.refusals import Refused

KNOWN = (*list_languages(), PSEUDO)  # languages that have a name


@dataclass(frozen=True)
class Profile:
    """The Profile page. Contacts are masked, "" where there is none."""

    full_name: str
    username: str
    email: str
    phone: str
    phone_is_confirmed: bool
    time_zone: str | None  # IANA name; None: not chosen, or vanished
    addresses: list[Address]
    lost_language: str | None  # the tag of a language that was chosen, and is switched off; None: there is none

    @property
    def new_email(self) -> Address | None:
        """The unconfirmed address that is to become the account's own."""
        return next((each for each in self.addresses if each.is_first), None)

    @property
    def second(self) -> list[Address]:
        return [each for each in self.addresses if not each.is_first]


def profile_overview(context: RequestContext) -> Profile:
    """The visitor's own data."""
    user = own_user(context)
    email, phone = unseal_contact(context, user, "email"), unseal_contact(context, user, "phone")
    return Profile(
        user.full_name,
        user.username,
        mask_email(email) if email else "",
        phones.mask(phone),
        user.phone_confirmed_at is not None,
        user.time_zone if zones.find_zone(user.time_zone) else None,
        list_addresses(context),
        user.language if user.language in KNOWN and user.language not in context.languages else None,
    )


# --- name, language, and number


def change_name(context: RequestContext, full_name: str) -> None:
    """Change the name and notify every address. Idempotent.

    Without a code, even in a session that a trusted browser opened: a name is neither a factor nor a contact (RA-1, decision 17).
    """
    begin_write()
    user = own_user(context)
    if user.full_name == full_name:
        db.session.rollback()
        return
    notices.queue_notice(context, user, "name_changed")
    user.full_name = full_name
    record_event(context, "name_changed")
    db.session.commit()


def change_language(context: RequestContext, language: str) -> None:
    """Change the language of pages, texts, and emails, one of those offered. Idempotent."""
    if context.user.language == language:
        return
    begin_write()
    own_user(context).language = language
    record_event(context, "language_changed")
    db.session.commit()


def change_time_zone(context: RequestContext, name: str | None) -> None:
    """Choose the zone of times on pages and in emails; None: pages as the browser has it. Idempotent. It opens nothing: no code."""
    begin_write()
    user = own_user(context)
    if user.time_zone == name:
        db.session.rollback()
        return
    user.time_zone = name
    record_event(context, "time_zone_changed")
    db.session.commit()


def change_phone(context: RequestContext, typed: str, countries: tuple[str, ...]) -> None:
    """Change the number on file. It counts as unconfirmed until its owner enters a code sent to it. Idempotent. Raises Refused."""
    begin_write()
    user = own_user(context)
    try:
        number = phones.parse(typed, user.country, countries)
    except Refused:
        db.session.rollback()
        raise
    if unseal_contact(context, user, "phone") == number:
        db.session.rollback()
        return
    user.seal(context.keys, "phone", number)
    user.phone_confirmed_at = None
    record_event(context, "phone_changed")
    notices.queue_notice(context, user, "phone_changed", phone=phones.mask(number))
    db.session.commit()
