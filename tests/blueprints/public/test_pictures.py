"""The pictures in the articles show the pages as they are. `make pictures` draws them anew."""

import re

import pytest

from portal.help.articles import FOLDER
from portal.languages import SOURCE
from tests.support.pictures import DRAWN, PICTURES, SCHEMES, draw, fix_secrets, keep, listed, read

NAMED = re.compile(r"!\[([^\]]+)\]\(picture:([a-z-]+)\)")
MOST = 600_000  # bytes of all of them; a page loads those of one article


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_shows_what_the_page_says(request, plain, monkeypatch, name):
    picture = PICTURES[name]
    fix_secrets(monkeypatch)
    picture.walk(plain, request.getfixturevalue(picture.person))
    labels = read(plain.page, picture.parts)
    if request.config.getoption("draw_pictures"):
        width, height = draw(request.getfixturevalue("chromium"), plain.response.text, picture, name)
        keep(name, {"page": plain.path, "width": width, "height": height, "labels": labels})
    shown = listed().get(name, {})
    assert (shown.get("page"), shown.get("labels")) == (plain.path, labels), "the page has changed: run `make pictures`"
    assert labels and (picture.look is None or plain.offers(picture.look))


def test_every_picture_is_there_and_in_an_article_and_none_is_left_over():
    named = {name for path in FOLDER.glob("*/*.md") for _, name in NAMED.findall(path.read_text())}
    assert named == set(listed()) == set(PICTURES)
    files = {path.name: path.stat().st_size for path in DRAWN.iterdir()}
    assert set(files) == {f"{name}-{scheme}.webp" for name in named for scheme in SCHEMES}
    assert sum(files.values()) < MOST


def test_each_says_in_words_what_is_seen():
    told = [found for path in (FOLDER / SOURCE).glob("*.md") for found in NAMED.findall(path.read_text())]
    assert len(told) >= len(PICTURES) and all(text.endswith(".") and len(text.split()) > 5 for text, _ in told)
    assert [name for text, name in told if (PICTURES[name].look or "") not in text] == []
