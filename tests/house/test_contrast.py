"""Contrast of every pair of colors used together, in both brands and both color schemes, computed from the tokens."""

import re

import pytest

from tests.house.colour import contrast
from tests.house.source import PORTAL

STYLE = "".join((PORTAL / "static" / name).read_text() for name in ("portal.css", "ehr.css"))
DARK = "@media screen and (prefers-color-scheme: dark)"
GROUNDS = ("paper", "surface", "sunk", "wash")
WASHES = ("good-wash", "warn-wash", "bad-wash")
BODY = [("ink", ground) for ground in GROUNDS + WASHES]
TEXT = [
    *[(ink, ground) for ink in ("quiet", "accent", "accent-deep") for ground in GROUNDS],
    *[(tone, ground) for tone in ("good", "warn", "bad") for ground in ("paper", "surface", f"{tone}-wash")],
    ("surface", "bad"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-deep"),
]
SHAPES = [("edge", "paper"), ("edge", "surface"), ("edge", "sunk"), ("focus", "focus-in")]


def tokens_of(text):
    """Returns token -> color for a block of the stylesheet."""
    return dict(re.findall(r"--([a-z-]+):\s*(oklch\([^)]*\)|#[0-9a-f]{6});", text))


def block(selector, dark):
    """Returns the tokens that a selector sets in one color scheme."""
    start = rf"{re.escape(DARK)}\s*\{{\s*" if dark else r"^"
    match = re.search(rf"{start}{re.escape(selector)}\s*\{{([^}}]*)\}}", STYLE, re.MULTILINE)
    assert match, f"no style sheet sets no colours for {selector}"
    return tokens_of(match[1])


def palette(brand, scheme):
    """Returns token -> color for a brand and color scheme, in cascade order."""
    selectors = [":root"] + (['[data-brand="ehr"]'] if brand == "ehr" else [])
    schemes = [False, True] if scheme == "dark" else [False]
    layers = [block(selector, dark) for selector in selectors for dark in schemes]
    return {name: colour for layer in layers for name, colour in layer.items()}


@pytest.fixture(scope="module", params=["portal light", "portal dark", "ehr light", "ehr dark"])
def colours(request):
    return palette(*request.param.split())


@pytest.mark.parametrize(("pairs", "least"), [(BODY, 7), (TEXT, 4.5), (SHAPES, 3)], ids=["body text", "other text", "shapes"])
def test_what_stands_on_a_ground_can_be_seen(colours, pairs, least):
    faint = {pair: round(ratio, 2) for pair in pairs if (ratio := contrast(*(colours[name] for name in pair))) < least}
    assert faint == {}


@pytest.mark.parametrize("ground", GROUNDS + WASHES)
def test_one_half_of_the_focus_ring_shows_on_every_ground(colours, ground):
    assert max(contrast(colours[ring], colours[ground]) for ring in ("focus", "focus-in")) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sidebar_can_be_read(scheme):
    tokens = palette("ehr", scheme)
    for ground in ("side", "side-here"):
        assert contrast(tokens["side-ink"], tokens[ground]) >= 7, ground
        assert contrast(tokens["focus"], tokens[ground]) >= 3, ground


def test_dark_is_dark_all_over():
    """A token missing from the dark block would keep its light color."""
    assert set(block(":root", True)) == set(block(":root", False))
    assert set(block('[data-brand="ehr"]', True)) == set(block('[data-brand="ehr"]', False))


def test_every_token_that_is_used_exists():
    used = set(re.findall(r"var\(--([a-z-]+)\)", STYLE))
    assert used - set(re.findall(r"--([a-z-]+):", STYLE)) == set()


def test_colours_are_named_by_role_and_not_by_number():
    """White and black are allowed for the QR code, print, and a dialog's backdrop."""
    rules = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL)
    bare = re.findall(r"^.*(?:#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(|oklch\().*$", rules, re.MULTILINE)
    assert [line.strip() for line in bare if not re.match(r"\s*(--|\.qr|\.sheet|html \{|dialog::backdrop)", line)] == []
