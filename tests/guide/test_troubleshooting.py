"""The help article's "Troubleshooting", in its order, walked in a browser by the words on the page alone."""

import time

from tests.support.guide import step

IN_ORDER = (
    "Check the time on your phone.",
    "Wait for a fresh code.",
    "Look for the right account.",
    "Check your text messages.",
    "Use a backup code.",
)


def wrong_codes(entry, count):
    """Returns codes that the app shows at no moment within half an hour."""
    near = {entry.code(time.time() + step * 30) for step in range(-25, 26)}
    return [code for code in map(str, range(100_000, 100_200)) if code not in near][:count]


def verify(reader, code):
    """Types a code where it is asked for."""
    reader.type("Verification Code", code)
    reader.press("Verify")


def test_codes_that_do_not_work_are_answered_in_the_articles_order(reader, town):
    patient = town.regular()
    reader.sign_in(patient)
    with step(reader, "not-working 1"):
        verify(reader, patient.phone.code(time.time() - 270))  # still "5" if the next step begins meanwhile
        reader.refusal()
        with step(reader, "not-working p1", "how-long p1"):
            reader.press("Help with this step")
    order = [reader.text.index(words) for words in IN_ORDER]
    assert order == sorted(order)
    reader.page.goto("/sign-in/code")
    fresh, account, backup = wrong_codes(patient.phone, 3)
    with step(reader, "not-working 2"):
        verify(reader, fresh)
        reader.refusal()
    with step(reader, "not-working 3"):
        verify(reader, account)
        reader.refusal()
    with step(reader, "not-working 5"):
        verify(reader, backup)
        reader.refusal()
        verify(reader, patient.codes[2])
    assert reader.sees("Appointments")


def test_who_cannot_access_the_code_finds_the_way_to_a_backup_code_and_to_support(reader, town):
    patient = town.regular()
    reader.sign_in(patient)
    with step(reader, "locked-out 2.picture"):
        field = reader.page.get_by_label("Verification Code", exact=True).bounding_box()
        assert reader.find("Can't access your code?").bounding_box()["y"] > field["y"] + field["height"]
    with step(reader, "locked-out 1b"):
        reader.press("Use a backup code")
    with step(reader, "locked-out 1a"):
        reader.press("Can't access your code?")
    with step(reader, "locked-out 2", "locked-out p2"):
        reader.press("Contact Support")
    reader.press("Can't access your code?")
    reader.press("Use a backup code")
    reader.type("Backup code", patient.codes[7])
    reader.press("Verify")
    assert reader.sees("Appointments") and reader.sees("9 left")
