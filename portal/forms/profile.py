"""Forms of a person's own account: name, email addresses, phone number, password, authenticator name."""

# mypy: allow-subclassing-any
# (WTForms has no types.)

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from wtforms import Field, HiddenField, RadioField, StringField
from wtforms.validators import ValidationError

from portal.answers import TEXT, Answer
from portal.forms.base import ShapedForm, filled
from portal.forms.codes import AnswerForm, ReauthenticationForm
from portal.forms.sign_in import NewPasswordForm, PasswordForm
from portal.settings import config
from portal.typed import INVISIBLE
from portal.words.refusals import N_
from portal.zones import find_zone

EMAIL = re.compile(
    r"(?!-)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]",
    re.IGNORECASE,
)
NAME_PUNCTUATION = frozenset("'’‘-‐\u200c\u200d")  # the last two are joiners in Persian and Indic scripts
STACKED_MARKS = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{5}")  # real names stack two or three


class LabelForm(ShapedForm):
    """The name of an authenticator."""

    name = StringField(N_("Name"))

    def validate_name(self, field: Field) -> None:
        field.data = " ".join("".join(c if c.isprintable() else " " for c in field.data or "").split())
        if not field.data:
            raise ValidationError("label_empty")
        if len(field.data) > config.LABEL_MAX:
            raise ValidationError("label_long")


class NameForm(ShapedForm):
    """A person's name. It appears in emails, also to unconfirmed addresses, so it can't contain anything that becomes a link."""

    full_name = StringField(N_("Name"), [filled("name_empty")])

    def validate_full_name(self, field: Field) -> None:
        field.data = " ".join(unicodedata.normalize("NFC", field.data).split())
        if len(field.data) > config.NAME_MAX:
            raise ValidationError("name_long")
        if not is_name(field.data):
            raise ValidationError("name_signs")


def is_name(text: str) -> bool:
    """Letters and a few digits of any script, spaces, hyphens, and apostrophes; a period or comma only at the end of a word."""
    words = [word.removesuffix(",").removesuffix(".") for word in text.split(" ")]
    has_letter = any(letter.isalpha() and letter not in INVISIBLE for letter in text)
    digits = sum(unicodedata.category(each) == "Nd" for each in text)
    return (
        has_letter
        and digits <= config.NAME_DIGITS
        and all(words)
        and not STACKED_MARKS.search(text)
        and all(is_name_character(each) for word in words for each in word)
    )


def is_name_character(character: str) -> bool:
    category = unicodedata.category(character)
    if character in INVISIBLE or category == "Me":
        return False
    return category[0] in "LM" or category == "Nd" or character in NAME_PUNCTUATION


class LanguageForm(ShapedForm):
    """The choice of a language; the view sets the choices."""

    language = RadioField(N_("Language"), validate_choice=False)

    def validate_language(self, field: RadioField) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError("language_empty")


class TimeZoneForm(ShapedForm):
    """A time zone by its IANA name; "" for the browser's own."""

    time_zone = StringField(N_("Time zone"))

    def validate_time_zone(self, field: Field) -> None:
        if field.data is None or (field.data and not find_zone(field.data)):
            raise ValidationError("time_zone_unknown")


class EmailForm(ShapedForm):
    email = StringField(N_("Email address"), [filled("email_empty")])

    def validate_email(self, field: Field) -> None:
        field.data = unicodedata.normalize("NFKC", field.data).strip()
        if not field.data.isascii():
            raise ValidationError("email_letters")
        if len(field.data) > config.EMAIL_MAX or not EMAIL.fullmatch(field.data):
            raise ValidationError("email_shape")


class PhoneField(StringField):
    """A phone number. If it can be read in several ways, they become `choices`."""

    choices: tuple[str, ...] = ()
    is_question = False  # whether the page asks if it was read rightly

    def suggest(self, suggestions: tuple[str, ...]) -> None:
        """Put the only suggestion into the field, or offer several as choices."""
        self.is_question = True
        if len(suggestions) == 1:
            (self.data,) = suggestions
        else:
            self.choices = suggestions


class PhoneForm(AnswerForm):
    """A phone number as people type it; portal/phones.py parses it. `typed`: what was typed, while choices are offered for it."""

    phone = PhoneField(N_("Mobile phone number"), [filled("phone_empty")])
    typed = HiddenField()

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        self.phone.data = self.phone.data or self.typed.data
        return bool(super().validate(extra_validators))

    @property
    def answer(self) -> Answer:
        return Answer(TEXT, self.phone.data)


class ChangePasswordForm(NewPasswordForm, PasswordForm):
    """The current and the new password (PW-9)."""


class ChangePasswordWithCodeForm(NewPasswordForm, ReauthenticationForm):
    """The same, with a second factor."""
