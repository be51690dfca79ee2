"""The pictures in the articles show the pages as they are. `make pictures` draws them anew."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.help import pictures
from portal.help.articles import FOLDER, Offered, list_articles
from portal.models import User
from tests.support.pictures import DRAWN, LANGUAGES, PICTURES, SCHEMES, draw, fix_secrets, keep, listed, read
from tests.support.speech import translate

NAMED = re.compile(r"!\[([^\]]+)\]\(picture:([a-z-]+)\)")
MOST = 300_000  # bytes of all of them in one language; a page loads those of one article


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_shows_what_the_page_says(request, plain, database, monkeypatch, name):
    picture = PICTURES[name]
    fix_secrets(monkeypatch)
    picture.walk(plain, request.getfixturevalue(picture.person))
    monkeypatch.setitem(plain.app.extensions, "settings", replace(plain.app.extensions["settings"], languages=LANGUAGES))
    for language in LANGUAGES:
        database.change(update(User).values(language=language))
        labels = read(plain.open(plain.path).page, picture.parts)
        if request.config.getoption("draw_pictures"):
            width, height = draw(request.getfixturevalue("chromium"), plain.response.text, picture, name, language)
            keep(name, plain.path, language, {"width": width, "height": height, "labels": labels})
        shown = listed().get(name, {})
        assert (shown.get("page"), shown.get(language, {}).get("labels")) == (plain.path, labels), (
            "it has changed: run `make pictures`"
        )
        assert labels and (picture.look is None or plain.offers(translate(language, picture.look)))


def test_every_picture_is_there_and_in_an_article_and_none_is_left_over():
    named = {name for path in FOLDER.glob("*/*.md") for _, name in NAMED.findall(path.read_text())}
    assert named == set(listed()) == set(PICTURES)
    files = {path.name: path.stat().st_size for path in DRAWN.iterdir()}
    needed = {
        pictures.file_name(name, scheme, language): language for name in named for scheme in SCHEMES for language in LANGUAGES
    }
    assert set(files) == set(needed)
    assert max(sum(size for file, size in files.items() if needed[file] == each) for each in LANGUAGES) < MOST


def test_each_says_in_words_what_is_seen():
    for language in LANGUAGES:
        told = [found for path in (FOLDER / language).glob("*.md") for found in NAMED.findall(path.read_text())]
        assert len(told) >= len(PICTURES) and all(text.endswith(".") and len(text.split()) > 5 for text, _ in told)
        assert [name for text, name in told if (look := PICTURES[name].look) and translate(language, look) not in text] == []


def test_an_article_shows_pictures_in_its_own_language_or_says_that_they_are_english(monkeypatch):
    body = list_articles("es", Offered(texts=False, trusted_days=0))["set-up-app"].body
    own = pictures.with_pictures(body, "es", "auto", "/{}".format)
    assert "/help/security-off-dark-es.webp" in own and "(inglés)" not in own and "-light.webp" not in own
    drawn = {each: size for each, size in pictures.sizes().items() if each != ("security-off", "es")}
    monkeypatch.setattr(pictures, "sizes", lambda: drawn)
    mixed = pictures.with_pictures(body, "es", "auto", "/{}".format)
    assert "/help/security-off-dark.webp" in mixed and "/help/setup-key-light-es.webp" in mixed
    assert mixed.count("junto al botón Activar. (inglés)") == 2
