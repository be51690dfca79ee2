"""Forms of the accounts that an operator creates: each option of the command line goes through one of them."""

import unicodedata
from collections.abc import Mapping

from wtforms import Field, StringField
from wtforms.validators import ValidationError

from portal.forms.base import ShapedForm, filled
from portal.forms.profile import EmailForm, NameForm
from portal.settings import config
from portal.typed import is_separator
from portal.words.refusals import N_, Refused
from portal.zones import find_zone

USERNAME_SIGNS = frozenset(".-_@+")


class UsernameForm(ShapedForm):
    """A username: letters and digits of any script, and a few signs. Nothing in it may be invisible."""

    username = StringField(N_("Username"), [filled("username_empty")])

    def validate_username(self, field: Field) -> None:
        field.data = unicodedata.normalize("NFKC", field.data).strip()
        if len(field.data.casefold()) > config.USERNAME_MAX:  # as it is stored: "ß" becomes "ss"
            raise ValidationError("username_long")
        if not field.data[0].isalnum() or not all(map(is_username_character, field.data)):
            raise ValidationError("username_signs")


def is_username_character(character: str) -> bool:
    return character in USERNAME_SIGNS or (unicodedata.category(character)[0] in "LMN" and not is_separator(character))


class PracticeForm(ShapedForm):
    """The name of a practice, in one line."""

    practice = StringField(N_("Practice"), [filled("practice_empty")])

    def validate_practice(self, field: Field) -> None:
        field.data = " ".join(unicodedata.normalize("NFC", field.data).split())
        if len(field.data) > config.NAME_MAX:
            raise ValidationError("practice_long")
        if not field.data.isprintable() or all(is_separator(each) for each in field.data):
            raise ValidationError("practice_signs")


class LineForm(ShapedForm):
    """One line of text that people read."""

    MOST = config.LINE_MAX

    def check_line(self, field: Field) -> None:
        field.data = " ".join(unicodedata.normalize("NFC", field.data or "").split())
        if len(field.data) > self.MOST:
            raise ValidationError("line_long")
        if not field.data.isprintable():
            raise ValidationError("line_signs")


class AddressForm(LineForm):
    address = StringField(N_("Address"))

    def validate_address(self, field: Field) -> None:
        self.check_line(field)


class CityForm(LineForm):
    city = StringField(N_("City"))

    def validate_city(self, field: Field) -> None:
        self.check_line(field)


class PracticePhoneForm(LineForm):
    """A practice's number as people write it. It may have an extension, so it is not parsed."""

    MOST = config.PRACTICE_PHONE_MAX

    practice_phone = StringField(N_("Phone number"))

    def validate_practice_phone(self, field: Field) -> None:
        self.check_line(field)


class PracticeZoneForm(ShapedForm):
    """Where a practice is: the IANA name of its time zone."""

    time_zone = StringField(N_("Time zone"))

    def validate_time_zone(self, field: Field) -> None:
        if not find_zone(field.data):
            raise ValidationError("zone_name")


FORMS: Mapping[str, type[ShapedForm]] = {
    "username": UsernameForm,
    "full_name": NameForm,
    "practice": PracticeForm,
    "email": EmailForm,
    "address": AddressForm,
    "city": CityForm,
    "practice_phone": PracticePhoneForm,
    "time_zone": PracticeZoneForm,
}


def check_value(field: str, typed: str) -> str:
    """One value of a new account as its form leaves it; `field` is a key of FORMS. Raises Refused."""
    form = FORMS[field](data={field: typed})
    if not form.validate():
        raise Refused(str(form[field].errors[0]))
    return str(form[field].data)
