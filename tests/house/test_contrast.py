"""Contrast of every pair of colors used together, in both brands and both color schemes, computed from the tokens."""

import re

import pytest

from tests.house.colour import contrast
from tests.house.source import PORTAL

STYLE = "".join((PORTAL / "static" / name).read_text() for name in ("portal.css", "ehr.css"))
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


COLOUR = r"(oklch\([^)]*\)|#[0-9a-f]{6})"
TOKEN = re.compile(rf"^\s*--([a-z-]+): var\(--light, {COLOUR}\) var\(--dark, {COLOUR}\);$", re.MULTILINE)
PLACES = {"portal": ":root, [data-scheme]", "ehr": '[data-brand="ehr"]'}


def block(selector):
    """Returns the declarations of the block that sets a brand's tokens."""
    match = re.search(rf"^{re.escape(selector)}\s*\{{([^}}]*)\}}", STYLE, re.MULTILINE)
    assert match, f"no style sheet sets no colours for {selector}"
    return match[1]


def palette(brand, scheme):
    """Returns token -> color for a brand and color scheme, in cascade order."""
    layers = [TOKEN.findall(block(PLACES[each])) for each in ("portal", *(["ehr"] if brand == "ehr" else []))]
    return {name: dark if scheme == "dark" else light for layer in layers for name, light, dark in layer}


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


@pytest.mark.parametrize("brand", PLACES)
def test_every_token_has_a_light_and_a_dark_value(brand):
    """A token with one value would keep it in the other scheme."""
    set_here = set(re.findall(r"--([a-z-]+):", block(PLACES[brand]))) - {"light", "dark"}
    assert set_here == {name for name, _, _ in TOKEN.findall(block(PLACES[brand]))}


def test_every_token_that_is_used_exists():
    used = set(re.findall(r"var\(--([a-z-]+)\)", STYLE))
    assert used - set(re.findall(r"--([a-z-]+):", STYLE)) == set()


def test_colours_are_named_by_role_and_not_by_number():
    """White and black are allowed for the QR code, print, and a dialog's backdrop."""
    rules = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL)
    bare = re.findall(r"^.*(?:#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(|oklch\().*$", rules, re.MULTILINE)
    assert [line.strip() for line in bare if not re.match(r"\s*(--|\.qr|\.sheet|html \{|dialog::backdrop)", line)] == []
