"""A small HTML parser that reports faults, without a library that would repair them."""

import re
from functools import lru_cache
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ENDS_ITSELF = {"li", "p", "dt", "dd", "option"}  # implicitly closed by the next one of its kind
TOKEN = re.compile(r'(?<=name="csrf_token" value=")[0-9A-Za-z._-]{64,}(?=")')
REMEMBERED = 200  # texts


class Element:
    """One element; children are elements and texts."""

    __slots__ = ("attributes", "children", "found", "parent", "tag")

    def __init__(self, tag, attributes=(), parent=None):
        self.tag = tag
        self.attributes = {name: value or "" for name, value in attributes}
        self.parent = parent
        self.children = []
        self.found = None  # the descendants, once somebody has asked for them

    def __getitem__(self, name):
        return self.attributes.get(name)

    def __contains__(self, name):
        return name in self.attributes

    def copy(self, parent=None):
        """Returns a copy of the element and its descendants."""
        twin = Element(self.tag, (), parent)
        twin.attributes = self.attributes.copy()
        twin.children = [child if type(child) is str else child.copy(twin) for child in self.children]
        return twin

    def walk(self):
        """Returns all descendants, in document order. Whoever moves elements does so by `take()`."""
        if self.found is None:
            self.found, waiting = [], self.children[::-1]
            while waiting:
                child = waiting.pop()
                if type(child) is not str:
                    self.found.append(child)
                    if child.children:
                        waiting += child.children[::-1]
        return self.found

    def take(self, children):
        """Puts children, taken from another tree, in the place of those that it had."""
        self.children = children
        for child in children:
            if type(child) is not str:
                child.parent = self
        around = self
        while around is not None:
            around.found, around = None, around.parent

    def all(self, *tags, **attributes):
        """Returns the descendants with one of the tags (any if none given) and these attributes."""
        found = [element for element in self.walk() if element.tag in tags] if tags else self.walk().copy()
        for name, value in attributes.items():
            found = [element for element in found if element.attributes.get(name) == value]
        return found

    def one(self, *tags, **attributes):
        """Returns the only such element; fails if there is none or more than one."""
        found = self.all(*tags, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tags or ''} {attributes or ''}, one was expected"
        return found[0]

    def up(self, tag):
        """Returns the nearest ancestor with that tag, or None."""
        element = self
        while element is not None and element.tag != tag:
            element = element.parent
        return element

    def pick(self, words):
        """Selects the option with this text."""
        options = self.all("option")
        assert words in [option.text for option in options], f"{words!r} is not among {[option.text for option in options]}"
        for option in options:
            option.attributes.pop("selected", None)
            if option.text == words:
                option.attributes["selected"] = ""

    @property
    def classes(self):
        """Returns the class names."""
        return (self["class"] or "").split()

    @property
    def raw_text(self):
        """Returns the text content, whitespace unchanged."""
        return "".join(child if isinstance(child, str) else child.raw_text for child in self.children)

    @property
    def text(self):
        """Returns the text content, whitespace collapsed."""
        return " ".join(self.raw_text.split())

    @property
    def name(self):
        """Returns the accessible name of a link or button."""
        return self["aria-label"] or self.text


class Builder(HTMLParser):
    """Builds the tree and records end tags without a start tag."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Element("document")
        self.faults = []

    def updatepos(self, start, end):
        """Skips counting lines, which nobody needs."""
        return end

    def handle_starttag(self, tag, attributes):
        """Opens an element."""
        names = [name for name, _ in attributes]
        if len(set(names)) < len(names):
            self.faults.append(f"<{tag}> has an attribute twice")
        if tag in ENDS_ITSELF and self.at.tag == tag:
            self.at = self.at.parent
        element = Element(tag, attributes, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag, attributes):
        """Opens and closes an element of a drawing."""
        self.at.children.append(Element(tag, attributes, self.at))

    def handle_endtag(self, tag):
        """Closes an element and those that end with it."""
        around = self.at.up(tag)
        if around is None:
            self.faults.append(f"</{tag}> closes nothing")
            return
        while self.at is not around:
            if self.at.tag not in ENDS_ITSELF:
                self.faults.append(f"</{tag}> closes <{self.at.tag}>")
            self.at = self.at.parent
        self.at = around.parent

    def handle_data(self, data):
        """Keeps a text."""
        self.at.children.append(data)


def parse(text):
    """Returns (tree, faults) of a page or a fragment. Texts that differ in their CSRF tokens alone are read once."""
    root, faults = _parse(TOKEN.sub("", text))
    page = root.copy()
    blank = page.all("input", name="csrf_token", value="")
    for field, token in zip(blank, TOKEN.findall(text), strict=True):
        field.attributes["value"] = token
    return page, faults


@lru_cache(REMEMBERED)
def _parse(text):
    builder = Builder()
    builder.feed(text)
    builder.close()
    return builder.root, builder.faults


@lru_cache(REMEMBERED)
def squeeze(text):
    """Returns a text without tags, whitespace, and dashes, to search it for secrets."""
    return re.sub(r"<[^>]*>|[\s–-]", "", text)
