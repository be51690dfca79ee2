"""Color math: from an OKLCH token to the WCAG 2.2 contrast ratio."""

import math
import re

NUMBER = r"(-?[\d.]+)(%?)"
OKLCH = re.compile(rf"oklch\(\s*{NUMBER}\s+{NUMBER}\s+{NUMBER}(?:deg)?\s*\)")


def parse(text):
    """Returns linear RGB (0 to 1) of an `oklch(…)` or `#rrggbb` color; one outside the sRGB gamut is an error."""
    if match := re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", text.strip(), re.IGNORECASE):
        return tuple(to_linear(int(part, 16) / 255) for part in match.groups())
    match = OKLCH.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not a colour we know how to read: {text!r}")
    lightness, lightness_percent, chroma, chroma_percent, hue, _ = match.groups()
    lightness = float(lightness) / (100 if lightness_percent else 1)
    chroma = float(chroma) * (0.004 if chroma_percent else 1)  # CSS Color 4: 100 % of chroma is 0.4
    return from_oklch(lightness, chroma, float(hue))


def from_oklch(lightness, chroma, hue):
    """Returns linear sRGB by the matrices of CSS Color 4 (Björn Ottosson's Oklab), clipped if barely out of gamut."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return tuple(min(1.0, max(0.0, channel)) for channel in channels)


def to_linear(channel):
    """Returns the linear value of an sRGB channel (0 to 1)."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def luminance(colour):
    """Returns the relative luminance of a color."""
    red, green, blue = parse(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Returns the contrast ratio of two colors, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
