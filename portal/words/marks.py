"""Marks sentences for translation where they are written; whoever shows them translates them."""

Plural = tuple[str, str, str]


def N_(text: str) -> str:
    """Mark a string for translation without translating it."""
    return text


def N_plural(one: str, many: str, fact: str) -> Plural:
    """Mark a sentence with a count for translation: singular, plural, and the fact that decides between them.

    Languages have one to six forms, so each count is marked on its own. A sentence with two of them has a frame: the counted parts are
    translated first and then filled into it.
    """
    return one, many, fact
