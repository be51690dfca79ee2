"""The phone's camera: pictures with one QR code, with none, with several, and files that are no pictures."""

import io

import pytest
import segno
from PIL import Image

from portal.flows.operator.bench import camera
from portal.methods import totp
from portal.words.refusals import Refused

TEXT = "otpauth://totp/Medximity:maria?secret=GEZDGNBVGY3TQOJQ&issuer=Medximity"


def picture(text=TEXT, kind="png", scale=4, dark="black", light="white"):
    """Returns the file of a picture with a QR code."""
    out = io.BytesIO()
    segno.make_qr(text).save(out, kind="png", scale=scale, dark=dark, light=light)
    return converted(Image.open(out), kind)


def converted(image, kind):
    """Returns an image as a file."""
    out = io.BytesIO()
    image.convert("RGB" if kind == "jpeg" else image.mode).save(out, kind)
    return out.getvalue()


def reason_of(data, read=camera.read_upload):
    """Returns why a picture is refused."""
    with pytest.raises(Refused) as refused:
        read(data)
    return refused.value.reason


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_screenshot_of_any_kind_is_read(kind):
    assert camera.read_upload(picture(kind=kind)) == TEXT


def test_a_dark_page_and_a_transparent_one_are_read():
    assert camera.read_upload(picture(dark="white", light="black")) == TEXT
    assert camera.read_upload(picture(light=None)) == TEXT


@pytest.mark.parametrize("text", [TEXT, f"{TEXT}&digits=6&period=30{'%20' * 60}"])
def test_the_drawing_of_a_page_is_read(text):
    assert camera.read_drawing(str(totp.draw_qr(text))) == text


def test_no_code_and_several_are_told_apart():
    blank, two = Image.new("L", (400, 200), "white"), Image.new("L", (600, 300), "white")
    for at in (0, 300):
        two.paste(Image.open(io.BytesIO(picture())).convert("L"), (at, 0))
    assert reason_of(converted(blank, "png")) == "scan_none"
    assert reason_of(converted(two, "png")) == "scan_several"
    assert reason_of("<svg/>", camera.read_drawing) == "scan_none"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"<svg/>", b"GIF89a", picture()[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_file_that_is_no_picture_is_refused(data):
    assert reason_of(data) == "picture_shape"


def test_a_picture_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    large = converted(Image.new("1", (6000, 5000)), "png")
    assert reason_of(large) == "picture_large"
    monkeypatch.setattr(
        Image, "MAX_IMAGE_PIXELS", 1_000_000
    )  # Pillow's own bound, above which it warns, and above twice it fails
    assert reason_of(large) == "picture_shape"


@pytest.mark.parametrize("size", [(1, 100_000), (100_000, 1)])
def test_a_picture_too_long_for_the_reader_is_refused(size):
    assert reason_of(converted(Image.new("1", size), "png")) == "picture_large"


def test_without_the_packages_it_says_so(monkeypatch):
    monkeypatch.setattr(camera, "PACKAGES", ("no_such_package",))
    assert not camera.is_there()
    assert {reason_of(picture()), reason_of("", camera.read_drawing)} == {"camera_missing"}


def test_beyond_the_last_dash_the_line_is_empty():
    assert list(camera.follow("2 1")) == [True, True, False]
    assert (
        camera.take_picture('<svg viewBox="0 0 3 3"><path stroke-dasharray="1" d="M0 0.5h3"/></svg>').getpixel((15, 0))
        == camera.WHITE
    )
