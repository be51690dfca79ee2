"""The search in Help."""

from wtforms import StringField

from portal.forms.base import ShapedForm
from portal.settings import config
from portal.words.refusals import N_


class SearchForm(ShapedForm):
    """A question in a person's words. It comes from the address, so nothing is refused; read it with `asked`."""

    q = StringField(N_("Search help"))

    def asked(self) -> str:
        """What was typed, in one line of at most HELP_TYPED_MAX characters; the field shows the same."""
        typed = "".join(character if character.isprintable() else " " for character in self.q.data or "")
        line = " ".join(typed[: config.HELP_TYPED_MAX].split())
        self.q.data = line
        return line
