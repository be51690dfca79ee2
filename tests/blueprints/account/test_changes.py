"""Another app, another number, one more, one less: nothing is lost until the new way is proved (rules 3 and 14, SM-8, TO-9, RA-1)."""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import delete, insert, update

from portal.models import Authenticator, BackupCode, BackupCodeSet, Binding, Event, Outbox, SentCode, Session
from tests.support.client import SCAN, WIZARD
from tests.support.digits import totp
from tests.support.markup import squeeze
from tests.support.texts import CODE, MARIAS, NUMBER, OTHERS, confirm_by_text, send_to, turn_on_texts

SECURITY = "/account/security"
HELD = f"{SECURITY}/authenticators"
CONFIRM = f"{SECURITY}/confirm"
SAVED = "Your change is saved."
NAMELESS = "Enter a name, such as Tablet."


@pytest.fixture
def apped(plain, clock, sam):
    """Sam's browser, just signed in with his app."""
    plain.enter(sam)
    clock.next_code()
    return plain.open(SECURITY)


@pytest.fixture
def texting(plain, clock, inbox, maria):
    """Maria's browser, her codes coming by text, just turned on."""
    turn_on_texts(plain.enter(maria), inbox, maria)
    clock.move(minutes=1)
    return plain.open(SECURITY)


def rows_of(database, person):
    """Returns a person's authenticators, oldest first."""
    rows = database.all(Authenticator, Authenticator.user_id == database.user(person).id)
    return sorted(rows, key=lambda row: row.created_at)


def scan(browser):
    """Returns the key of the page, as a new app keeps it."""
    assert browser.path == SCAN
    return squeeze(browser.page.one("code", id="key").text)


def begin_new_app(browser, label="Change Authenticator App"):
    """From Security to the new QR code; returns its key."""
    browser.open(SECURITY)
    browser.press(label)
    browser.choose("Authenticator App")
    browser.press("Continue")
    return scan(browser)


def prove(browser, clock, key):
    """Types what the new app shows."""
    return browser.fill("Verify and Enable", Verification_Code=totp(key, clock.now))


def add_number(browser, inbox, person, number=OTHERS):
    """One more way: texts to a number."""
    browser.open(SECURITY)
    browser.press("Add another way to get codes")
    browser.choose("Text Message (SMS)")
    browser.press("Continue")
    send_to(browser, number)
    return browser.fill("Verify and Enable", Verification_Code=inbox.code(person))


def opens(browser, person, code):
    """Returns whether a code still signs the person in, on a browser of its own."""
    fresh = browser.another()
    fresh.sign_in(person)
    fresh.fill("Verify", Verification_Code=code)
    return not fresh.path.startswith("/sign-in")


# --- a new app, a new number


def test_a_new_app_takes_the_place_of_the_old_one(browser, clock, database, sam):
    browser.enter(sam)
    clock.next_code()
    key = begin_new_app(browser)
    prove(browser, clock, key)
    assert (browser.path, SAVED in browser.notices) == (SECURITY, True)
    assert len(rows_of(database, sam)) == 1
    clock.next_code()
    assert not opens(browser, sam, sam.code())
    assert opens(browser, sam, totp(key, clock.now))


def test_a_new_number_takes_the_place_of_the_old_one_and_the_old_one_is_told(texting, clock, database, inbox, maria):
    texting.press("Update Phone")
    texting.press("Continue")
    assert texting.path == NUMBER
    send_to(texting, OTHERS)
    texting.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert (texting.path, SAVED in texting.notices) == (SECURITY, True)
    told = [text for text in inbox.of(maria) if text.code is None]
    assert [text.to for text in told] == [MARIAS]
    assert "no longer text your codes" in told[0].words and not re.search(r"\d", told[0].words)
    assert len(told[0].words) <= 160
    clock.move(minutes=1)
    texting.another().sign_in(maria)
    assert inbox.of(maria)[-1].to == OTHERS


def test_update_phone_begins_with_an_empty_field(texting):
    """The number on file may be the abandoned one, and numbers are shown masked (rule 13)."""
    texting.press("Update Phone")
    texting.press("Continue")
    assert texting.path == NUMBER and not texting.field("Mobile phone number")["value"]
    assert MARIAS[-4:] not in texting.response.text
    send_to(texting, OTHERS)
    texting.press("Change the number")
    assert texting.field("Mobile phone number")["value"] == "+1 608-555-0117", "written as people read it"


def test_the_same_number_proved_anew_is_not_told_that_it_is_gone(texting, inbox, maria):
    texting.press("Update Phone")
    texting.press("Continue")
    send_to(texting, MARIAS)
    texting.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert texting.path == SECURITY
    assert [text for text in inbox.of(maria) if text.code is None] == []


def test_from_texts_to_the_app_and_back(texting, clock, database, inbox, maria):
    key = begin_new_app(texting, "Update Phone")
    prove(texting, clock, key)
    assert [row.method for row in rows_of(database, maria)] == ["totp"]
    assert [text.to for text in inbox.of(maria) if text.code is None] == [MARIAS]
    clock.move(minutes=1)
    texting.press("Change Authenticator App")
    texting.choose("Text Message (SMS)")
    texting.press("Continue")
    send_to(texting, OTHERS)
    texting.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert [row.method for row in rows_of(database, maria)] == ["sms"]


def test_the_choice_begins_with_the_kind_that_is_changed(texting):
    texting.press("Update Phone")
    chosen = [radio["value"] for radio in texting.page.all("input", type="radio") if "checked" in radio]
    assert chosen == ["sms"]
    assert "What you use now keeps working until you confirm the new one." in texting.text


def test_the_choice_keeps_the_kind_while_password_and_code_are_asked_again(texting, clock, inbox, maria):
    texting.press("Update Phone")
    clock.move(minutes=6)
    texting.press("Continue")
    assert texting.path == CONFIRM
    texting.press("Text me a code")
    texting.fill("Continue", Current_password=maria.password, Verification_Code=inbox.code(maria))
    assert [radio["value"] for radio in texting.page.all("input", type="radio") if "checked" in radio] == ["sms"]


def test_a_new_number_is_typed_once(texting, clock, inbox, maria):
    texting.press("Update Phone").press("Continue")
    clock.move(minutes=6)
    send_to(texting, OTHERS)
    assert texting.path == CONFIRM
    texting.press("Text me a code")
    texting.fill("Continue", Current_password=maria.password, Verification_Code=inbox.code(maria))
    assert texting.path == NUMBER and texting.field("Mobile phone number")["value"] == OTHERS


def test_back_after_a_change_leads_to_security(apped, clock, sam):
    apped.press("Change Authenticator App")
    choice = f"{apped.path}?{apped.query}"
    prove(apped.press("Continue"), clock, scan(apped))
    assert apped.open(choice).path == SECURITY


def test_a_change_keeps_the_backup_codes_and_ends_the_other_sessions(apped, clock, database, sam):
    other = apped.another()
    other.enter(sam)
    clock.next_code()
    before = [code.hash for code in database.all(BackupCode)]
    generation = database.user(sam).generation
    prove(apped, clock, begin_new_app(apped))
    assert [code.hash for code in database.all(BackupCode)] == before
    assert database.user(sam).generation == generation + 1
    assert apped.path == SECURITY
    other.open("/home")
    assert other.path == "/sign-in" and "because your two-factor authentication changed" in other.notices[0]


def test_a_change_is_told_by_mail_and_in_the_trail_without_a_secret(apped, clock, database, sam):
    key = begin_new_app(apped)
    prove(apped, clock, key)
    user = database.user(sam).id
    mails = [row.template for row in database.all(Outbox, Outbox.user_id == user, Outbox.kind == "mail")]
    events = [row.event for row in database.all(Event, Event.subject_id == user)]
    assert mails.count("authenticator_replaced") == 1
    assert "authenticator_binding_begun" in events and events.count("authenticator_replaced") == 1
    kept = str([vars(row) for row in database.all(Event)]) + str([row.facts for row in database.all(Outbox)])
    leaked = key in kept
    assert not leaked


# --- the old one works until the new one is proved


INTERRUPTIONS = {
    "nothing typed": lambda browser, clock: None,
    "a wrong code": lambda browser, clock: browser.fill("Verify and Enable", Verification_Code="000000"),
    "cancelled": lambda browser, clock: browser.press("Cancel"),
    "expired": lambda browser, clock: clock.move(minutes=31),
    "reloaded": lambda browser, clock: browser.open(browser.path),
    "started again in another tab": lambda browser, clock: begin_new_app(browser),
    "another method chosen": lambda browser, clock: browser.open(SECURITY).press("Change Authenticator App").press("Continue"),
}


@pytest.mark.parametrize("interrupt", INTERRUPTIONS.values(), ids=INTERRUPTIONS)
def test_the_old_app_works_through_every_interruption(apped, clock, database, sam, interrupt):
    key = begin_new_app(apped)
    interrupt(apped, clock)
    clock.next_code()
    assert [row.method for row in rows_of(database, sam)] == ["totp"]
    assert not opens(apped, sam, totp(key, clock.now))
    clock.next_code()
    assert opens(apped, sam, sam.code())


@pytest.mark.parametrize("interrupt", ["no code typed", "a wrong code", "cancelled", "expired"])
def test_the_old_number_works_through_every_interruption(texting, clock, database, inbox, maria, interrupt):
    texting.press("Update Phone")
    texting.press("Continue")
    send_to(texting, OTHERS)
    if interrupt == "a wrong code":
        texting.fill("Verify and Enable", Verification_Code=inbox.wrong_code(maria))
    elif interrupt == "cancelled":
        texting.press("Cancel")
    clock.move(minutes=31 if interrupt == "expired" else 1)
    fresh = texting.another()
    fresh.sign_in(maria)
    assert inbox.of(maria)[-1].to == MARIAS
    fresh.fill("Verify", Verification_Code=inbox.code(maria))
    assert fresh.path == "/home"
    assert len(rows_of(database, maria)) == 1


def test_a_change_confirmed_in_two_tabs_happens_once(apped, clock, database, sam):
    key = begin_new_app(apped)
    tab = apped.another()
    tab.client = apped.client
    tab.open(SCAN)
    code = totp(key, clock.now)
    apped.fill("Verify and Enable", Verification_Code=code)
    tab.fill("Verify and Enable", Verification_Code=code)
    assert (apped.path, tab.path) == (SECURITY, SECURITY)
    assert len(rows_of(database, sam)) == 1 and database.all(Binding) == []
    changes = database.all(Event, Event.event == "authenticator_replaced")
    assert len(changes) == 1


def test_two_tabs_share_one_new_key(apped):
    first = begin_new_app(apped)
    tab = apped.another()
    tab.client = apped.client
    same = begin_new_app(tab) == first
    assert same


def test_a_code_for_a_set_up_that_was_replaced_in_another_tab_says_so(apped, clock, database, sam):
    begin_new_app(apped)
    old, form = scan(apped), {field["name"]: field["value"] for field in apped.page.all("input", name="set_up")}
    apped.open(SECURITY).press("Add another way to get codes").press("Continue")  # the other tab
    new = scan(apped)
    answer = apped.post(SCAN, {"code": totp(old, clock.now), **form})
    assert answer.status_code == 422 and "Setup was started again in another tab" in answer.text
    assert "Check the time" not in answer.text and database.user(sam).set_up_failures == 0
    prove(apped, clock, new)
    assert len(rows_of(database, sam)) == 2


def test_a_second_press_after_the_proof_changes_nothing(apped, clock, database, sam):
    key = begin_new_app(apped)
    token, code = apped.token, totp(key, clock.now)
    apped.fill("Verify and Enable", Verification_Code=code)
    before = database.everything("sessions.last_seen_at")
    before.pop("events")
    answer = apped.post(SCAN, {"code": code, "csrf_token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, SECURITY)
    after = database.everything("sessions.last_seen_at")
    after.pop("events")
    same = after == before
    assert same


def test_a_number_changed_while_a_sign_in_by_text_is_under_way_ends_that_sign_in(texting, clock, database, inbox, maria):
    elsewhere = texting.another()
    elsewhere.sign_in(maria)
    theirs = inbox.code(maria)
    clock.move(seconds=5)
    texting.press("Update Phone")
    texting.press("Continue")
    send_to(texting, OTHERS)
    mine = inbox.code(maria)
    elsewhere.fill("Verify", Verification_Code=mine)
    assert elsewhere.path == "/sign-in/code"
    texting.fill("Verify and Enable", Verification_Code=mine)
    assert texting.path == SECURITY
    elsewhere.fill("Verify", Verification_Code=theirs)
    assert elsewhere.path == "/sign-in"
    assert len(rows_of(database, maria)) == 1


def test_a_number_is_not_changed_in_the_middle_of_a_sign_in(texting, inbox, maria):
    elsewhere = texting.another()
    elsewhere.sign_in(maria)
    for path in (WIZARD, NUMBER, CODE):
        assert elsewhere.post(path, {"method": "sms", "phone": OTHERS}).headers["Location"] == "/sign-in/code"


# --- showing both factors again (RA-1, SM-8)


ACTIONS = {
    "change": lambda row: f"{WIZARD}?change={row}",
    "add": lambda row: f"{WIZARD}?add=1",
    "remove": lambda row: f"{HELD}/{row}/remove",
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_a_session_that_is_not_fresh_shows_both_factors_first_and_comes_back(apped, clock, database, sam, action):
    path = action(rows_of(database, sam)[0].id)
    clock.move(minutes=6)
    before = [vars(row) for row in database.all(Binding)]
    answer = apped.post(path, {"method": "totp"})
    assert answer.status_code == 303 and answer.headers["Location"].startswith(CONFIRM)
    assert unquote(answer.headers["Location"]).endswith(f"next={path}")
    assert [vars(row) for row in database.all(Binding)] == before and len(rows_of(database, sam)) == 1
    apped.open(path)
    assert apped.path == CONFIRM
    apped.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert f"{apped.path}?{apped.query}".rstrip("?") == path
    clock.move(minutes=6)
    apped.open(apped.post(path, {"method": "totp"}).headers["Location"])
    apped.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert f"{apped.path}?{apped.query}".rstrip("?") == path


def test_the_password_alone_changes_no_number(texting, clock, inbox, maria):
    clock.move(minutes=6)
    texting.press("Update Phone")
    assert texting.path == CONFIRM
    texting.press("Use a backup code")
    texting.fill("Continue", Current_password=maria.password)
    assert texting.status == 422 and texting.path == CONFIRM
    texting.fill("Continue", Current_password="another password", Verification_Code=maria.codes[0])
    assert texting.status == 422
    confirm_by_text(texting, inbox, maria)
    assert texting.path == WIZARD


def test_who_has_lost_the_number_changes_it_with_a_backup_code(texting, clock, inbox, maria):
    clock.move(minutes=6)
    texting.press("Update Phone")
    texting.press("Use a backup code")
    texting.fill("Continue", Current_password=maria.password, Verification_Code=maria.codes[3])
    texting.press("Continue")
    send_to(texting, OTHERS)
    texting.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert SAVED in texting.notices


# --- several ways at once (TO-9)


def test_an_app_a_number_and_a_second_app_stand_side_by_side(apped, clock, database, inbox, sam):
    add_number(apped, inbox, sam)
    clock.move(seconds=1)
    apped.press("Add another way to get codes")
    apped.press("Continue")
    key = scan(apped)
    prove(apped, clock, key)
    assert [(row.method, row.name) for row in rows_of(database, sam)] == [
        ("totp", "Authenticator App"),
        ("sms", "Text message"),
        ("totp", "Authenticator App 2"),
    ]
    assert apped.text.count("Added ") == 3 and apped.text.count("last used") == 3
    clock.next_code()
    assert opens(apped, sam, sam.code())
    assert opens(apped, sam, totp(key, clock.now))
    fresh = apped.another()
    fresh.sign_in(sam)
    fresh.press("Text me a code")
    fresh.fill("Verify", Verification_Code=inbox.code(sam))
    assert fresh.path == "/home"


def test_two_numbers_are_two_ways_and_the_page_names_the_one_that_was_texted(texting, clock, database, inbox, maria):
    add_number(texting, inbox, maria)
    clock.move(minutes=1)
    fresh = texting.another()
    fresh.sign_in(maria)
    assert "A text with a 6-digit code is on its way to ••• ••• ••64." in fresh.text
    first = inbox.code(maria)
    clock.move(minutes=1)
    assert "To ••• ••• ••64, Text message" in fresh.text and "To ••• ••• ••17, Text message 2" in fresh.text
    other = next(button for button in fresh.page.all("button") if button.text == "Text me a code")
    assert fresh.page.one(id=other["aria-describedby"].split()[-1]).text == "To ••• ••• ••17, Text message 2"
    fresh.press("Text me a code")
    assert inbox.of(maria)[-1].to == OTHERS
    assert "A text with a 6-digit code is on its way to ••• ••• ••17." in fresh.text
    fresh.fill("Verify", Verification_Code=first)
    assert fresh.status == 422
    clock.move(seconds=1)
    fresh.fill("Verify", Verification_Code=inbox.code(maria))
    assert fresh.path == "/home"
    assert [row.last_used_at == clock.now for row in rows_of(database, maria)] == [False, True]


def test_where_the_app_is_one_way_no_text_goes_out_unasked(apped, inbox, sam):
    add_number(apped, inbox, sam)
    before = len(inbox.of(sam))
    fresh = apped.another()
    fresh.sign_in(sam)
    assert len(inbox.of(sam)) == before
    assert fresh.offers("Text me a code")


def test_a_way_is_given_a_name(browser, database, sam):
    browser.enter(sam).open(SECURITY)
    browser.press("Rename Authenticator App")
    browser.fill("Save", Name="  Tablet\u202e  in the\tkitchen ")
    assert browser.path == SECURITY and "Tablet in the kitchen" in browser.text
    assert rows_of(database, sam)[0].name == "Tablet in the kitchen"


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", NAMELESS), ("   ", NAMELESS), ("\u200b\u2060", NAMELESS), ("x" * 41, "Use at most 40 characters.")],
)
def test_a_name_that_is_none_is_refused(browser, database, sam, typed, words):
    browser.enter(sam).open(f"{HELD}/{rows_of(database, sam)[0].id}/name")
    browser.fill("Save", Name=typed)
    assert (browser.status, browser.problems) == (422, [words])
    assert rows_of(database, sam)[0].name == "Authenticator App"


def test_a_name_of_ours_is_offered_in_its_owners_language_and_stays_ours(plain, database, sam, monkeypatch):
    monkeypatch.setitem(plain.app.extensions, "settings", replace(plain.app.extensions["settings"], languages=("en", "ko")))
    plain.enter(sam).post("/language", {"language": "ko"})
    plain.open(f"{HELD}/{rows_of(database, sam)[0].id}/name")
    assert plain.page.one("input", id="name")["value"] == "인증 앱"
    plain.fill("저장", 이름="인증 앱")
    assert (plain.path, rows_of(database, sam)[0].name) == (SECURITY, "Authenticator App")


@pytest.mark.parametrize("typed", ["Tablet", " tablet ", "TABLET"])
def test_two_ways_do_not_share_a_name(apped, database, inbox, sam, typed):
    add_number(apped, inbox, sam)
    apped.press("Rename Text message")
    apped.fill("Save", Name="Tablet").press("Rename Tablet")
    apped.fill("Save", Name="Tablet")
    assert (apped.path, apped.status) == (SECURITY, 200)
    apped.press("Rename Authenticator App")
    apped.fill("Save", Name=typed)
    assert (apped.status, apped.problems) == (422, ["Another one of yours already has that name. Choose a different name."])
    assert sorted(row.name for row in rows_of(database, sam)) == ["Authenticator App", "Tablet"]


def test_a_name_with_markup_is_only_a_name(plain, database, sam):
    plain.enter(sam).open(f"{HELD}/{rows_of(database, sam)[0].id}/name")
    plain.fill("Save", Name="<b>Tablet</b> & %(x)s")
    assert "<b>Tablet</b> & %(x)s" in plain.text


def test_one_of_two_is_removed_and_the_other_stays(apped, clock, database, inbox, sam):
    add_number(apped, inbox, sam)
    other = apped.another()
    other.enter(sam)
    clock.next_code()
    apped.press("Remove Text message")
    assert apped.heading == "Remove Text message?"
    apped.press("Remove")
    assert (apped.path, SAVED in apped.notices) == (SECURITY, True)
    assert [row.method for row in rows_of(database, sam)] == ["totp"]
    assert [text.to for text in inbox.of(sam) if text.code is None] == [OTHERS]
    other.open("/home")
    assert other.path == "/sign-in"
    assert opens(apped, sam, sam.code())
    templates = [row.template for row in database.all(Outbox, Outbox.user_id == database.user(sam).id)]
    assert "authenticator_removed" in templates


def test_the_last_one_is_never_removed(apped, database, sam):
    row = rows_of(database, sam)[0]
    assert not apped.offers("Remove Authenticator App")
    apped.post(f"{HELD}/{row.id}/remove")
    assert len(rows_of(database, sam)) == 1
    assert apped.response.headers["Location"] == f"{HELD}/{row.id}/remove"
    apped.open(f"{HELD}/{row.id}/remove")
    assert (
        apped.heading == "Authenticator App can't be removed"
        and "It's the only way to get codes that works right now" in apped.text
    )
    assert "Your other ways to get codes" not in apped.text and not apped.offers("Remove")
    for label, path in (("Change Authenticator App", WIZARD), ("Disable", f"{SECURITY}/disable"), ("Keep it", SECURITY)):
        assert apped.open(f"{HELD}/{row.id}/remove").press(label).path == path


def test_the_last_one_that_works_is_never_removed(apped, clock, database, inbox, sam):
    add_number(apped, inbox, sam)
    number = next(row for row in rows_of(database, sam) if row.method == "sms")
    database.change(update(Authenticator).where(Authenticator.id != number.id).values(disabled_at=clock.now))
    apped.post(f"{HELD}/{number.id}/remove")
    assert len(rows_of(database, sam)) == 2
    assert apped.open(SECURITY).press("Remove Text message").heading == "Text message can't be removed"
    assert apped.open(SECURITY).press("Remove Authenticator App").heading == "Remove Authenticator App?"


# --- another person's authenticator


@pytest.mark.parametrize("of", ["another person", "nobody"])
def test_what_is_not_ones_own_is_not_there(apped, database, maria, dr_okafor, of):
    foreign = rows_of(database, dr_okafor)[0].id if of == "another person" else "f" * 32
    for path in (f"{HELD}/{foreign}/name", f"{HELD}/{foreign}/remove", f"{WIZARD}?change={foreign}"):
        led_on = of == "nobody" and path.startswith(WIZARD)  # a page from before a change
        assert apped.get(path).status_code == (303 if led_on else 404)
        assert apped.post(path, {"name": "Mine", "method": "totp"}).status_code == 404
    row = rows_of(database, dr_okafor)[0]
    assert row.name == "Authenticator App" and database.all(Binding) == []


def test_a_text_to_another_persons_number_is_not_sent(texting, clock, database, inbox, maria, sam):
    foreign = rows_of(database, sam)[0].id
    fresh = texting.another()
    fresh.sign_in(maria)
    before = len(inbox.of(maria))
    answer = fresh.post("/sign-in/send", {"authenticator": foreign})
    assert answer.status_code == 422
    assert len(inbox.of(maria)) == before


# --- "if you lost this phone today" (rule 14)


@dataclass
class Holding:
    """What a person has: apps (True: stopped), numbers, backup codes left, whether those are saved."""

    apps: tuple = (False,)
    numbers: tuple = ()
    left: int = 10
    saved: bool = True
    keys: list = field(default_factory=list, repr=False)


HOLDINGS = [
    Holding(),
    Holding(saved=False),
    Holding(left=1),
    Holding(apps=(False, False)),
    Holding(left=1, numbers=(OTHERS,)),
    Holding(left=1, numbers=(OTHERS,), saved=False),
    Holding(apps=(False, True)),
    Holding(apps=(True,), numbers=(OTHERS, OTHERS), saved=False),
    Holding(left=0),
    Holding(left=0, numbers=(OTHERS,)),
    Holding(left=0, apps=(False, False)),
    Holding(left=0, apps=(False, True)),
    Holding(left=0, apps=(True, False)),
    Holding(left=0, apps=(True,), numbers=(OTHERS,)),
    Holding(left=0, apps=(True,), numbers=(OTHERS, MARIAS)),
    Holding(left=0, apps=(True,), numbers=(OTHERS, OTHERS)),
    Holding(left=3, apps=(False, False), numbers=(OTHERS,), saved=False),
]


@pytest.mark.parametrize("holding", HOLDINGS, ids=repr)
def test_the_sentence_about_a_lost_phone_is_what_really_remains(apped, clock, database, inbox, sam, holding):
    own(apped, clock, database, inbox, sam, holding)
    said = lost_sentence(apped.open(SECURITY))
    code_opens = opens(apped, sam, sam.codes[0])
    assert ("backup code" in said) == code_opens, said
    working = remaining(apped, clock, database, inbox, sam, holding)
    assert ("another way to get codes would let you in" in said or "so would another way" in said) == (len(working) > 1), said
    assert ("only" in said) == (code_opens + (len(working) > 1) == 1 and not (code_opens and holding.saved)), said
    if not code_opens:
        assert ("only another way" in said) == (len(working) > 1), said
        assert ("no way in" in said) == (len(working) <= 1), said
    elif holding.saved:
        assert f"{holding.left} backup code" in said and "n't confirmed" not in said
    else:
        assert f"{holding.left} backup code" in said and "n't confirmed" in said


def own(browser, clock, database, inbox, person, holding):
    """Gives a person with one app what the holding says, by the portal's own pages; stops and uses up beside it."""
    holding.keys = [person.key]
    for _ in holding.apps[1:]:
        browser.open(f"{WIZARD}?add=1").press("Continue")
        holding.keys.append(scan(browser))
        prove(browser, clock, holding.keys[-1])
    for number in holding.numbers:
        clock.move(seconds=1)
        add_number(browser, inbox, person, number)
    user = database.user(person).id
    apps = [row for row in rows_of(database, person) if row.method == "totp"]
    for row, stopped in zip(apps, holding.apps, strict=True):
        if stopped:
            database.change(update(Authenticator).where(Authenticator.id == row.id).values(disabled_at=clock.now))
    codes = database.all(BackupCodeSet, BackupCodeSet.user_id == user)[0]
    used = BackupCode.number > holding.left
    database.change(update(BackupCode).where(BackupCode.set_id == codes.id, used).values(used_at=clock.now))
    if not holding.saved:
        database.change(update(BackupCodeSet).where(BackupCodeSet.id == codes.id).values(saved_at=None))


def lost_sentence(browser):
    """Returns what Security says of a lost phone."""
    return next(part.text for part in browser.page.all("p") if part.text.startswith("If you lost this phone today"))


def remaining(browser, clock, database, inbox, person, holding):
    """Returns the places (apps, numbers) whose codes really sign in, one after the other."""
    clock.next_code()
    found = {at for at, key in enumerate(holding.keys) if opens(browser, person, totp(key, clock.now))}
    for row in rows_of(database, person):
        if row.method == "sms" and opens_by_text(browser, database, clock, inbox, person, row):
            found.add(row.target_hash)
    return found


def opens_by_text(browser, database, clock, inbox, person, row):
    """Returns whether a text to that number signs the person in."""
    clock.move(minutes=61)  # the limit of an hour stands aside
    fresh = browser.another()
    fresh.sign_in(person)
    clock.move(minutes=1)
    assert fresh.post("/sign-in/send", {"authenticator": row.id}).status_code == 303
    fresh.open("/sign-in/code")
    fresh.fill("Verify", Verification_Code=inbox.code(person))
    return not fresh.path.startswith("/sign-in")


def test_where_nothing_would_remain_the_page_leads_to_new_codes(apped, clock, database, inbox, sam):
    own(apped, clock, database, inbox, sam, Holding(left=0))
    apped.open(SECURITY)
    assert "Support would have to confirm who you are first" in apped.text
    apped.press("Regenerate Backup Codes")
    assert apped.path == "/account/security/backup-codes"


def test_sessions_of_others_are_not_touched_by_a_change(apped, clock, database, inbox, sam, maria):
    hers = apped.another().enter(maria)
    prove(apped, clock, begin_new_app(apped))
    hers.open("/home")
    assert hers.path == "/home"
    assert len(database.all(Session, Session.user_id == database.user(maria).id, Session.ended_at.is_(None))) == 1


def test_a_change_is_two_steps_long(apped):
    apped.open(SECURITY)
    apped.press("Change Authenticator App")
    assert "Step 1 of 2" in apped.text and "Save codes" not in apped.text
    apped.press("Continue")
    assert "Step 2 of 2" in apped.text


def test_no_two_ways_have_one_name(apped, clock, inbox, sam, database):
    for number in (OTHERS, MARIAS):
        add_number(apped, inbox, sam, number)
        clock.move(seconds=1)
    apped.open(SECURITY).press("Remove Text message")
    apped.press("Remove")
    clock.move(seconds=60)
    add_number(apped, inbox, sam, OTHERS)
    names = sorted(row.name for row in rows_of(database, sam))
    assert names == ["Authenticator App", "Text message", "Text message 2"]
    apped.open(SECURITY).press("Rename Text message")
    apped.fill("Save", Name="Text message 3")
    clock.move(seconds=1)
    add_number(apped, inbox, sam, "+14155550132")
    assert len({row.name for row in rows_of(database, sam)}) == 4


# --- what a change must not leave open


@pytest.mark.parametrize("path", ["number", "code"])
def test_a_change_goes_on_only_while_password_and_code_are_fresh(apped, clock, database, inbox, sam, path):
    """A session that somebody else sits down at binds no phone of theirs (RA-1, SM-8)."""
    apped.open(f"{WIZARD}?add=1").choose("Text Message (SMS)")
    apped.press("Continue")
    if path == "code":
        apped.fill("Send Code", Mobile_phone_number=OTHERS)
    clock.move(minutes=5, seconds=1)
    fields = {"phone": OTHERS} if path == "number" else {"code": inbox.code(sam)}
    answer = apped.post(f"{WIZARD}/sms/{path}", fields)
    assert answer.status_code in (200, 303) and len(rows_of(database, sam)) == 1
    assert apped.open(f"{WIZARD}/sms/{path}").heading == "Confirm it's you"


def test_more_than_five_ways_are_refused_in_words(apped, clock, database, sam):
    own = rows_of(database, sam)[0]
    for number in range(4):
        database.change(insert(Authenticator).values({**columns_of(own), "id": f"{number:032}", "name": f"App {number}"}))
    apped.open(f"{WIZARD}?add=1").press("Continue")
    assert apped.status == 422 and apped.problems == [
        "You already have 5 ways to confirm it's you. Remove one you no longer use, then add this one."
    ]
    assert database.all(Binding) == []


def columns_of(row):
    """Returns a row's values by column."""
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def test_an_app_code_that_was_used_is_told_so_where_texts_come_too(apped, clock, database, inbox, sam):
    """And costs the text none of its five tries (rule 8)."""
    add_number(apped, inbox, sam, OTHERS)
    clock.next_code()
    assert opens(apped, sam, sam.code())
    fresh = apped.another()
    fresh.sign_in(sam)
    number = next(row for row in rows_of(database, sam) if row.method == "sms")
    fresh.post("/sign-in/send", {"authenticator": number.id})
    fresh.open("/sign-in/code").fill("Verify", Verification_Code=sam.code())
    assert "already used" in fresh.problems[0]
    clock.move(minutes=1)
    fresh.fill("Verify", Verification_Code=totp(sam.key, clock.now - timedelta(minutes=5)))
    assert "about 5 minutes slow" in fresh.problems[0]
    assert {row.tries for row in database.all(SentCode, SentCode.authenticator_id == number.id, SentCode.used_at.is_(None))} == {
        0
    }


def test_digits_without_a_text_cost_no_try(texting, database, maria, clock):
    fresh = texting.another()
    clock.move(minutes=61)
    fresh.sign_in(maria)
    database.change(delete(SentCode))
    fresh.fill("Verify", Verification_Code="123456")
    assert fresh.status == 422 and database.user(maria).own_failures == 0
