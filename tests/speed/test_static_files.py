"""Files come compressed and may be kept for ever; a page is never compressed; a gzip is never older than its file."""

import gzip
import re

import brotli
import pytest
from flask import url_for

from portal.languages import TEMPLATE, catalogue_path, list_languages
from portal.web import static_files
from tests.support.processes import ROOT

HELP = ROOT / "portal/help"
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
GZIP = {"Accept-Encoding": "gzip"}
UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress}
COMPRESSED = ["portal.css", "scripts.js", "icons/mark.svg"]


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.mark.parametrize("kind", UNPACK)
@pytest.mark.parametrize("name", COMPRESSED)
def test_a_file_comes_compressed_to_a_browser_that_can_read_it(client, name, kind):
    answer = client.get(f"/static/{name}", headers={"Accept-Encoding": kind}, buffered=True)
    assert answer.headers["Content-Encoding"] == kind
    assert UNPACK[kind](answer.data) == static_files.lighten(static_files.STATIC / name)


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_file_comes_as_it_is_to_a_browser_that_cannot(client, name):
    answer = client.get(f"/static/{name}", buffered=True)
    assert "Content-Encoding" not in answer.headers
    assert answer.data == static_files.lighten(static_files.STATIC / name)
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("conditional", [{}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}])
def test_a_file_that_a_page_of_another_version_asks_for_is_not_kept_as_that_version(client, conditional):
    """Two machines are upgraded one after the other: a page of the new one may ask the old one for its style."""
    with client.application.test_request_context():
        own = url_for("static", filename="portal.css")
    kept = client.get(own, headers=conditional, buffered=True).headers["Cache-Control"]
    assert "immutable" in kept
    other = client.get(f"{own[:-8]}00000000", headers=conditional, buffered=True)
    assert (other.status_code, other.headers["Cache-Control"]) == (304 if conditional else 200, "no-cache")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.css", "/* one\n   two */\n\na {\n  b: url(c//d); /* e */\n}\n", "a{b:url(c//d)}"),
        ("a.js", "// one\n\nif (a) {\n  // two\n  b('https://c'); // three\n}\n", "if (a) {\nb('https://c'); // three\n}\n"),
        ("a.svg", "<svg>\n  // </svg>", "<svg>\n  // </svg>"),
    ],
)
def test_comments_and_indentation_stay_at_home(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    assert static_files.lighten(tmp_path / name).decode() == expected


def test_no_text_of_a_style_has_a_blank_that_would_be_lost():
    texts = [text for path in static_files.STATIC.glob("*.css") for text in re.findall(r'"([^"]*)"', path.read_text())]
    assert [text for text in texts if static_files.LOOSE.sub(r"\1", text) != text] == [] and len(texts) > 10


def test_the_first_typeface_has_whatever_our_own_sentences_need():
    """Else a page of ours would load the other one too. Hangul is the reader's own system's."""
    style = (static_files.STATIC / "portal.css").read_text()
    ranges = re.search(r"atkinson-letters.*?unicode-range: (.*?);", style, re.DOTALL)[1]
    spans = [[int(end, 16) for end in span.strip().removeprefix("U+").split("-")] for span in ranges.split(",")]
    catalogues = [TEMPLATE, *(catalogue_path(language) for language in list_languages()[1:])]
    ours = {letter for path in (*catalogues, *HELP.rglob("*.md")) for letter in HANGUL.sub("", path.read_text())}
    assert {letter for letter in ours if not any(span[0] <= ord(letter) <= span[-1] for span in spans)} == set()


def test_no_text_of_a_script_spans_lines():
    script = (static_files.STATIC / "portal.js").read_text()
    assert [line for line in script.splitlines() if line.count("`") % 2] == []


@pytest.mark.parametrize("name", [*COMPRESSED, "fonts/atkinson-letters.woff2"])
def test_a_file_may_be_kept_for_ever_because_its_address_changes_with_it(app, client, name):
    with app.test_request_context():
        assert f"?v={static_files.VERSIONS[name]}" in app.url_for("static", filename=name)
    kept = client.get(f"/static/{name}", buffered=True).headers["Cache-Control"]
    assert "immutable" in kept
    assert "public" in kept


def test_a_page_is_never_compressed(client):
    """It carries a token: compression would tell it, guess by guess (BREACH)."""
    assert "Content-Encoding" not in client.get("/sign-in", headers=GZIP).headers


def test_a_changed_file_lies_in_another_folder_than_the_gzip_of_the_old_one(tmp_path, monkeypatch):
    before = static_files.pack(tmp_path)
    assert static_files.pack(tmp_path) == before
    monkeypatch.setitem(static_files.VERSIONS, "portal.css", "changed")
    assert static_files.pack(tmp_path) != before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({before.name, static_files.pack(tmp_path).name})


def test_two_processes_that_start_at_once_share_one_folder(tmp_path, monkeypatch):
    """The second finds the folder made between its own look and its own rename."""
    made = static_files.pack(tmp_path)
    monkeypatch.setattr(static_files.Path, "exists", lambda path: False)
    assert static_files.pack(tmp_path) == made
    assert list(tmp_path.iterdir()) == [made]


def test_a_file_that_is_opened_by_itself_may_load_nothing(client):
    headers = client.get("/static/icons/mark.svg", buffered=True).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
