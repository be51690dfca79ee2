"""The help article's "Backup Codes", walked in a browser by the words on the page alone."""

from playwright.sync_api import expect

from tests.support.guide import step
from tests.support.let_in import let_in


def print_codes(reader, codes):
    """Presses Print: the browser's dialog opens, or, without JavaScript, the sheet on a page of its own."""
    if reader.page.get_by_role("button", name="Copy").count():
        reader.page.evaluate("window.print = () => document.body.setAttribute('data-printed', '')")
        reader.touch("Print")
        expect(reader.page.locator("body[data-printed]")).to_have_count(1)
    else:
        reader.press("Print")
        whole = all(code in reader.text for code in codes.values())
        assert whole
        reader.back()


def test_a_set_is_printed_or_downloaded_kept_offline_used_once_and_replaced(reader, town):
    patient = town.regular()
    let_in(reader, town, patient, "/home")
    with step(reader, "backup p2"):
        reader.open_account_menu(patient)
        for label in ("Account Settings", "Security"):
            reader.press(label)
        assert reader.sees("Two-Factor Authentication")
        reader.press("Regenerate Backup Codes")
    reader.press("Regenerate Backup Codes")
    codes = reader.backup_codes()
    kept = len(set(codes.values()) & set(patient.codes.values()))
    assert kept == 0
    with step(reader, "backup b1", "backup b2", "backup b4"):
        text = reader.save("Download").path().read_text()
        whole = all(code in text for code in codes.values())
        assert whole
        print_codes(reader, codes)
    with step(reader, "backup b3"):
        reader.press("Help with this step")
    reader.back()
    reader.save_codes()
    reader.sign_out(patient)
    reader.sign_in(patient)
    reader.type("Verification Code", patient.codes[1])
    reader.press("Verify")
    assert "older set" in reader.refusal()
    with step(reader, "backup p1"):
        reader.type("Verification Code", codes[7].lower())
        reader.press("Verify")
    assert reader.sees("Appointments")
    reader.sign_out(patient)
    reader.sign_in(patient)
    reader.type("Verification Code", codes[7])
    reader.press("Verify")
    assert "already used" in reader.refusal()
