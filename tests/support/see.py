"""Checks for every page that any test fetches."""

import re

from portal.languages import PSEUDO, list_languages
from tests.support.markup import TOKEN, squeeze

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; report-to csp"
)
FRAMING = POLICY.replace("object-src", "frame-src 'self'; object-src")  # an email on the test bench, with its HTML
NEVER = re.compile(r"\b(please|sorry|invalid|valid|(?-i:[Oo]ops))\b", re.IGNORECASE)  # not OOPS, which a set-up key may spell
REFUSED = (422, 429)
POINTERS = ("for", "aria-describedby", "aria-labelledby")
SEEN = set()  # pages that passed in this process, without their CSRF tokens
TAKES_AWAY = {"Disable", "End", "End all", "End now", "Remove", "Reset", "Start over"}
SPOKEN = ("alt", "title", "placeholder", "aria-label", "aria-description", "data-busy", "data-late", "data-said")


def see_headers(response):
    """Checks the headers of every response: a page, a refusal, a redirect, a download."""
    headers = response.headers
    assert headers["Content-Security-Policy"] in (POLICY, FRAMING)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers
    assert "hx-request" in (headers.get("Vary") or "").lower()
    assert not {"Server", "X-Powered-By"} & set(headers.keys())
    assert response.status_code not in REFUSED or headers["HX-Push-Url"] == "false"


def see_fragment(text):
    """The part that htmx swaps in: its title first, no layout around it, its CSRF token on board."""
    assert text.lstrip().startswith("<title>")
    assert not re.search(r"<(html|head|body|main|header|footer|link)\b", text)
    scripts = re.findall(r"<script\b[^>]*>", text)  # at most a method's own, of the portal's files
    assert [tag for tag in scripts if not re.fullmatch(r'<script src="/static/[^"]+" defer>', tag)] == []
    assert 'name="csrf_token"' in text


def see_anew(page, status, text, frame=None):
    """Checks a whole page, once per content: most of the pages that tests fetch were checked before. Returns what stands for its content.

    Of a page that a fragment was swapped into, `text` is the fragment, and `frame` stands for what the page was before.
    """
    wording = hash((frame, TOKEN.sub("", text)))
    if (wording, status) not in SEEN:
        see_page(page, status)
        SEEN.add((wording, status))
    return wording


def see_page(page, status):
    """A whole page, or the page that a swapped fragment left behind."""
    see_words(page, status)
    see_identity(page)
    see_forms(page)
    see_nothing_inline(page)
    see_what_takes_away(page)
    if is_refusal(page, status):
        see_problems(page)


def is_refusal(page, status):
    """Whether a form came back: refused, or as it was because the portal is busy or the page had expired."""
    return status in REFUSED or (status in (403, 503) and any("problems" in element.classes for element in page.walk()))


def see_words(page, status):
    """One h1, the title begins with it, no word that begs or blames."""
    heading, title = page.one("h1").text, page.one("title").text
    assert heading
    asks = any({"problems", "question"} <= set(element.classes) for element in page.walk())
    assert title.startswith(f"Error: {heading} – " if is_refusal(page, status) and not asks else f"{heading} – ")
    assert page.one("html")["lang"] in (*list_languages(), PSEUDO)
    spoken = [element[name] for element in page.walk() for name in SPOKEN if name in element]
    assert [match[0] for text in (page.text, *spoken) if (match := NEVER.search(text))] == []


def see_identity(page):
    """No duplicate IDs, no dangling references to IDs, at most one autofocus."""
    ids = [element["id"] for element in page.walk() if "id" in element]
    assert sorted(ids) == sorted(set(ids))
    pointed = [word for element in page.walk() for name in POINTERS for word in (element[name] or "").split()]
    pointed += [link["href"][1:] for link in page.all("a") if (link["href"] or "").startswith("#")]
    assert set(pointed) <= set(ids)
    assert sum("autofocus" in element for element in page.walk()) <= 1


def see_forms(page):
    """Each form works without JavaScript and has the CSRF token; each field has a label, each control a name."""
    labelled = {label["for"] for label in page.all("label") if label.text}
    asking = page.all("form", method="get")
    for form in asking:
        assert form["action"] and "novalidate" in form and form["role"] == "search" and form.all("button")
        assert "hx-get" not in form or form["hx-get"] == form["action"]
        assert form.all("input", name="csrf_token") == []  # a GET form would put it in the URL (CF-3)
    for form in [form for form in page.all("form") if form not in asking]:
        assert form["action"] and form["method"] == "post" and "novalidate" in form
        assert "hx-post" not in form or form["hx-post"] == form["action"]
        assert len(form.one("input", type="hidden", name="csrf_token")["value"]) >= 64
        assert form.all("button")
    assert not [element for element in page.all() if "hx-post" in element and element.tag != "form"]
    for field in page.all("input", "select", "textarea"):
        assert field["type"] == "hidden" or "hidden" in field or field["id"] in labelled
        assert "maxlength" not in field
    assert [element.tag for element in page.all("a", "button", "summary") if not element.name] == []


def see_nothing_inline(page):
    """Nothing that the content security policy would block, and nothing from other origins."""
    for element in page.walk():
        assert element.tag != "style" and "style" not in element
        assert [name for name in element.attributes if name.startswith(("on", "hx-on"))] == []
        assert element.tag != "script" or (element["src"] and not element.raw_text.strip())
        loaded = element["src"] or (element["href"] if element.tag in ("link", "use", "image") else None) or "/"
        assert loaded.startswith("/") and not loaded.startswith("//")


def see_what_takes_away(page):
    """Buttons that take something away look like nothing else; that is the last page's strong one, too."""
    for element in page.all("a", "button"):
        if "button" in element.classes and page.one("html")["lang"] == "en":
            assert ("danger" in element.classes) == (element.text in TAKES_AWAY), element.text


def see_problems(page):
    """The error summary of a refused form repeats each field's message and links to the field. It, or the only field, has the focus."""
    summary = next(element for element in page.walk() if "problems" in element.classes)
    focused = next(element for element in page.one("main").walk() if "autofocus" in element)
    assert summary["role"] == "alert" and focused is (summary if "short" not in summary.classes else focused)
    if "short" in summary.classes:  # beside the only field, or at the password, which comes before the code
        assert focused is page.one(id=summary.one("a")["href"][1:]) or focused["type"] == "password"
    listed = [item.text for item in summary.all("li")]
    assert listed and all(sentence.endswith((".", "?")) for sentence in listed)
    for error in [element for element in page.walk() if "error" in element.classes]:
        assert error.text in listed
    assert [field["id"] for field in page.all("input") if field["type"] == "password" and field["value"]] == []


def see_no_secret(text, path, secrets):
    """A secret appears only on its own pages. It is not printed here either."""
    squeezed = squeeze(text)
    strayed = {secret.kind for secret in secrets if not re.fullmatch(secret.home, path) and secret.text in squeezed}
    assert strayed == set(), f"on {path}"
