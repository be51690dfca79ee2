"""Collects what is marked for translation: `make messages` writes the template, and updates every catalogue from it."""

from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from portal.languages import TEMPLATE, catalogue_path, list_languages
from tests.house.source import PORTAL, ROOT
from tests.support.notes import CONTEXTS, notes_for

KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "N_plural": (1, 2)}
FOR_TRANSLATORS = "Translators:"  # begins a comment that is copied into the catalogue
LINES = {"width": 0, "sort_output": True}  # one message, one line, in order, so that two branches rarely touch the same ones


def extract():
    """Returns a catalogue of every marked sentence in the code and in the templates."""
    methods, options = read_mapping()
    found = Catalog(fuzzy=False)
    for _, _, message, comments, context in extract_from_dir(
        PORTAL, methods, options, KEYWORDS, (FOR_TRANSLATORS,), strip_comment_tags=True
    ):
        told = [" ".join(comments)] if comments else []
        found.add(
            message,
            auto_comments=told + (notes_for(as_tuple(message)) if context is None else [CONTEXTS[context]]),
            context=context,
        )
    return found


def as_tuple(message):
    """Returns a message's sentence, or its plural forms."""
    return (message,) if isinstance(message, str) else tuple(message)


def read_mapping():
    """Returns which files are read, and how, from babel.cfg."""
    with (ROOT / "babel.cfg").open() as file:
        return parse_mapping_cfg(file)


def template_text(found):
    """Returns the template as it is written: without a header, whose date would change at every run."""
    file = BytesIO()
    write_po(file, found, no_location=True, omit_header=True, **LINES)
    return file.getvalue().decode()


def read_catalogue(language):
    """Returns the catalogue of a language."""
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def update_catalogue(language, found):
    """Adds new sentences to a catalogue, marks changed ones as fuzzy, and drops those that are gone."""
    catalogue = read_catalogue(language)
    catalogue.update(found, update_creation_date=False)
    with catalogue_path(language).open("wb") as file:
        write_po(file, catalogue, ignore_obsolete=True, no_location=True, **LINES)


def main():
    """Writes the template and updates the catalogues."""
    found = extract()
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_text(template_text(found))
    for language in list_languages()[1:]:
        update_catalogue(language, found)


if __name__ == "__main__":
    main()
