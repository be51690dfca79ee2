"""The articles are true: their labels are those of the pages, and their numbers those that the portal goes by."""

import re

from babel.messages.pofile import read_po

from portal.help.articles import FOLDER, GROUPS, Offered, list_articles, to_html
from portal.languages import SOURCE, TEMPLATE
from tests.support.messages import as_tuple

FILES = {path.stem: path.read_text() for path in (FOLDER / SOURCE).glob("*.md")}
EVERYTHING = Offered(texts=True, trusted_days=30, passkeys=True, practice_passkeys=True, new_browsers=True)
ELSEWHERE = {"+", "Add Account", "Enter a setup key", "Set Automatically"}  # in authenticator apps, and on phones
WRITTEN_OUT = re.compile(
    r"\b(three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|hundred)\b", re.IGNORECASE
)
MINUTES_TO_SPEND = {"about three minutes", "Give it five minutes"}  # of a person's time, which no setting knows
NEVER = re.compile(r"\b(please|sorry|oops|invalid|valid|click|simply|just)\b", re.IGNORECASE)


def sentences():
    """Returns every sentence of the portal, with "#" for what is filled in."""
    with TEMPLATE.open("rb") as file:
        return {re.sub(r"%\(\w+\)s", "#", text) for message in read_po(file) if message.id for text in as_tuple(message.id)}


def test_every_file_is_in_a_group():
    assert sorted(FILES) == sorted(name for _, names in GROUPS for name in names)


def test_every_label_in_an_article_stands_on_a_page():
    labels = {
        label for each in list_articles(SOURCE, EVERYTHING).values() for label in re.findall("<strong>(.+?)</strong>", each.body)
    }
    shown = {
        re.sub(r"\d+", "#", label)
        for label in labels
        if not label.endswith((".", ":")) and label not in {"Patients", "Providers"}
    }
    assert len(shown) > 50
    assert shown - ELSEWHERE - sentences() == set()


def test_no_number_is_typed_by_hand():
    """It would stay when the setting changes."""
    wrong = {}
    for name, text in FILES.items():
        plain = re.sub(r"^(\{if \w+\})?\d\. |\{[^}]*\}|2FA", "", text, flags=re.MULTILINE)
        for words in MINUTES_TO_SPEND:
            plain = plain.replace(words, "")
        wrong[name] = re.findall(r"\d+", plain) + WRITTEN_OUT.findall(plain)
    assert {name: found for name, found in wrong.items() if found} == {}


def test_articles_are_whole_and_calm():
    for offered in (EVERYTHING, Offered(texts=False, trusted_days=0)):
        for each in list_articles(SOURCE, offered).values():
            assert each.title and each.about and not re.search(r"[{}<*]|\]\(|  ", each.text), each.name
            assert not NEVER.search(f"{each.title} {each.text}"), each.name


def test_raw_html_is_shown_as_it_is_written():
    assert to_html("<b>x</b> <script>alert(1)</script>\n\n<div>y</div>", EVERYTHING).count("<") == 4  # two paragraphs
