"""What templates can use beyond what a view passes: the person, the brand, times left, formatting, translations."""

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, quote_plus

from flask import current_app, g, url_for
from flask_babel import gettext
from flask_login import current_user
from jinja2 import Environment
from markupsafe import Markup, escape

from portal import methods, phones
from portal.languages import load_catalogue
from portal.web.browser_session import current_session, request_time, seconds_left, session_user
from portal.web.language import current_language, current_locale, language_names
from portal.web.rendering import as_written, home_url, page_brand, refusal_sentence, verbatim
from portal.web.times import day, moment, moment_text, month, until, visit_time, zone_label


def install_translations(environment: Environment) -> None:
    """Let templates translate; flask-babel's own callables look the catalogue up in several steps for each sentence.

    And let them keep values from a browser's translator (`|verbatim`), or tell it that their language is unknown (`|as_written`).
    """
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by Jinja's i18n extension
        lambda text: load_catalogue(current_language()).gettext(text),
        lambda one, many, number: load_catalogue(current_language()).ngettext(one, many, number),
        newstyle=True,
    )
    environment.globals["_"] = environment.globals["gettext"]
    environment.filters["verbatim"] = verbatim
    environment.filters["zone_label"] = zone_label
    environment.filters["as_written"] = as_written
    environment.filters["country_name"] = country_name
    environment.filters["contact_link"] = contact_link
    environment.filters["address"] = address
    environment.filters["dial"] = dial
    environment.filters["directions"] = directions
    environment.filters["written_number"] = phones.show
    environment.filters["browser_name"] = browser_name
    environment.filters["given_name"] = given_name


def browser_name(words: str) -> str:
    """A browser as `describe_browser` names it, such as "Chrome on Windows", in the reader's language; "" if it is unknown."""
    browser, on, system = words.partition(" on ")
    return str(gettext("%(browser)s on %(system)s", browser=browser, system=system)) if on else words


def given_name(name: str) -> str:
    """The name of an authenticator: as its owner typed it, or as its method calls it in the reader's language."""
    first, _, number = name.rpartition(" ")
    own = {each.begins_with["name"] for each in methods.switched_on()}
    if name in own:
        return str(gettext(name))
    return f"{gettext(first)} {number}" if first in own and number.isdigit() else verbatim(name)


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


def template_context() -> dict[str, Any]:
    """Variables available in every template."""
    return {
        "person": current_user if current_user.is_authenticated else None,
        "brand": page_brand(),
        "side": g.get("side"),
        "scheme": current_session().scheme,
        "next_path": g.get("next_path"),
        "session_seconds": seconds_to_warn(),
        "emergency": emergency_left(),
        "test_bench": current_app.extensions["settings"].test_bench,
        "support_contact": current_app.extensions["settings"].support_contact,
        "home_url": home_url(),
        "language": current_language(),
        "languages": language_names(),
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
