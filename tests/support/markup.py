"""HTML as a tree, with no library between us and what the portal sent."""

import re
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ENDS_ITSELF = {"li", "p", "dt", "dd", "option"}  # an open one ends where the next of its kind begins


class Element:
    """One element; children are elements and texts."""

    def __init__(self, tag, attributes=(), parent=None):
        self.tag = tag
        self.attributes = {name: value or "" for name, value in attributes}
        self.parent = parent
        self.children = []

    def __getitem__(self, name):
        return self.attributes.get(name)

    def __contains__(self, name):
        return name in self.attributes

    def walk(self):
        """Yields every element below, in the order of the page."""
        waiting = self.children[::-1]
        while waiting:
            child = waiting.pop()
            if type(child) is not str:
                yield child
                waiting += child.children[::-1]

    def all(self, *tags, **attributes):
        """Returns the elements below of some tags (any without one) with these attributes."""
        found = [element for element in self.walk() if element.tag in tags] if tags else list(self.walk())
        for name, value in attributes.items():
            found = [element for element in found if element.attributes.get(name) == value]
        return found

    def one(self, *tags, **attributes):
        """Returns the only such element; fails when there is none or more."""
        found = self.all(*tags, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tags or ''} {attributes or ''}, one was expected"
        return found[0]

    def up(self, tag):
        """Returns the nearest element of that tag around this one, or None."""
        element = self
        while element is not None and element.tag != tag:
            element = element.parent
        return element

    def pick(self, words):
        """Chooses the option with these words of a select."""
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
        """Returns all text below, blank space as it came."""
        return "".join(child if isinstance(child, str) else child.raw_text for child in self.children)

    @property
    def text(self):
        """Returns all text below, blank space squeezed."""
        return " ".join(self.raw_text.split())

    @property
    def name(self):
        """Returns what a screen reader calls a link or a button."""
        return self["aria-label"] or self.text


class Builder(HTMLParser):
    """Builds the tree; what is closed without having been opened is noted."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Element("document")
        self.faults = []

    def updatepos(self, start, end):
        """Counts no lines: nobody asks on which one something stands."""
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
    """Returns (tree, faults) of a page or a fragment."""
    builder = Builder()
    builder.feed(text)
    builder.close()
    return builder.root, builder.faults


def squeeze(text):
    """Returns a text without tags, blank space and dashes: how a secret is looked for."""
    return re.sub(r"<[^>]*>|[\s–-]", "", text)
