"""The phone's camera: finds the QR code in a picture, with the packages of the extra `test-bench`."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from itertools import cycle, repeat
from typing import TYPE_CHECKING

from portal.words.refusals import Refused

if TYPE_CHECKING:
    from PIL import Image

PACKAGES = ("PIL", "zxingcpp")
FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 25_000_000  # above any screen's; a picture takes up to four bytes for each
LONGEST_SIDE = 65_535  # pixels: zxing-cpp raises ValueError above
MODULE = 6  # pixels of the smallest square of a drawn QR code
LINE = re.compile(r'stroke-dasharray="([\d ]+)" d="M(\d+) (\d+)\.5([^"]+)"')
STEP = re.compile(r"([hv])(-?\d+)")
WHITE, BLACK = 255, 0


def is_there() -> bool:
    """Whether the packages are installed."""
    return all(find_spec(name) for name in PACKAGES)


def read_drawing(drawing: str) -> str:
    """The text of the QR code that a page shows as SVG. Raises Refused."""
    need_packages()
    return find_text(take_picture(drawing))


def read_upload(data: bytes) -> str:
    """The text of the only QR code in a PNG, JPEG, or WebP. Raises Refused: "picture_…", or "scan_…" if there is none or more."""
    need_packages()
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS or max(picture.size) > LONGEST_SIDE:
                raise Refused("picture_large")
            seen = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("picture_shape") from None
    paper = Image.new("RGBA", seen.size, "white")
    return find_text(Image.alpha_composite(paper, seen).convert("L"))


def need_packages() -> None:
    """Raises Refused if they are not installed."""
    if not is_there():
        raise Refused("camera_missing")


def find_text(picture: "Image.Image") -> str:
    """The text of its only QR code. Raises Refused."""
    import zxingcpp

    found = zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]), text_mode=zxingcpp.TextMode.Plain
    )
    if len(found) != 1:
        raise Refused("scan_several" if found else "scan_none")
    return str(found[0].text)


def take_picture(drawing: str) -> "Image.Image":
    """The SVG of a QR code as pixels: what the dashes of its one line cover, which is a module high."""
    from PIL import Image

    size, found = re.search(r'viewBox="0 0 (\d+) ', drawing), LINE.search(drawing)
    if not (size and found):
        raise Refused("scan_none")
    dashes, left, top, steps = found.groups()
    picture = Image.new("L", (int(size[1]) * MODULE,) * 2, WHITE)
    x, y, ink = int(left), int(top), follow(dashes)
    for way, length in STEP.findall(steps):
        step = -1 if length.startswith("-") else 1
        for _ in range(abs(int(length))):
            at = x if step > 0 else x - 1
            if next(ink, False) and way == "h":
                picture.paste(BLACK, (at * MODULE, y * MODULE, (at + 1) * MODULE, (y + 1) * MODULE))
            x, y = (x + step, y) if way == "h" else (x, y + step)
    return picture


def follow(dashes: str) -> Iterator[bool]:
    """For each module along the line, whether a dash covers it. The first run is one."""
    for run, is_dark in zip(dashes.split(), cycle((True, False))):
        yield from repeat(is_dark, int(run))
