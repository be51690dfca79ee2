"""What a template may contain, so that the content security policy holds and pages work without JavaScript."""

import re

import pytest
from jinja2 import Environment, meta, nodes

from tests.house.source import TEMPLATES, line_of, templates, without_jinja

EVERY = templates()
NO_PAGES = ("layouts", "email")  # email clients have their own policy and no stylesheet of ours
PAGES = [path for path in EVERY if path.suffix == ".html" and path.name != "macros.html" and path.parent.name not in NO_PAGES]
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
FORBIDDEN = {
    "an event handler in an attribute": r"<[^<>]*\son[a-z]+\s*=",
    "hx-on": r"hx-on",
    "js: in an attribute": r"=[\"']?\s*(js|javascript):",
    "a style attribute": r"<[^<>]*\sstyle\s*=",
    "a style element": r"<style",
    "a script without a source": r"<script(?![^<>]*\ssrc=)",
    "an htmx filter on a trigger": r"hx-trigger=\"[^\"]*\[",
    "a data: address": r"(src|href)=[\"']data:",
    "an address elsewhere": r"(src|href|action)=[\"']https?:",
    "no escaping": r"\{%-?\s*autoescape\s+false",
}


def name(path):
    """Returns a template's Jinja name."""
    return str(path.relative_to(TEMPLATES))


def test_there_are_templates_to_look_at():
    assert len(PAGES) > 20


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what):
    found = []
    for path in EVERY:
        if what == "a style attribute" and path.parent.name == "email":
            continue
        text = path.read_text()
        found += [f"{name(path)}:{line_of(text, match.start())}" for match in re.finditer(FORBIDDEN[what], text, re.IGNORECASE)]
    assert found == []


def test_a_form_that_htmx_sends_goes_to_the_same_address_without_it():
    forms = [(name(path), form) for path in EVERY for form in re.findall(r"<form\b.*?>(?=\s)", path.read_text(), re.DOTALL)]
    assert [(place, form) for place, form in forms if not works_without_htmx(form)] == []


def works_without_htmx(form):
    """Returns whether a form has an action and a method, and htmx uses the same URL."""
    action, swapped = re.search(r'\saction="([^"]*)"', form), re.search(r'\shx-post="([^"]*)"', form)
    return action and ('method="post"' in form or 'method="get"' in form) and (not swapped or swapped[1] == action[1])


def test_only_the_macro_draws_a_form_that_posts():
    drawn = [name(path) for path in EVERY if "hx-post" in path.read_text() or re.search(r'method="?post', path.read_text())]
    assert drawn == ["macros.html"]


def test_a_page_lets_the_request_choose_its_layout():
    texts = {name(path): with_parents(path) for path in PAGES if not path.name.startswith("_")}
    parts = (r"\{%-?\s*extends layout\s*-?%\}", "block title", "block step")
    assert [(place, part) for place, text in texts.items() for part in parts if not re.search(part, text)] == []


def with_parents(path):
    """Returns the text of a template and of every template it extends."""
    text = path.read_text()
    parent = re.search(r'\{%-?\s*extends "([^"]+)"', text)
    return text + (with_parents(TEMPLATES / parent[1]) if parent else "")


def test_an_address_that_htmx_fetches_is_a_link_too():
    """Whatever a page fetches has a link for browsers without JavaScript."""
    assert [(name(path), address) for path in EVERY for address in fetched_by_htmx_alone(path)] == []


def fetched_by_htmx_alone(path):
    """Returns the URLs in a template that cannot be reached without JavaScript."""
    text = re.sub(r"\{%.*?%\}", "", path.read_text())
    swaps = [tag for tag in TAG.findall(text) if "hx-get" in tag and "href=" not in tag and "<form" not in tag]
    addresses = [re.search(r'hx-get="([^"]*)"', tag)[1] for tag in swaps]
    return [address for address in addresses if f'<noscript><p><a href="{address}">' not in text]


def test_every_link_that_opens_another_window_lets_go_of_ours():
    tags = [(name(path), tag) for path in EVERY for tag in TAG.findall(without_jinja(path.read_text()))]
    assert [(place, tag) for place, tag in tags if 'target="_blank"' in tag and "noopener" not in tag] == []


def test_what_is_drawn_once_for_everybody_is_given_nothing_personal():
    """The macros of layouts/_shared.html see their arguments alone, and these say nothing of a person."""
    source = TEMPLATES.joinpath("layouts", "_shared.html").read_text()
    assert meta.find_undeclared_variables(Environment().parse(source)) == {"_"}  # noqa: S701 (parsed, never rendered)
    without_form = {"places", "mark", "row", "link_button", "help_link"}
    assert set(re.findall(r"\bui\.(\w+)", source)) == without_form, "a form would hold a person's CSRF token"
    given = {}
    for path in (each for each in EVERY if "shared(" in each.read_text()):
        for call in Environment().parse(path.read_text()).find_all(nodes.Call):  # noqa: S701
            if isinstance(call.node, nodes.Name) and call.node.name == "shared":
                given.setdefault(name(path), set()).update(each.name for each in call.find_all(nodes.Name))
    facts = {"brand", "home_url", "settings_url", "emergency", "ui", "url_for", "test_bench"}
    assert given == {
        "layouts/page.html": {"shared", "frame", *facts},
        "account/_places.html": {"shared", "frame", "url"},
        "patient/security.html": {"shared", "frame", "_"},
    }
