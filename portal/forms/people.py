"""The form of support's search for a person."""

from wtforms import StringField

from portal.forms.base import ShapedForm, filled
from portal.words.refusals import N_


class PersonForm(ShapedForm):
    """Two facts about one person."""

    person = StringField(N_("Username or email address"), [filled("person_empty")])
    fact = StringField(N_("Full name, mobile phone number, or practice"), [filled("fact_empty")])
