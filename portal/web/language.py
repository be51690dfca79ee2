"""The language of a page: the account's own, else the one chosen in this browser, else the first that the browser asks for.

What is chosen in a browser counts on one side: on a computer that is shared, a patient's choice does not change the EHR's language.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import Babel, Domain, refresh

from portal import languages
from portal.db import BUSY
from portal.flows.base.context import SessionUser
from portal.flows.base.places import place_language
from portal.policy import PROVIDER
from portal.web.application import kept

if TYPE_CHECKING:
    from portal.web.browser_session import BrowserSession


COOKIES = ("language", "language_ehr")  # of the patient portal and the support console, and of the EHR
EHR = "ehr"  # begins the EHR's addresses, and says in others that somebody came from there
CHOICE = "language.submit"  # the endpoint that takes the choice of the footer


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
    """The language for this request. A choice that is no longer offered counts as none; where nothing is known, it is the practice's.

    The account's goes first, except while a code is due: what is chosen then is kept in the browser alone.
    """
    offered = offered_languages()
    if len(offered) == 1:
        return offered[0]
    current = cast("BrowserSession", session)
    found = current.find()
    user = found if isinstance(found, SessionUser) else None
    chosen = [user.language if user else None, current.languages[is_ehr(user)]]
    known = next((each for each in (chosen[::-1] if user and user.owes_code else chosen) if each in offered), None)
    return known or language_of_browser(offered) or language_of_practice(user) or languages.SOURCE


def language_of_browser(offered: tuple[str, ...]) -> str | None:
    """The first language that the browser asks for and that is offered (RFC 4647 3.4): "es" for somebody who wants "es-MX" before "en".

    Not werkzeug's `best_match`, which takes what is named by itself ("en") before what is wanted more ("es-MX").
    """
    tags = {tag.lower(): tag for tag in offered}
    for wanted, quality in request.accept_languages:  # most wanted first
        tag = wanted.replace("_", "-").lower()
        found = tags.get(tag) or tags.get(tag.partition("-")[0])
        if found and quality > 0:
            return found
    return None


def language_of_practice(user: SessionUser | None) -> str | None:
    """The default of a signed-in visitor's practice, if it is offered: asked for only where nothing else is known."""
    if user is None or user.owes_code:
        return None
    try:
        found = place_language(user.user_id)
    except BUSY:  # the page is more important than its language
        return None
    return found if found in offered_languages() else None


def is_ehr(user: SessionUser | None) -> bool:
    """Whether this page is the EHR's: by who is signed in, else by its address, as brands are; a choice belongs to the page before it."""
    if user:
        return user.role in PROVIDER.roles
    path, query = page_before() if request.endpoint == CHOICE else (request.path, request.query_string.decode(errors="replace"))
    asked = dict(parse_qsl(query))
    return asked.get("at") == EHR or EHR in (first_part(path), first_part(asked.get("next", "")))


def first_part(path: str) -> str:
    """What stands between the first two slashes of a path."""
    return "".join(path.split("/")[1:2])


def page_before() -> tuple[str, str]:
    """Path and query of the page that a choice was made on, as the browser says."""
    try:
        before = urlsplit(request.referrer or "")
    except ValueError:  # half a bracket
        return "", ""
    return before.path, before.query


def keep_choice(chosen: str) -> None:
    """Keep the language in this browser with the response, for this side."""
    current = cast("BrowserSession", session)
    found = current.find()
    current["new_language"] = COOKIES[is_ehr(found if isinstance(found, SessionUser) else None)], chosen


def first_offered(*wanted: str | None) -> str:
    """The first of these languages that is offered, else English."""
    return next((each for each in wanted if each in offered_languages()), None) or languages.SOURCE


@contextmanager
def speak(*wanted: str | None) -> Iterator[None]:
    """Render in the first of these languages that is offered, whoever's request it is; in English if none is."""
    before = current_language()
    g.language = first_offered(*wanted)
    refresh()
    try:
        yield
    finally:
        g.language = before
        refresh()
