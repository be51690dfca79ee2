"""Backup codes leave the page in three ways: copied, downloaded, printed on one sheet of paper."""

import re
import subprocess

import pytest
from playwright.sync_api import expect

from tests.support.let_in import PORTAL_SETUP, let_in
from tests.support.phone import code_for
from tests.support.reader import BACKUP_CODE, Reader

CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def patient(town):
    return town.newcomer()


def set_up(town, browsers, patient, **options):
    """Returns a reader before the QR code."""
    reader = Reader(browsers.borrow(town.url, **options))
    let_in(reader, town, patient, PORTAL_SETUP)
    reader.press("Continue")
    return reader


def with_codes(town, browsers, patient, **options):
    """Returns a reader before the backup codes."""
    reader = set_up(town, browsers, patient, **options)
    reader.type("Verification Code", code_for(reader.setup_key()))
    reader.press("Verify and Enable")
    return reader


def read_clipboard(reader):
    return reader.page.evaluate("navigator.clipboard.readText()")


def numbered(text):
    """Returns number -> backup code of a text that lists them."""
    return {int(number): code for number, code in re.findall(rf"(\d+)\W+({BACKUP_CODE.pattern})", text)}


def test_copy_puts_all_ten_codes_with_their_numbers_and_says_so(town, browsers, patient):
    reader = with_codes(town, browsers, patient, permissions=CLIPBOARD)
    width = reader.find("Copy").bounding_box()["width"]
    reader.find("Copy").click()
    expect(reader.page.get_by_role("button", name="Copied")).to_be_visible()
    assert reader.find("Copied").bounding_box()["width"] == width
    expect(reader.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    same = numbered(read_clipboard(reader)) == reader.backup_codes()
    assert same


def copied(reader, tmp_path):
    """Returns what Copy puts on the clipboard."""
    reader.find("Copy").click()
    expect(reader.page.get_by_role("button", name="Copied")).to_be_visible()
    return read_clipboard(reader)


def downloaded(reader, tmp_path):
    """Returns the text of the file that Download saves."""
    with reader.page.expect_download() as download:
        reader.find("Download").click()
    return download.value.path().read_text()


def printed(reader, tmp_path):
    """Returns the text of the printed sheet, as a reader of PDF files would copy it."""
    reader.page.pdf(path=tmp_path / "sheet.pdf", format="Letter")
    command = ["pdftotext", "-layout", tmp_path / "sheet.pdf", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def selected(reader, tmp_path):
    """Returns the text of the page when all of it is selected and copied with the keyboard."""
    reader.page.keyboard.press("Control+A")
    reader.page.keyboard.press("Control+C")
    return read_clipboard(reader)


def selected_sheet(reader, tmp_path):
    """Returns the same of the sheet on a page of its own."""
    reader.page.goto("/account/security/two-factor/backup-codes/sheet")
    text = selected(reader, tmp_path)
    reader.page.goto("/account/security/two-factor/backup-codes")
    return text


@pytest.mark.parametrize("take", [copied, downloaded, printed, selected, selected_sheet], ids=lambda take: take.__name__)
def test_every_line_of_a_copy_is_taken_back_as_it_is(town, browsers, patient, tmp_path, take):
    reader = with_codes(town, browsers, patient, permissions=CLIPBOARD)
    codes = reader.backup_codes()
    lines = [line for line in take(reader, tmp_path).splitlines() if BACKUP_CODE.search(line)]
    assert len(lines) >= len(codes) == 10
    reader.press("I have saved my backup codes")
    asked = reader.asked_number()
    number_of = {code: number for number, code in codes.items()}
    for line in sorted(lines, key=lambda line: number_of[BACKUP_CODE.search(line)[0]] == asked):
        number = number_of[BACKUP_CODE.search(line)[0]]
        reader.type(f"Code {asked}", line)
        reader.press("Done")
        if number != asked:
            assert reader.refusal() == f"That is code {number}. Type code {asked}."
    assert reader.headline == "Security"


def test_copy_does_not_take_what_a_translator_made_of_the_page(town, browsers, patient):
    reader = with_codes(town, browsers, patient, permissions=CLIPBOARD)
    codes = reader.backup_codes()
    reader.page.evaluate("document.querySelectorAll('li code').forEach(each => { each.textContent = 'changed'; })")
    reader.find("Copy").click()
    expect(reader.page.get_by_role("button", name="Copied")).to_be_visible()
    same = numbered(read_clipboard(reader)) == codes
    assert same


def test_the_setup_key_is_copied_without_its_spaces(town, browsers, patient):
    reader = set_up(town, browsers, patient, permissions=CLIPBOARD)
    reader.find("Copy").click()
    expect(reader.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    same = read_clipboard(reader) == "".join(reader.setup_key().split())
    assert same


def test_without_javascript_there_is_no_button_that_could_not_work(town, browsers, patient):
    reader = with_codes(town, browsers, patient, script=False)
    assert reader.page.get_by_role("button", name="Copy").count() == 0
    codes = reader.backup_codes()
    reader.press("Print")
    same = numbered(reader.text) == codes
    assert same and reader.sees("Support will never ask for these.")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_download_is_a_text_file_with_a_telling_name(town, browsers, patient, script):
    reader = with_codes(town, browsers, patient, script=script)
    with reader.page.expect_download() as download:
        reader.find("Download").click()
    assert re.fullmatch(r"medximity-backup-codes-set-1-\d{4}-\d{2}-\d{2}\.txt", download.value.suggested_filename)
    text = download.value.path().read_text()
    same = numbered(text) == reader.backup_codes()
    says = "Support will never ask for these." in text and patient.username not in text
    assert same and says


def test_print_opens_the_printers_dialog(town, browsers, patient):
    reader = with_codes(town, browsers, patient)
    reader.page.evaluate("window.print = () => document.body.setAttribute('data-printed', '')")
    reader.find("Print").click()
    expect(reader.page.locator("body[data-printed]")).to_have_count(1)


@pytest.mark.parametrize("size", [{"format": "Letter"}, {"format": "A4"}], ids=lambda size: size["format"])
def test_the_codes_are_printed_on_exactly_one_sheet_made_for_a_drawer(town, browsers, patient, tmp_path, size):
    reader = with_codes(town, browsers, patient)
    codes = reader.backup_codes()
    for name in ("codes", "sheet"):
        paper = tmp_path / f"{name}.pdf"
        reader.page.pdf(path=paper, **size)
        text = subprocess.run(["pdftotext", "-layout", paper, "-"], check=True, capture_output=True, text=True).stdout
        same = numbered(text) == codes
        assert same and text.count("\f") == 1
        wanted = (
            "Medximity",
            "Set",
            "Support will never ask for these",
            f"{patient.username[0]}•••",
            "Sign in at 127.0.0.1",
            "Need help?",
        )
        assert [words for words in wanted if words not in text] == []
        secret = (patient.username, patient.name, f"{patient.username}@")
        assert [words for words in (*secret, "Print", "Sign out", "I have saved") if words in text] == []
        assert len(re.findall(r"\b\w{3} \d{1,2}, \d{4}\b", text)) == 1
        reader.page.goto("/account/security/two-factor/backup-codes/sheet")


# Runs in the page: the width of the narrowest value on the sheet, and the size of its codes, both in pixels.
SHEET = """() => [
  Math.min(...[...document.querySelectorAll(".sheet dd")].map(each => each.getBoundingClientRect().width)),
  parseFloat(getComputedStyle(document.querySelector(".sheet code")).fontSize)]"""


def test_the_sheet_on_a_phone_grows_with_its_text(town, browsers, patient):
    page = with_codes(town, browsers, patient, kind="narrow").page
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/account/security/two-factor/backup-codes/sheet")
    width, size = page.evaluate(SHEET)
    page.evaluate("document.documentElement.style.fontSize = '225%'")  # twice the text
    wider, larger = page.evaluate(SHEET)
    assert width >= 120 and wider >= 240  # no line of single letters
    assert larger == 2 * size
    page.set_viewport_size({"width": 390, "height": 750})
    page.evaluate("document.documentElement.style.fontSize = ''")
    heights = page.evaluate("[...document.querySelectorAll('.sheet code')].map(each => each.getBoundingClientRect().height)")
    assert max(heights) < 2 * size  # on a usual phone, each code stands on one line


def test_codes_that_were_swapped_in_are_printed_as_well(town, browsers, patient, tmp_path):
    """Print styles bring the sheet to life; nothing that fades in may be caught at its first, empty moment."""
    reader = with_codes(town, browsers, patient, kind="in motion")
    codes = reader.backup_codes()
    reader.press("I have saved my backup codes")
    reader.press("Show the codes again")
    reader.page.emulate_media(reduced_motion="no-preference")
    expect(reader.page.locator("#step.fresh")).to_have_count(1)
    reader.page.wait_for_timeout(500)  # the fade on the screen is over
    reader.page.pdf(path=tmp_path / "codes.pdf", format="Letter")
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "codes.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    same = numbered(text) == codes
    assert same
