"""No header, cookie, or query value that the portal parses can break a page: anything in them is an answer below 500."""

import io
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.languages import PSEUDO, SOURCE
from tests.support.junk import COOKIES, HEADERS, QUERIES, TEXTS

EXAMPLES = 150
PAGES = (
    "/sign-in",
    "/home",
    "/account/security",
    "/account/security/activity",
    "/sign-in/code",
    "/help",
    "/static/portal.css",
    "/nowhere",
)
# What WSGI hands on: any byte but a line break, as Latin-1. Half of it begins as something that is parsed.
WORDS = st.sampled_from([text.encode("utf-8", "surrogatepass").decode("latin-1") for text in TEXTS])
LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=80)
BEGUN = st.sampled_from(
    ["http://", "https://localhost", "[", "[::1", "bytes=", "W/", "en-", "text/html;q=", "localhost:", "Mozilla/5.0 ("]
)
VALUES = WORDS | LATIN | st.builds(str.__add__, BEGUN, LATIN)
# Languages as browsers ask for them, and what only looks like it: tags of every kind, weights of every kind, and far too many.
LANGUAGES = (SOURCE, PSEUDO)
TAGS = st.sampled_from((*LANGUAGES, "EN-xa", "en_XA", "en-", "-XA", "*", "en-XA-x-y", "es-419", "zz", "i-default", "../en", ""))
WEIGHTS = st.sampled_from(
    ("", ";q=0", ";q=1", ";q=0.5", ";q=-1", ";q=1e999", ";q=NaN", ";q=", ";q=²", ";;", ";q=1;q=0", f";q={'9' * 400}")
)
CHOICES = st.builds(str.__add__, TAGS | LATIN, WEIGHTS | VALUES)
ASKED = st.lists(CHOICES, max_size=6).map(",".join) | VALUES | st.builds(lambda one: ",".join([one] * 2000), CHOICES)
PROPERTY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def ask(plain, maria):
    """Asks for a page as a stranger or as Maria, by either method; returns the status."""
    plain.enter(maria)
    own = f"session={plain.cookie()}"

    def ask(path, is_signed_in, is_post, **environ):
        cookies = "; ".join([own] * is_signed_in + [environ.pop("HTTP_COOKIE", "")])
        method = "POST" if is_post else "GET"
        client = plain.app.test_client(use_cookies=False)
        answer = client.open(path, method=method, environ_overrides={"HTTP_COOKIE": cookies, **environ})
        answer.close()
        return answer.status_code

    return ask


@PROPERTY
@given(
    st.sampled_from(PAGES),
    st.booleans(),
    st.booleans(),
    st.dictionaries(st.sampled_from((*HEADERS, "Host")), VALUES, min_size=1, max_size=3),
)
def test_no_header_breaks_a_page(ask, path, is_signed_in, is_post, headers):
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    assert ask(path, is_signed_in, is_post, **environ) < 500


@settings(PROPERTY, max_examples=60)
@given(st.sampled_from([path for path in PAGES if not path.startswith("/static")]), ASKED)
def test_whatever_language_is_asked_for_the_page_is_in_one_that_there_is(plain, monkeypatch, path, asked):
    offered = replace(plain.app.extensions["settings"], languages=LANGUAGES)
    monkeypatch.setitem(plain.app.extensions, "settings", offered)
    answer = plain.app.test_client().get(path, environ_overrides={"HTTP_ACCEPT_LANGUAGE": asked}, follow_redirects=True)
    assert answer.status_code < 500
    assert re.search('<html lang="([^"]*)"', answer.text)[1] in LANGUAGES


@PROPERTY
@given(st.sampled_from(PAGES), st.booleans(), st.lists(st.tuples(st.sampled_from(COOKIES), VALUES), min_size=1, max_size=3))
def test_no_cookie_breaks_a_page(ask, path, is_post, cookies):
    environ = {"HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies)}
    assert ask(path, False, is_post, **environ) < 500


@PROPERTY
@given(
    st.sampled_from(PAGES),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(QUERIES), VALUES), min_size=1, max_size=3),
    st.booleans(),
)
def test_no_query_breaks_a_page(ask, path, is_signed_in, pairs, is_quoted):
    query = "&".join(f"{name}={quote(value.encode('latin-1')) if is_quoted else value}" for name, value in pairs)
    assert ask(path, is_signed_in, False, QUERY_STRING=query) < 500


@PROPERTY
@given(VALUES, VALUES, st.binary(max_size=200))
def test_no_body_breaks_a_page(ask, kind, length, body):
    environ = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
    assert ask("/sign-in", True, True, **environ) < 500
