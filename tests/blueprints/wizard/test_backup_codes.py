"""Backup codes: shown once and kept through reloads, proved by number, used once, made anew (BC-1 to BC-8, C-16)."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.flows.factors.backup_codes import new_code
from portal.models import BackupCode, BackupCodeSet, Event, Outbox, User
from portal.settings import config
from tests.support.client import CODES
from tests.support.markup import squeeze

OLD = "That backup code is from an older set. Use your newest copy, which says set 2."
USED = "That backup code was already used. Cross it out and use the next one."
WRONG = "That's not one of your backup codes. Check it against your copy, letter by letter."
SHAPE = "A backup code has 16 letters and numbers. Check that none are missing."


def number_asked(browser):
    """Returns the number of the code that the page asks for."""
    return int(re.search(r"\d+", browser.heading)[0])


def prove(browser, code=None, codes=None):
    """Types the code that is asked for (or another one) and presses Done."""
    number = number_asked(browser)
    return browser.fill("Done", **{f"Code {number}": code or codes[number - 1]})


def use(browser, person, code):
    """Signs in with a backup code on its own page; returns what is wrong with it, or None."""
    browser.sign_in(person)
    browser.press("Use a backup code")
    browser.fill("Verify", Backup_code=code)
    return browser.problems[0] if browser.status == 422 else None


def use_up(database, person, *numbers):
    """Writes down that these codes of a person's set were used."""
    of_person = BackupCode.set_id.in_(select(BackupCodeSet.id).where(BackupCodeSet.user_id == database.user(person).id))
    used = update(BackupCode).where(of_person, BackupCode.number.in_(numbers)).values(used_at=person.clock.now)
    database.change(used)


def regenerate(browser, person):
    """Makes a new set in a browser that has just shown both factors; the person keeps it."""
    browser.open("/account/security")
    browser.press("Regenerate Backup Codes")
    browser.press("Regenerate Backup Codes")
    person.codes = browser.read_codes()
    return browser


def live(database, person):
    """Returns the row of the set that works."""
    (row,) = database.all(BackupCodeSet, BackupCodeSet.user_id == database.user(person).id, BackupCodeSet.replaced_at.is_(None))
    return row


# --- the page


def test_ten_numbered_codes_of_80_bits_in_groups(browser, maria):
    browser.enter(maria).set_up(maria)
    items = browser.page.one("ol", id="codes").all("li")
    assert [item["value"] for item in items] == [str(number) for number in range(1, 11)]
    assert len(set(maria.codes)) == 10
    alphabet = "[0-9A-HJKMNP-TV-Z]"
    assert all(re.fullmatch(f"{alphabet}{{4}}(-{alphabet}{{4}}){{3}}", code) for code in maria.codes)


def test_no_two_codes_of_ten_thousand_are_the_same():
    assert len({new_code() for _ in range(10_000)}) == 10_000
    assert len(config.BACKUP_CODE_ALPHABET) ** config.BACKUP_CODE_LENGTH == 2**80


def test_the_codes_can_be_printed_downloaded_and_saved(browser, maria):
    browser.enter(maria).set_up(maria)
    for label in ("Print", "Download", "Copy", "I have saved my backup codes"):
        assert browser.offers(label)
    browser.press("Print")
    assert browser.path == f"{CODES}/sheet"
    sheet = next(part for part in browser.page.all("section") if "sheet" in part.classes)
    assert [code.text for code in sheet.all("code")] == maria.codes
    assert sum(len(item.all("i")) for item in sheet.all("li")) == 10, "a box to tick for each"
    assert "Support will never ask for these." in sheet.text
    assert "M. R., m•••a" in sheet.text and "Set" in sheet.text
    assert "Sign in at " in sheet.text and "Need help? Contact support@medximity.example." in sheet.text
    assert not [own for own in ("maria", "Maria", "Reyes") if own in sheet.text]
    browser.press("Back to your codes")
    assert browser.path == CODES


def test_the_download_is_a_file_that_no_cache_keeps(browser, clock, maria):
    browser.enter(maria).set_up(maria)
    answer = browser.get(f"{CODES}/download")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="medximity-backup-codes-set-1-2027-03-01.txt"'
    assert re.findall(r"^ ?(\d+)\.  (\S+)$", answer.text, re.MULTILINE) == [
        (str(number), code) for number, code in enumerate(maria.codes, 1)
    ]
    assert "offline" in answer.text and "maria@" not in answer.text
    assert answer.text.startswith("Backup codes for Medximity\n")


def test_the_file_is_headed_as_the_sheet_is_and_calls_the_portal_no_person(browser, maria, database, monkeypatch):
    browser.enter(maria).set_up(maria)
    monkeypatch.setitem(browser.app.extensions, "settings", replace(browser.app.extensions["settings"], languages=("en", "ko")))
    database.change(update(User).values(language="ko"))
    title = browser.get(f"{CODES}/download").text.partition("\n")[0]
    assert title == browser.open(CODES).page.one("section", **{"class": "sheet"}).one("h2").text == "Medximity 백업 코드"


def test_the_codes_stay_through_reloads_back_and_a_second_sign_in(browser, clock, maria):
    browser.enter(maria).set_up(maria)
    browser.open(CODES)
    assert browser.read_codes() == maria.codes
    browser.press("I have saved my backup codes")
    browser.press("Show the codes again")
    assert browser.read_codes() == maria.codes
    clock.next_code()
    other = browser.another().enter(maria)
    other.open(CODES)
    assert other.read_codes() == maria.codes


def test_the_codes_are_readable_for_half_an_hour_at_most(browser, clock, database, maria):
    browser.enter(maria).set_up(maria)
    for _ in range(2):
        clock.move(minutes=14)
        browser.get("/account")
    clock.move(minutes=1, seconds=59)
    browser.open(CODES)
    assert browser.read_codes() == maria.codes
    clock.move(seconds=1)
    for page in (CODES, f"{CODES}/sheet", f"{CODES}/download"):
        browser.open(page)
        assert browser.path == "/account/security"
    assert "Not saved yet" in browser.text and not browser.offers("See your codes")


def test_expired_codes_leave_the_database_with_the_next_sweep(plain, app, clock, database, maria):
    plain.enter(maria).set_up(maria)
    clock.move(minutes=29)
    app.extensions["queue"].order_due()
    assert live(database, maria).codes_sealed is not None
    clock.move(minutes=1)
    app.extensions["queue"].order_due()
    assert (live(database, maria).codes_sealed, live(database, maria).readable_until) == (None, None)


def test_a_claimant_sees_no_codes(plain, clock, maria):
    plain.enter(maria).set_up(maria)
    clock.next_code()
    other = plain.another()
    other.sign_in(maria)
    for page in (CODES, f"{CODES}/sheet", f"{CODES}/download"):
        answer = other.get(page)
        assert answer.headers["Location"] == "/sign-in/code"


def test_codes_whose_seal_does_not_open_are_not_shown(plain, database, maria):
    plain.enter(maria).set_up(maria)
    database.change(update(BackupCodeSet).where(BackupCodeSet.id == live(database, maria).id).values(codes_sealed=b"k1\0broken"))
    plain.open(CODES)
    assert plain.path == "/account/security"


# --- the proof


def test_the_proof_asks_for_the_same_number_each_time_and_costs_no_code(browser, clock, maria, database):
    browser.enter(maria).set_up(maria)
    browser.press("I have saved my backup codes")
    number = number_asked(browser)
    browser.open(f"{CODES}/check")
    assert number_asked(browser) == number
    prove(browser, codes=maria.codes)
    assert browser.path == "/account/security"
    assert "10 of 10 left" in browser.text and "Saved" in browser.text
    clock.next_code()
    assert use(browser.another(), maria, maria.codes[number - 1]) is None


def test_after_the_proof_nothing_yields_a_code_any_more(browser, database, maria):
    browser.enter(maria).set_up(maria)
    browser.press("I have saved my backup codes")
    prove(browser, codes=maria.codes)
    row = live(database, maria)
    assert (row.codes_sealed, row.readable_until) == (None, None)
    kept = str(database.everything())
    assert not any(code in kept or squeeze(code) in kept for code in maria.codes)
    for page in (CODES, f"{CODES}/sheet", f"{CODES}/download", f"{CODES}/check"):
        browser.open(page)
        assert browser.path == "/account/security"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter the code next to this number on your copy."),
        ("ABCD", SHAPE),
        ("1" * 31, SHAPE),
        ("1" * 10_000, "That's more than one code. Enter only one of them."),
        (
            "0000-0000-0000-0000",
            "That's not the code with this number in your newest set. Check the number next to it on your copy.",
        ),
    ],
)
def test_a_wrong_proof_is_told_and_the_codes_stay_readable(browser, maria, typed, sentence):
    browser.enter(maria).set_up(maria)
    browser.press("I have saved my backup codes")
    browser.fill("Done", **{f"Code {number_asked(browser)}": typed})
    assert (browser.status, browser.problems) == (422, [sentence])
    browser.press("Show the codes again")
    assert browser.read_codes() == maria.codes


def test_a_wrong_proof_is_in_the_audit_trail(plain, maria, database):
    plain.enter(maria).set_up(maria)
    plain.press("I have saved my backup codes")
    prove(plain, code="0000-0000-0000-0000")
    [event] = database.all(Event, Event.event == "backup_codes_saved")
    assert (event.result, event.reason) == ("refused", "saved_wrong")


def test_another_code_of_the_set_proves_nothing_and_is_named(browser, maria):
    browser.enter(maria).set_up(maria)
    browser.press("I have saved my backup codes")
    asked = number_asked(browser)
    other = asked % 10 + 1
    prove(browser, code=f"{other}. {maria.codes[other - 1]}")
    assert (browser.status, browser.problems) == (422, [f"That is code {other}. Type code {asked}."])
    prove(browser, code=f"{other}. {maria.codes[asked - 1]}")  # the code counts, not the number beside it
    assert browser.path == "/account/security"


def test_a_code_of_an_older_set_proves_nothing_and_is_named(plain, maria):
    old = plain.enter(maria).set_up(maria).read_codes()
    regenerate(plain, maria)
    plain.press("I have saved my backup codes")
    prove(plain, code=old[0])
    assert plain.problems == [OLD]


@pytest.mark.parametrize("line", ["10. {}", " 7.  {}", "3{}"])
def test_a_copied_line_signs_in_on_both_pages(plain, maria, line):
    plain.enter(maria).set_up(maria)
    codes = iter(maria.codes)
    assert use(plain.another(), maria, line.format(next(codes))) is None
    other = plain.another()
    other.sign_in(maria)
    other.fill("Verify", Verification_Code=line.format(next(codes)))
    assert other.path == "/home"


def test_the_proof_takes_lookalikes_spaces_and_small_letters(browser, maria):
    browser.enter(maria).set_up(maria)
    browser.press("I have saved my backup codes")
    code = maria.codes[number_asked(browser) - 1]
    prove(browser, code=" " + code.lower().replace("-", " ").replace("0", "o").replace("1", "l"))
    assert browser.path == "/account/security"


def test_do_this_later_leads_on_and_the_home_page_reminds(browser, clock, maria):
    browser.enter(maria).set_up(maria)
    browser.press("I have saved my backup codes")
    browser.press("Do this later")
    assert browser.path == "/account/security"
    assert "Two-factor authentication is on." in browser.notices
    assert "Not saved yet" in browser.text
    browser.press("See your codes")
    assert browser.read_codes() == maria.codes
    browser.open("/home")
    assert "You haven't confirmed that your backup codes are saved." in browser.notices[0]
    browser.press("Do this now")
    assert browser.path == CODES
    clock.next_code()
    again = browser.another().enter(maria)
    assert "You haven't confirmed" in again.notices[0]


def test_when_later_was_too_late_the_reminder_leads_to_a_new_set(browser, clock, maria):
    browser.enter(maria).set_up(maria)
    clock.move(minutes=31)
    browser = browser.another().enter(maria)
    browser.press("Do this now")
    assert browser.heading == "Regenerate Backup Codes"


def test_the_proof_is_still_possible_when_the_codes_are_no_longer_shown(browser, clock, maria):
    browser.enter(maria).set_up(maria)
    clock.move(minutes=31)
    browser = browser.another().enter(maria)
    browser.open(f"{CODES}/check")
    prove(browser, codes=maria.codes)
    assert "10 of 10 left" in browser.text and "Saved" in browser.text


def test_a_proof_for_no_codes_at_all_proves_nothing(plain, maria, database):
    plain.enter(maria)
    answer = plain.post(f"{CODES}/check", {"code": "0000000000000000"})
    assert answer.status_code == 303
    assert plain.post(f"{CODES}/later").status_code == 303
    assert database.user(maria).two_factor == "off"


# --- signing in


@pytest.mark.parametrize(
    "write",
    [
        str,
        str.lower,
        squeeze,
        lambda code: f" {code.replace('-', ' ')} ",
        lambda code: code.replace("0", "O").replace("1", "I"),
        lambda code: code.replace("1", "l"),
    ],
    ids=["as printed", "small", "without dashes", "with spaces", "O and I", "l"],
)
@pytest.mark.parametrize("page", ["its own page", "the code page"])
def test_a_code_is_read_as_it_is_meant(plain, sam, write, page):
    plain.sign_in(sam)
    code = next((code for code in sam.codes if {"0", "1"} & set(code)), sam.codes[0])
    if page == "its own page":
        plain.press("Use a backup code")
        plain.fill("Verify", Backup_code=write(code))
    else:
        plain.fill("Verify", Verification_Code=write(code))
    assert plain.path == "/home"


def test_a_code_works_once_and_then_says_used(browser, sam):
    assert use(browser, sam, sam.codes[0]) is None
    other = browser.another()
    assert use(other, sam, sam.codes[0]).startswith(USED)
    other.fill("Verify", Backup_code=sam.codes[1])
    assert other.path == "/home"


def test_a_code_of_an_older_set_is_named_as_old(browser, clock, sam):
    old = list(sam.codes)
    regenerate(browser.enter(sam), sam)
    clock.next_code()
    other = browser.another()
    assert use(other, sam, old[0]).startswith(OLD)
    other.fill("Verify", Backup_code=sam.codes[0])
    assert other.path == "/home"


def test_a_code_of_a_set_long_gone_is_plainly_wrong(plain, clock, sam):
    old = list(sam.codes)
    plain.enter(sam)
    for _ in range(config.BACKUP_SETS_RECOGNIZED):
        regenerate(plain, sam)
    assert use(plain.another(), sam, old[0]).startswith(WRONG)


@pytest.mark.parametrize(
    ("typed", "sentence"), [("", "Enter one of your backup codes."), ("123456", SHAPE), ("0000-0000-0000-0000", WRONG)]
)
def test_what_is_no_code_is_told(browser, sam, typed, sentence):
    assert use(browser, sam, typed).startswith(sentence)
    assert browser.field("Backup code")["value"] is None


def test_a_code_of_somebody_else_opens_nothing(plain, sam, dr_okafor):
    assert use(plain, sam, dr_okafor.codes[0]).startswith(WRONG)


def test_a_person_without_any_set_is_told_it_is_wrong(plain, database, maria, sam):
    moved = update(BackupCodeSet).where(BackupCodeSet.user_id == database.user(sam).id).values(user_id=database.user(maria).id)
    database.change(moved)
    assert use(plain, sam, sam.codes[0]).startswith(WRONG)


def test_a_set_whose_pepper_does_not_open_verifies_nothing(plain, database, sam):
    database.change(update(BackupCodeSet).values(pepper_sealed=b"k1\0broken"))
    assert use(plain, sam, sam.codes[0]).startswith(WRONG)
    plain.fill("Verify", Backup_code=sam.codes[0])
    assert plain.status == 422


def test_the_use_is_told_by_mail_with_the_number_left(plain, database, sam):
    use(plain, sam, sam.codes[4])
    notice = database.all(Outbox, Outbox.template == "backup_code_used")[0]
    assert notice.facts["left"] == 9
    assert "You used a backup code: 9 left." in plain.text
    plain.press("Do this now")
    assert plain.heading == "Regenerate Backup Codes"


def test_from_three_left_down_there_is_a_standing_warning(browser, clock, database, sam):
    for number in (1, 6):
        use(browser, sam, sam.codes[number - 1])
        assert "backup codes left. Generate a new set." not in browser.text
        browser.press("Sign out")
        use_up(database, sam, 2, 3, 4, 5)
    use(browser, sam, sam.codes[6])
    assert "3 backup codes left. Generate a new set." in browser.text
    browser.open("/account/security")
    assert "You're running low on backup codes." in browser.text and "3 of 10 left" in browser.text
    browser.press("Sign out")
    use(browser, sam, sam.codes[7])
    use(browser.another(), sam, sam.codes[8])
    browser.open("/home")
    assert "1 backup code left. Generate a new set." in browser.text


def test_the_last_code_leads_straight_to_a_new_set(browser, database, sam):
    use_up(database, sam, *range(1, 9))
    use(browser.another(), sam, sam.codes[8])
    assert use(browser, sam, sam.codes[9]) is None
    assert browser.heading == "Regenerate Backup Codes"
    assert "That was your last backup code." in browser.text
    browser.press("Regenerate Backup Codes")
    sam.codes = browser.read_codes()
    assert use(browser.another(), sam, sam.codes[0]) is None


def test_the_last_code_of_another_side_leads_to_a_new_set_there(plain, database, dr_okafor):
    use_up(database, dr_okafor, *range(1, 10))
    use(plain, dr_okafor, dr_okafor.codes[9])
    assert plain.path == "/ehr/settings/security/backup-codes"


# --- a new set


def test_a_new_set_voids_the_old_one_at_once_and_a_mail_tells_it(browser, clock, database, sam):
    old = list(sam.codes)
    regenerate(browser.enter(sam), sam)
    assert not set(old) & set(sam.codes)
    assert "Set 2" in browser.text
    assert {notice.template for notice in database.all(Outbox)} == {"new_browser", "backup_codes_replaced"}
    assert use(browser.another(), sam, old[9]) is not None


def test_a_new_set_needs_both_factors_shown_within_five_minutes(browser, clock, database, sam):
    browser.enter(sam)
    clock.move(minutes=5, seconds=1)
    browser.open("/account/security")
    browser.press("Regenerate Backup Codes")
    assert browser.heading == "Confirm it's you"
    browser.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert browser.heading == "Regenerate Backup Codes"
    browser.press("Regenerate Backup Codes")
    assert browser.path == CODES


def test_a_press_that_comes_too_late_makes_no_second_set(browser, database, sam):
    browser.enter(sam)
    tab = browser.another()
    tab.client = browser.client
    for each in (browser, tab):
        each.open("/account/security/backup-codes")
    browser.press("Regenerate Backup Codes")
    codes = browser.read_codes()
    tab.press("Regenerate Backup Codes")
    assert tab.read_codes() == codes
    assert live(database, sam).number == 2


def test_a_direct_post_with_an_old_session_makes_nothing(plain, clock, database, sam):
    plain.enter(sam)
    clock.move(minutes=5, seconds=1)
    answer = plain.post("/account/security/backup-codes")
    assert answer.headers["Location"] == "/account/security/confirm?next=/account/security/backup-codes"
    assert live(database, sam).number == 1


def test_without_a_second_factor_there_is_nothing_to_regenerate(plain, maria, database):
    plain.enter(maria).open("/account/security/backup-codes")
    assert plain.path == "/account/security"
    assert plain.post("/account/security/backup-codes").headers["Location"] == "/account/security"


def test_wrong_tries_of_an_old_set_go_with_the_next_right_code(plain, clock, database, sam):
    for _ in range(2):
        use(plain.another(), sam, "0000-0000-0000-0000")
    regenerate(plain.enter(sam), sam)
    user = database.user(sam)
    assert (user.backup_failures, user.code_failures) == (2, 0)
    assert use(plain.another(), sam, sam.codes[0]) is None
    user = database.user(sam)
    assert (user.backup_failures, user.code_failures) == (0, 0)


def test_hashes_have_a_salt_of_their_set_and_no_code_is_kept(database, sam, dr_okafor):
    sets = database.all(BackupCodeSet)
    assert len({row.salt for row in sets}) == len(sets) and all(len(row.salt) == 16 for row in sets)
    hashes = [row.hash for row in database.all(BackupCode)]
    assert len(set(hashes)) == len(hashes) and all(len(each) == 32 for each in hashes)
    assert all(row.codes_sealed is None for row in sets)


def test_the_half_hour_is_the_sets_own(plain, clock, database, maria):
    plain.enter(maria).set_up(maria)
    row = live(database, maria)
    assert row.readable_until - row.created_at == timedelta(minutes=30)


def test_home_waits_for_a_new_set_when_none_is_left(browser, database, sam):
    browser.enter(sam)
    database.change(update(BackupCode).values(used_at=database.user(sam).created_at))
    browser.open("/home")
    assert browser.heading == "Regenerate Backup Codes" and not browser.offers("Keep my current codes")
    browser.press("Regenerate Backup Codes")
    assert browser.open("/home").path == "/home"
