"""The text of an email from its template, and the same text in the HTML layout that all emails share.

The HTML is made from the plain text: one layout, no second set of sentences to translate, and a new notice needs one template.
"""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from flask import current_app, render_template
from markupsafe import Markup, escape

from portal.flows.base.audit import one_line
from portal.policy import PATIENT, POLICIES
from portal.web.language import current_language, speak
from portal.web.rendering import verbatim
from portal.web.times import show_zone

FACT_MAX = 2000  # characters of one fact
EXACT = ("address", "phone", "username", "ip", "number", "host")  # facts that a translator has to leave as they are, and
BRANDS = {policy.issuer for policy in POLICIES}


def write_email(
    template: str,
    facts: dict[str, Any],
    links: dict[str, str],
    languages: tuple[str | None, ...] = (),
    time_zone: str | None = None,
) -> tuple[str, str]:
    """Subject and plain text. The template's first line is the subject; facts are reduced to single lines.

    `links`: tokens by their name in the template ("link", "not_me", "stop"); a missing one is None. `languages`: the recipient's and
    their practice's, of which the first that is offered counts, else English. `time_zone`: None is the operator's.
    """
    lines = {name: one_line(fact, FACT_MAX) if isinstance(fact, str) else fact for name, fact in facts.items()}
    defaults = {"link": None, "not_me": None, "stop": None, "issuer": PATIENT.issuer, "may_trust": PATIENT.may_trust_browsers}
    with speak(*languages), show_zone(time_zone):
        text = render_template(f"email/{template}.txt", **{**defaults, **lines, **links})
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip() + "\n"


def split_paragraphs(text: str) -> list[dict[str, Any]]:
    """The text's paragraphs: `lines`, and `link` with its `label` if the last two lines are a label and an address."""
    found: list[dict[str, Any]] = []
    for block in filter(None, (part.strip() for part in text.split("\n\n"))):
        *lines, last = block.splitlines()
        if lines and last.startswith(("https://", "http://")):
            found.append({"lines": lines[:-1], "label": lines[-1].rstrip(":"), "link": last})
        else:
            found.append({"lines": [*lines, last], "link": None})
    return found


def mark_values(text: str, values: Iterable[str]) -> Markup:
    """The text as HTML, with these values kept from a translator: people compare them with something elsewhere, or type them."""
    found = "|".join(re.escape(value) for value in sorted(filter(None, values), key=len, reverse=True))
    return Markup().join(verbatim(part) if place % 2 else escape(part) for place, part in enumerate(re.split(f"({found})", text)))


def compose_email(
    template: str,
    facts: dict[str, Any],
    links: dict[str, str],
    language: str | None = None,
    time_zone: str | None = None,
    place_language: str | None = None,
) -> tuple[str, str, str, str]:
    """Subject, plain text, HTML, and language of an email: the recipient's, else their practice's, else English; in their time zone."""
    languages = (language, place_language)
    subject, text = write_email(template, facts, links, languages, time_zone)
    brand = facts.get("issuer", PATIENT.issuer)
    kept = {*BRANDS, current_app.extensions["settings"].support_contact, *(str(facts.get(name) or "") for name in EXACT)}
    shown = {
        "subject": subject,
        "issuer": brand,
        "paragraphs": split_paragraphs(text),
        "exact": partial(mark_values, values=kept),
    }
    with speak(*languages):
        return subject, text, render_template("email/_layout.html", **shown), current_language()
