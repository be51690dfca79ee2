"""A catalogue that lost sentences: English stands in, marked as English on pages, plain where no element can be."""

from dataclasses import replace

import pytest
from babel.messages.pofile import read_po

from portal import languages
from portal.languages import SOURCE, TEMPLATE, load_catalogue, source_sentences
from portal.web.emails import compose_email
from portal.web.fallback import lacking, settle_marks
from portal.web.language import speak
from portal.web.rendering import translate, translate_plural
from portal.web.template_context import translated
from tests.support.markup import parse
from tests.web.test_emails import FACTS

pytestmark = pytest.mark.once("reads catalogues")
TAG = "pt"  # no language of ours, so that nothing else in this process reads what was kept in it
CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Sign in"
msgstr "Entrar"

#, fuzzy
msgid "Password"
msgstr "Palavra que mudou"

msgid "%(num)s article"
msgid_plural "%(num)s articles"
msgstr[0] "Resta %(num)s."
msgstr[1] ""

msgid "Hello %(name)s,"
msgstr ""
"""


@pytest.fixture
def written(app, tmp_path, monkeypatch):
    """Writes the catalogue of a language that the application then offers."""

    def write(content, tag=TAG):
        folder = tmp_path / tag / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "messages.po").write_bytes(content)
        monkeypatch.setattr(languages, "FOLDER", tmp_path)
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], languages=(SOURCE, tag)))
        forget()

    def forget():
        load_catalogue.cache_clear()
        translated.cache_clear()

    yield write
    forget()


@pytest.fixture
def lossy(app, written):
    """The application in a language whose catalogue has one sentence."""
    written(CATALOGUE.encode())
    return app


@pytest.fixture
def spoken(lossy):
    """A request in that language."""
    with lossy.test_request_context(), speak(TAG):
        yield lossy


def test_every_sentence_of_the_template_counts_as_ours():
    with TEMPLATE.open("rb") as file:
        known = {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file) if message.id}
    assert known == source_sentences() - {""}


def test_a_page_says_which_of_its_words_are_english(plain, lossy):
    said = plain.get("/sign-in", Accept_Language=TAG).text
    page, faults = parse(said)
    assert faults == [] and page.one("html")["lang"] == TAG
    assert page.one("h1").text == "Entrar" and page.one("h1").all("span") == []
    label = page.one("label", **{"for": "password"})
    assert label.one("span", lang="en").text == "Password", "what is marked as fuzzy counts as missing"
    assert "<en>" not in said and "&lt;en" not in said and "<title>Entrar" in said
    assert page.one("header").one("a", href="/help").one("span")["lang"] == SOURCE


def test_attributes_and_titles_stay_plain(spoken):
    page = (
        "<title><en>One</en></title><a title=\"<en>Two</en>\" aria-label='<en>Three</en> 4'><en>Five</en></a>"
        '<select><option value="<en>6</en>"><en>Seven</en></option></select><textarea>&lt;en&gt;<en>8</en></textarea><p><en>Nine</en>'
    )
    lacking.add(TAG)
    assert settle_marks(TAG, page) == (
        '<title>One</title><a title="Two" aria-label=\'Three 4\'><span lang="en">Five</span></a>'
        '<select><option value="6">Seven</option></select><textarea>&lt;en&gt;8</textarea><p><span lang="en">Nine</span>'
    )


def test_what_is_filled_in_is_not_marked_and_stays_escaped(spoken):
    said = settle_marks(TAG, translate("%(browser)s on %(system)s", browser="<en>x</en>", system="리눅스"))
    assert said == '&lt;en&gt;x&lt;/en&gt;<span lang="en"> on </span>리눅스'
    drawn = spoken.jinja_env.from_string('{{ _("Hello %(name)s,", name=name) }}').render(name="<b>Ñ</b>")
    assert settle_marks(TAG, drawn) == '<span lang="en">Hello </span>&lt;b&gt;Ñ&lt;/b&gt;,'


def test_a_count_of_which_one_form_is_missing_is_english_as_a_whole(spoken):
    one, many = "%(num)s article", "%(num)s articles"
    for number, words in ((1, " article"), (2, " articles")):
        assert settle_marks(TAG, translate_plural(one, many, number)) == f'{number}<span lang="en">{words}</span>'
        drawn = spoken.jinja_env.from_string("{{ ngettext(one, many, number) }}").render(one=one, many=many, number=number)
        assert settle_marks(TAG, drawn) == f'{number}<span lang="en">{words}</span>'


def test_what_is_not_ours_is_not_english(spoken):
    """A name, or a sentence that was translated before, is in no catalogue."""
    assert translate("Código 7") == "Código 7"
    assert spoken.jinja_env.from_string("{{ _(name) }}").render(name="Código 7") == "Código 7"


def test_emails_are_plain_and_whole(spoken):
    subject, text, html, _ = compose_email("new_browser", FACTS, {"not_me": "a-token"}, TAG)
    assert "Hello Maria Reyes," in text and "<" not in subject + text and "<en>" not in html and parse(html)[1] == []


DAMAGED = """
msgid "Sign in"
msgstr "Entrer à 100 %"

msgid "Password"
msgstr "<b>Mot de passe</b>"

msgid "Username"
msgstr "Nom d'utilisateur"

msgid "Hello %(name)s,"
msgstr "Bonjour %(nom)s,"

msgid "%(num)s article"
msgid_plural "%(num)s articles"
msgstr[0] "%(num)s article"
msgstr[1] "%(num) articles"
"""


def test_a_translation_that_would_break_a_page_counts_as_missing(app, plain, written):
    written(DAMAGED.encode(), "fr")
    said = plain.get("/sign-in", Accept_Language="fr")
    page, faults = parse(said.text)
    assert (said.status_code, faults, page.one("h1").text) == (200, [], "Sign in")
    assert [page.one("label", **{"for": name}).text for name in ("username", "password")] == ["Nom d'utilisateur", "Password"]
    with app.test_request_context(), speak("fr"):
        assert settle_marks("fr", translate("Hello %(name)s,", name="Ñ")) == '<span lang="en">Hello </span>Ñ,'
        assert (
            settle_marks("fr", translate_plural("%(num)s article", "%(num)s articles", 2)) == '2<span lang="en"> articles</span>'
        )


@pytest.mark.parametrize(
    "content",
    [
        b'msgid "Password"\nmsgstr "\xff\xfe"',
        b'msgid "Password"\nmsgstr[x] "a"',
        b'"Password"\n\0\0\nmsgstr "a"',
        b'msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=__import__;\\n"',
        b"",
    ],
    ids=["no UTF-8", "a number that is none", "no beginning", "plural forms", "nothing"],
)
def test_a_catalogue_that_cannot_be_read_leaves_a_portal_in_english(plain, written, content):
    written(content, "it")
    said = plain.get("/sign-in", Accept_Language="it")
    page, faults = parse(said.text)
    assert (said.status_code, faults, page.one("html")["lang"]) == (200, [], "it")
    assert page.one("label", **{"for": "password"}).one("span", lang="en").text == "Password"


@pytest.mark.parametrize("template", [None, b'msgid "Pass\xffword"\n'], ids=["none", "damaged"])
def test_without_the_template_english_stands_in_unmarked(plain, written, template, tmp_path, monkeypatch):
    path = tmp_path / "messages.pot"
    if template:
        path.write_bytes(template)
    monkeypatch.setattr(languages, "TEMPLATE", path)
    source_sentences.cache_clear()
    try:
        written(CATALOGUE.encode(), "nl")
        said = plain.get("/sign-in", Accept_Language="nl")
    finally:
        source_sentences.cache_clear()
    assert said.status_code == 200 and parse(said.text)[0].one("label", **{"for": "password"}).text == "Password"


def test_english_and_whole_catalogues_are_left_alone(app, plain):
    assert "<span lang" not in plain.get("/sign-in").text
    assert settle_marks("es", "<en>") == "<en>", "nobody looks at a page in a language that lacks nothing"
