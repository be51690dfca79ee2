"""What templates can use beyond what a view passes: the person, the brand, times left, formatting, translations."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, quote_plus

from flask import current_app, g, url_for
from flask_login import current_user
from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from portal import methods, phones
from portal.languages import load_catalogue, name_of, tie_particles
from portal.web.browser_session import current_session, request_time, seconds_left, session_user
from portal.web.csrf_token import csrf_token
from portal.web.fallback import is_lacking, mark_english
from portal.web.language import current_language, current_locale, gettext, language_names
from portal.web.rendering import as_written, home_url, page_brand, refusal_sentence, translate, verbatim
from portal.web.times import browser_locale, day, moment, moment_text, month, until, visit_time, zone_label
from portal.words.marks import N_

BROWSER = N_("%(browser)s on %(system)s")
SENTENCES = 4096  # the most that are kept translated: all of them, in two languages
FRAMES = 500  # the most parts of the frame that are kept drawn: of 3 sides, with few addresses each, in some languages


def install_translations(environment: Environment) -> None:
    """Let templates translate: each sentence is looked up once in each language.

    And let them keep values from a browser's translator (`|verbatim`), or tell it that their language is unknown (`|as_written`).
    """
    environment.globals.update(_=translate_sentence, pgettext=translate_in_place, ngettext=translate_count, shared=draw_once())
    environment.filters["verbatim"] = verbatim
    environment.filters["zone_label"] = zone_label
    environment.filters["as_written"] = as_written
    environment.filters["country_name"] = country_name
    environment.filters["contact_link"] = contact_link
    environment.filters["address"] = address
    environment.filters["dial"] = dial
    environment.filters["directions"] = directions
    environment.filters["written_number"] = phones.show
    environment.filters["with_phone"] = with_phone
    environment.filters["browser_name"] = browser_name
    environment.filters["given_name"] = given_name
    environment.filters["language_name"] = language_name


@lru_cache(SENTENCES)
def translated(language: str, text: str, is_page: bool) -> Markup:
    """A sentence of ours in a language, with its places still to be filled in; on a page, marked where English stands in."""
    said = load_catalogue(language).gettext(text)
    sentence = Markup(tie_particles(said) if is_page else said)  # noqa: S704 (written by us, or by our translators)
    return mark_english(language, sentence) if is_page and is_lacking(language, said, text) else sentence


@pass_eval_context
def translate_sentence(context: EvalContext, text: str, /, **facts: object) -> str:
    """`_()` of templates: the translated sentence with its facts; on a page, escaped unless they are markup."""
    sentence = translated(current_language(), text, context.autoescape)
    found = sentence if context.autoescape else str(sentence)
    return found % facts if facts or "%" in found else found


@pass_eval_context
def translate_in_place(context: EvalContext, place: str, text: str, /) -> str:
    """`pgettext()` of templates: a word that another language says differently in this place, such as on a "button"."""
    language = current_language()
    said = cast(str, load_catalogue(language).pgettext(place, text))
    if not context.autoescape:
        return said
    word = Markup(said)  # noqa: S704 (written by us, or by our translators)
    return mark_english(language, word) if is_lacking(language, said, text) else word


@pass_eval_context
def translate_count(context: EvalContext, one: str, many: str, num: int, /, **facts: object) -> str:
    """`ngettext()` of templates: the same for a sentence with a count, which it names `num`."""
    language = current_language()
    said = load_catalogue(language).ngettext(one, many, num)
    if not context.autoescape:
        return said % {"num": num, **facts}
    sentence = Markup(tie_particles(said))  # noqa: S704 (written by us, or by our translators)
    return (mark_english(language, sentence) if is_lacking(language, said, one, many) else sentence) % {"num": num, **facts}


def draw_once() -> Callable[..., str]:
    """`shared()` of templates: a part of the frame that is alike for everybody, drawn once in each language for the same arguments.

    The parts are the macros of layouts/_shared.html; nothing personal may ever be among what they are given.
    """

    @lru_cache(FRAMES)
    def draw(macro: Macro, language: str, *arguments: str | None) -> str:
        return macro(*arguments)

    return lambda macro, *arguments: draw(macro, current_language(), *arguments)


@pass_eval_context
def browser_name(context: EvalContext, words: str) -> str:
    """A browser as `describe_browser` names it, such as "Chrome on Windows", in the reader's language; "" if it is unknown."""
    browser, on, system = words.partition(" on ")
    say = translate if context.autoescape else gettext
    return say(BROWSER, browser=browser, system=system) if on else words


def given_name(name: str) -> Markup:
    """The name of an authenticator: as its owner typed it, or as its method calls it in the reader's language."""
    first, _, number = name.rpartition(" ")
    own = {each.begins_with["name"] for each in methods.switched_on()}
    if name in own:
        return translate(name)
    return Markup("{} {}").format(translate(first), number) if first in own and number.isdigit() else verbatim(name)


def language_name(tag: str) -> Markup:
    """A language's own name, in that language."""
    return Markup('<span lang="{}" translate="no">{}</span>').format(tag, name_of(tag))


def country_name(number: str) -> str:
    """The country of a phone number written internationally, in the person's language."""
    country = phones.country_of(number)
    return str(current_locale().territories.get(country, country))


def dial(number: str) -> str:
    """A phone number as a tel: link dials it; one without + is of the operator's first country."""
    return phones.dial(number, current_app.extensions["settings"].text_countries[0])


def address(address: str) -> Markup:
    """An email address that a browser's translator leaves alone, and that may break after its @."""
    return verbatim(Markup("@<wbr>").join(map(escape, address.split("@"))))


def directions(address: str) -> str:
    """A link that opens a phone's map, or a page with one, with the way to an address. It carries the address and nothing else."""
    return f"https://www.google.com/maps/dir/?api=1&destination={quote_plus(address, ',')}"


def contact_link(contact: str) -> Markup:
    """An address or a phone number as a link, which may break after its @; anything else as it is."""
    name, _, host = contact.partition("@")
    if name and host and not re.search(r"[\s@]", name + host):
        return Markup('<a href="mailto:{}" translate="no">{}@<wbr>{}</a>').format(quote(contact, "@"), name, host)
    number = dial(contact)
    return Markup('<a class="whole" href="tel:{}" translate="no">{}</a>').format(number, contact) if number else verbatim(contact)


def with_phone(text: str, phone: str) -> Markup:
    """A sentence with a phone number as a link at {phone}, if it has that. It runs from left to right, whatever the sentence does."""
    before, has_phone, after = text.partition("{phone}")
    return (
        Markup("{}").format(before)
        if not has_phone
        else Markup('{}<bdi dir="ltr">{}</bdi>{}').format(before, contact_link(phone), after)
    )


def template_context() -> dict[str, Any]:
    """Variables available in every template."""
    person, settings = current_user._get_current_object(), current_app.extensions["settings"]
    return {
        "person": person if person.is_authenticated else None,
        "brand": page_brand(),
        "csrf_token": csrf_token,
        "side": g.get("side"),
        "scheme": current_session().scheme,
        "next_path": g.get("next_path"),
        "session_seconds": seconds_to_warn(),
        "emergency": emergency_left(),
        "test_bench": settings.test_bench,
        "support_contact": settings.support_contact,
        "home_url": home_url(),
        "language": current_language(),
        "languages": language_names(),
        "browser_locale": browser_locale,
        "moment": moment,
        "say": refusal_sentence,
        "absolute": absolute_url,
        "day": day,
        "until": until,
        "visit_time": visit_time,
        "month": month,
        "moment_of": lambda text: moment_text(datetime.fromisoformat(text)),
        "day_of": lambda text: day(date.fromisoformat(text), "long"),
    }


def seconds_to_warn() -> int | None:
    """Seconds until the session times out; None if the person can't extend it."""
    seconds, emergency_ends = seconds_left(), emergency_left()
    return None if seconds and emergency_ends and emergency_ends["seconds"] <= seconds else seconds


def emergency_left() -> dict[str, Any] | None:
    """For the emergency access banner: whole seconds left by the server's clock, and the time it ends."""
    user = session_user()
    if user is None or not user.is_emergency:
        return None
    return {"seconds": int((user.ends_at - request_time()).total_seconds()), "until": user.ends_at}


def absolute_url(endpoint: str, **values: Any) -> str:
    """An address for an email: built from the configured base URL, never from a request's Host (RC-7)."""
    base_url: str = current_app.extensions["settings"].base_url
    return base_url + url_for(endpoint, **values)
