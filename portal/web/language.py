"""The language of a page: the account's own, else the one chosen in this browser, else the first that the browser asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import Babel, Domain, refresh

from portal import languages
from portal.flows.base.context import SessionUser
from portal.web.application import kept

if TYPE_CHECKING:
    from portal.web.browser_session import BrowserSession


class Catalogues(Domain):  # type: ignore[misc]  # flask-babel has no types
    """flask-babel's gettext, with the portal's own catalogues."""

    def get_translations(self) -> NullTranslations:
        return languages.load_catalogue(current_language())


def init_app(app: Flask) -> None:
    """Let flask-babel translate and format in `current_language()`."""
    Babel(app, locale_selector=current_locale).domain_instance = Catalogues()


def current_language() -> str:
    """The tag of the language of this page or email, one of those that the operator offers; English outside of both."""
    here = kept()
    found: str | None = here.get("language")
    if found is None:
        found = here.language = choose_language() if has_request_context() else languages.SOURCE
    return found


def current_locale() -> Locale:
    """How this page or email writes dates and numbers."""
    return languages.locale_of(current_language())


def gettext(text: str, **facts: object) -> str:
    """As flask-babel's, without its look for the request and for itself, for what a page says many times."""
    said = languages.load_catalogue(current_language()).gettext(text)
    return said % facts if facts else said


def offered_languages() -> tuple[str, ...]:
    """The tags of the languages that people may choose from."""
    return cast(tuple[str, ...], current_app.extensions["settings"].languages)


def language_names() -> list[tuple[str, str]]:
    """Tag and own name of each language to choose from; none if there is no choice."""
    offered = offered_languages()
    return [(each, languages.name_of(each)) for each in offered] if len(offered) > 1 else []


def choose_language() -> str:
    """The language for this request. A choice that is no longer offered counts as none.

    The account's goes first, except while a code is due: what is chosen then is kept in the browser alone.
    """
    offered = offered_languages()
    if len(offered) == 1:
        return offered[0]
    current = cast("BrowserSession", session)
    found = current.find()
    user = found if isinstance(found, SessionUser) else None
    chosen = [user.language if user else None, current.language]
    known = next((each for each in (chosen[::-1] if user and user.owes_code else chosen) if each in offered), None)
    return known or request.accept_languages.best_match(offered) or languages.SOURCE


@contextmanager
def speak(language: str | None) -> Iterator[None]:
    """Render in this language, whoever's request it is; in English if it is None or no longer offered."""
    before = current_language()
    g.language = language if language in offered_languages() else languages.SOURCE
    refresh()
    try:
        yield
    finally:
        g.language = before
        refresh()
