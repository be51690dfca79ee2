"""Reads the articles: Markdown files of our own, rendered once for what this portal offers. What people type is never Markdown."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markupsafe import Markup

from portal import languages
from portal.settings import config
from portal.words.marks import N_

FOLDER = Path(__file__).parent
PROVIDERS = N_("For providers")
GROUPS = (
    (N_("Get started"), ("what-it-is", "before-you-start", "methods", "authenticator-apps")),
    (N_("Set it up"), ("set-up-app", "set-up-texts", "backup-codes")),
    (N_("Sign in"), ("signing-in", "trusted-browsers", "new-browsers", "forgot-password")),
    (
        N_("When something is wrong"),
        ("code-not-working", "too-many-wrong-codes", "lost-phone", "locked-out", "account-recovery"),
    ),
    (N_("Change something"), ("security", "new-phone", "new-number", "turn-off", "sessions-and-activity")),
    (
        PROVIDERS,
        ("provider-set-up", "provider-changes", "emergency-access", "practice-administrators", "reset-a-colleague"),
    ),
    (N_("Safety and support"), ("never-share-codes", "before-you-contact-support")),
)
BRANDS = r"(Medximity|DigitalPatientChart|Google Authenticator|Microsoft Authenticator|Authy)"
CONDITION = re.compile(r"\{if (\w+)\}(.*?)\{end\}(\n?)", re.DOTALL)
FACT = re.compile(r"\{(\w+)(?: in (\w+))?\}")  # {TEXT_LIFE in minutes}: a number of portal/settings/config.py, or what is offered


@dataclass(frozen=True)
class Offered:
    """What articles tell of the operator's settings: whether codes go out by text, how many days a browser is trusted (0: never).

    `passkeys`: whether patients may choose one. `practice_passkeys`: whether practices may offer them.
    `new_browsers`: whether sign-ins there are confirmed, or may be.
    """

    texts: bool
    trusted_days: int
    passkeys: bool = False
    practice_passkeys: bool = False
    new_browsers: bool = False


@dataclass(frozen=True)
class Article:
    """One article. `language` is a tag such as "en", `about` its first sentence, `words` what else people call its subject, `body` HTML."""

    name: str
    language: str
    title: str
    about: str
    words: str
    body: Markup

    @property
    def text(self) -> str:
        """The words of the body, without markup."""
        return self.body.striptags()


class Names(InlineProcessor):  # type: ignore[misc]  # Markdown has no types
    """Keeps names from a browser's translator, because people look for them elsewhere."""

    def handleMatch(self, found: re.Match[str], _: str) -> tuple[Element, int, int]:  # noqa: N802 (its name there)
        element = Element("span", {"translate": "no"})
        element.text = found[1]
        return element, found.start(0), found.end(0)


class Plain(Extension):  # type: ignore[misc]
    """Markdown without raw HTML, which is shown as it is written."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (its name there)
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")
        md.inlinePatterns.register(Names(BRANDS, md), "names", 5)


def list_articles(language: str, offered: Offered) -> dict[str, Article]:
    """All articles by name, in the order of GROUPS; one without a translation is English, and says so in its `language`."""
    names = [name for _, group in GROUPS for name in group]
    found = [read_article(name, language, offered) or read_article(name, languages.SOURCE, offered) for name in names]
    return {article.name: article for article in found if article}


@cache
def read_article(name: str, language: str, offered: Offered) -> Article | None:
    """An article as it reads with these settings; None if its file is missing, or what it needs isn't offered."""
    path = FOLDER / language / f"{name}.md"
    if not path.exists():
        return None
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    if "needs" in facts and not getattr(offered, facts["needs"]):
        return None
    about = to_html(facts["about"], offered)
    text = about + Markup("\n") + to_html(body, offered)
    return Article(name, language, facts["title"], about.striptags(), facts["words"], text)


def to_html(text: str, offered: Offered) -> Markup:
    """Markdown as HTML, with its numbers filled in, and without what isn't offered."""
    kept = CONDITION.sub(lambda found: found[2] + found[3] if getattr(offered, found[1]) else "", text)
    filled = FACT.sub(lambda found: str(number_of(found[1], found[2], offered)), kept)
    html = Markdown(extensions=[Plain()]).convert(filled)
    return Markup(html.replace("<ol>", '<ol class="steps">'))  # noqa: S704 (our own articles, without raw HTML)


def number_of(name: str, unit: str | None, offered: Offered) -> int:
    """A number that the portal goes by; of a list, its first. unit: "seconds" to "days" of a duration. Raises AttributeError."""
    value: Any = getattr(offered, name) if hasattr(offered, name) else getattr(config, name)
    value = value[0] if isinstance(value, tuple) else value
    return cast(int, value // timedelta(**{unit: 1}) if unit else value)
