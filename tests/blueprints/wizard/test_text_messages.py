"""Codes by text message: every limit, every refusal, whose code it is (product rules 7 and 13, SM-1 to SM-12)."""

import itertools
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from portal.crypto import keyed_hash
from portal.flows.messages import text_waits
from portal.gateways import HELD
from portal.models import Authenticator, Binding, Event, Outbox, SentCode, User, new_id
from portal.settings import config
from portal.words.refusals import Refused
from tests.support.client import CODES, WIZARD
from tests.support.moving import START
from tests.support.texts import (
    CODE,
    MARIAS,
    NUMBER,
    OTHERS,
    SEND,
    ask_for_texts,
    confirm_by_text,
    send_to,
    sign_in_by_text,
    turn_on_texts,
)

GAP = "We sent you a text less than a minute ago. You can send another one in {}."
LIMIT = "We can't send more texts for now. Use another way, or try again in {}."
LEFT = r" You have \d+ tr(y|ies) left before a pause\."
REFUSED = {
    "nothing": ("", "Enter your mobile phone number."),
    "letters": ("503-FLOWERS", "Enter digits only"),
    "an emoji": ("503 555 016📱", "Enter digits only"),
    "an extension": ("503 555 0164 ext. 12", "Texts can't reach an extension."),
    "too short": ("503 555 01", "That number is too short."),
    "without its area code": ("555 0164", "That number is too short."),
    "too long": ("503 555 0164 0164 0164", "That number has too many digits."),
    "unallocated": ("111 555 0164", "We can't tell which country that number belongs to."),
    "unallocated after a country code": ("+1 111 555 0164", "We don't recognize that number."),
    "premium": ("900 555 0164", "That number charges people who call it."),
    "toll-free": ("800 555 0164", "That number belongs to a service"),
    "another country's landline": ("+82 2 312 3456", "We can't send texts to that country."),
    "another country": ("+49 1511 2345678", "We can't send texts to that country."),
    "another country of +1": ("+1 876 555 0164", "We can't send texts to that country."),
}


@pytest.fixture
def texting(plain, clock, inbox, maria):
    """Maria's browser, her codes coming by text; she has signed out, a minute ago."""
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.open("/home")
    plain.press("Sign out")
    clock.move(minutes=1)
    return plain


def sentence(browser):
    """Returns what the refused page says, without the tries left."""
    assert browser.status == 422
    return re.sub(LEFT, "", browser.problems[0])


def wait(browser):
    """Returns the seconds that the button for another text waits, 0 if it does not."""
    return int(next((button["data-wait"] for button in browser.page.all("button") if "data-wait" in button), 0))


def count(inbox, person):
    """Returns how many codes a person was sent."""
    return sum(text.code is not None for text in inbox.of(person))


# --- set-up: the guide's step 7


def test_the_guides_steps_turn_it_on(browser, database, inbox, maria):
    send_to(ask_for_texts(browser.enter(maria)), "(503) 555-0164")
    assert browser.path == CODE and "••64" in browser.text
    browser.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert browser.path == CODES
    assert database.user(maria).two_factor == "on"
    assert [row.method for row in database.all(Authenticator, Authenticator.user_id == database.user(maria).id)] == ["sms"]


@pytest.mark.parametrize("line_end", ["\n", ""], ids=["as it is", "as a browser pastes it"])
def test_the_whole_text_can_be_pasted_for_its_code(plain, inbox, maria, line_end):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    plain.fill("Verify and Enable", Verification_Code=inbox.of(maria)[-1].words.replace("\n", line_end))
    assert plain.path == CODES


def test_why_the_app_is_stronger_is_said_before_the_number_is_asked(browser, maria):
    browser.enter(maria).open(WIZARD)
    assert "The app is the stronger choice" in browser.text and "takes over your phone number" in browser.text
    assert browser.page.all("input", type="tel") == []
    assert browser.page.all("input", type="radio")[0]["value"] == "totp"
    browser.choose("Text Message (SMS)")
    browser.press("Continue")
    assert "The authenticator app is stronger" in browser.text


def test_each_choice_has_a_drawing_of_its_own(plain, maria):
    plain.enter(maria).open(WIZARD)
    drawn = [card.one("label").one("svg").all("path")[0]["d"] for card in plain.page.all("div") if "choice" in card.classes]
    assert len(drawn) == len(set(drawn)) == 2


def test_both_pages_that_ask_for_a_number_say_alike_how_to_write_it(plain, maria):
    hint = "Include the area code. For a number in another country, start with + and the country code."
    assert hint in ask_for_texts(plain.enter(maria)).text
    assert hint in plain.open("/account/phone").text


@pytest.mark.parametrize(("typed", "words"), REFUSED.values(), ids=REFUSED)
def test_a_number_that_gets_no_texts_is_refused_in_words_and_kept(browser, inbox, database, maria, typed, words):
    send_to(ask_for_texts(browser.enter(maria)), typed)
    assert (browser.status, browser.path) == (422, NUMBER)
    assert browser.problems[0].startswith(words)
    assert (browser.field("Mobile phone number")["value"] or "") == typed
    assert inbox.of(maria) == [] and database.all(SentCode) == []


@pytest.mark.parametrize(
    ("typed", "words"), [("02 312 3456", "That number is a landline"), ("070 5550 1234", "That's an internet phone number")]
)
def test_a_landline_and_an_internet_phone_are_refused_in_words(app, browser, database, inbox, jun, monkeypatch, typed, words):
    allow(app, monkeypatch, "US", "KR")
    database.change(update(User).where(User.username == "jun").values(country="KR"))
    send_to(ask_for_texts(browser.enter(jun)), typed)
    assert browser.problems[0].startswith(words)
    assert inbox.of(jun) == []


def test_a_number_of_another_country_is_shown_in_full_before_a_text_goes_out(app, browser, inbox, maria, monkeypatch):
    allow(app, monkeypatch, "US", "KR")
    send_to(ask_for_texts(browser.enter(maria)), "010 5550 1234")
    assert (browser.status, browser.path) == (422, NUMBER)
    asked = "We added a country code to your number. Check the whole number. If it's yours, select the button below it."
    assert browser.problems == [asked] and "Country: South Korea" in browser.text and "problem" not in browser.text
    assert browser.field("Mobile phone number")["value"] == "+82 10-5550-1234"
    assert inbox.of(maria) == []
    browser.fill("Send Code")
    assert browser.path == CODE and [text.to for text in inbox.of(maria)] == ["+821055501234"]


def test_a_number_of_two_countries_is_asked_about_and_nothing_is_lost(app, browser, inbox, database, maria, monkeypatch):
    allow(app, monkeypatch, "US", "VN", "TW")
    send_to(ask_for_texts(browser.enter(maria)), "0912 345 678")
    for _ in range(2):
        assert (browser.status, browser.problems) == (422, ["That number fits more than one country. Choose yours."])
        assert browser.page.all("input", type="radio", checked="") == []
        browser.press("Send Code")  # without a choice: the question again
    browser.choose("Taiwan: +886 912 345 678")
    browser.press("Send Code")
    assert browser.path == CODE and [text.to for text in inbox.of(maria)] == ["+886912345678"]
    told = str([(event.event, event.reason) for event in database.all(Event)])
    assert "phone_which" in told and "912" not in told


def test_another_number_can_be_typed_in_place_of_a_choice(app, plain, inbox, maria, monkeypatch):
    allow(app, monkeypatch, "US", "VN", "TW")
    send_to(ask_for_texts(plain.enter(maria)), "0912 345 678")
    plain.press("Enter a different number")
    send_to(plain, MARIAS)
    assert [text.to for text in inbox.of(maria)] == [MARIAS]


def test_the_number_on_file_is_asked_about_alike(app, browser, database, maria, monkeypatch):
    allow(app, monkeypatch, "US", "VN", "TW")
    browser.enter(maria).open("/account/phone")
    browser.fill("Save", Mobile_phone_number="0912 345 678")
    browser.choose("Vietnam: +84 912 345 678")
    browser.press("Save")
    assert database.user(maria).unseal(database.keys, "phone") == "+84912345678"


def allow(app, monkeypatch, *countries):
    """Lets texts go to these countries."""
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], text_countries=countries))


def test_a_number_of_another_country_carries_the_note_about_delays(app, browser, inbox, jun, monkeypatch):
    allow(app, monkeypatch, "US", "KR")
    send_to(ask_for_texts(browser.enter(jun)), "+82 10 5550 1234")
    assert "Texts to other countries may be delayed." in browser.text
    assert [text.to for text in inbox.of(jun)] == ["+821055501234"]


def test_a_number_at_home_carries_no_note(browser, maria):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    assert "may be delayed" not in browser.text


def test_the_code_page_out_of_turn_leads_to_the_number(browser, database, maria):
    ask_for_texts(browser.enter(maria))
    browser.open(CODE)
    assert browser.path == NUMBER
    for path in (CODE, SEND):
        assert browser.post(path, {"code": "123456"}).headers["Location"] == NUMBER
    assert database.user(maria).own_failures == 0


def test_a_code_to_one_number_never_proves_another(plain, database, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    code = inbox.code(maria)
    plain.press("Change the number")
    send_to(plain, OTHERS)
    assert plain.status == 422 and "less than a minute ago" in plain.problems[0]
    plain.open(CODE)
    assert "••64" in plain.text
    plain.fill("Verify and Enable", Verification_Code=code)
    row = database.all(Authenticator, Authenticator.user_id == database.user(maria).id)[0]
    proved = database.keys.open(row.secret_sealed, f"authenticators:{row.user_id}:{row.id}:secret")
    assert proved == MARIAS


def test_a_number_changed_after_a_minute_gets_a_code_and_the_older_one_is_dead(plain, clock, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    old = inbox.code(maria)
    clock.move(seconds=61)
    plain.press("Change the number")
    send_to(plain, OTHERS)
    assert plain.path == CODE and inbox.of(maria)[-1].to == OTHERS
    plain.fill("Verify and Enable", Verification_Code=old)
    assert sentence(plain) == "That code is from an older text. Use the newest one."


def test_a_set_up_by_text_never_turns_on_by_itself(plain, database, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    plain.fill("Verify and Enable", Verification_Code=inbox.wrong_code(maria))
    plain.press("Cancel")
    assert database.user(maria).two_factor == "off"
    assert database.all(Binding) == []


# --- a code's life (SM-2, SM-3, SM-4, rule 7)


@pytest.mark.parametrize(("seconds", "opens"), [(599, True), (601, False)])
def test_a_code_works_for_ten_minutes(plain, clock, inbox, maria, seconds, opens):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    clock.move(seconds=seconds)
    plain.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert (plain.path == CODES) == opens
    if not opens:
        assert sentence(plain) == "That was the right code, but it expired after 10 minutes. Select Send again for a new one."


def test_the_code_of_the_older_text_is_told_to_be_it(texting, clock, inbox, maria):
    texting.sign_in(maria)
    old = inbox.code(maria)
    clock.move(seconds=60)
    texting.press("Send again")
    texting.fill("Verify", Verification_Code=old)
    assert sentence(texting) == "That code is from an older text. Use the newest one."
    texting.fill("Verify", Verification_Code=inbox.code(maria))
    assert texting.path == "/home"


def test_five_wrong_tries_kill_the_code(browser, inbox, maria):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    said = []
    for code, _ in zip(inbox.wrong_codes(maria), range(5), strict=False):
        browser.fill("Verify and Enable", Verification_Code=code)
        said.append(sentence(browser))
    assert not browser.offers("Verify and Enable") and browser.offers("Send again")
    browser.insist("Verify and Enable", Verification_Code=inbox.code(maria))
    said.append(sentence(browser))
    wrong = "That code did not match. Check it against the newest text from us."
    dead = "After 5 wrong tries, that code no longer works. Select Send again for a new one."
    assert said == [wrong] * 4 + [dead] * 2


def test_a_new_code_does_not_reset_the_count(texting, clock, inbox, maria):
    texting.sign_in(maria)
    for code, turn in zip(inbox.wrong_codes(maria), range(9), strict=False):
        texting.fill("Verify", Verification_Code=code)
        assert f"You have {9 - turn} tr" in texting.problems[0]
        if turn == 3:
            clock.move(seconds=61)
            texting.press("Send again")
    texting.insist("Verify", Verification_Code=inbox.wrong_code(maria))
    assert texting.problems == ["Too many attempts. Try again in 10 minutes, or use a backup code now."]
    texting.insist("Verify", Verification_Code=inbox.code(maria))
    assert texting.path == "/sign-in/code"


def test_a_code_belongs_to_the_sign_in_that_asked_for_it(texting, clock, inbox, maria):
    texting.sign_in(maria)
    mine = inbox.code(maria)
    clock.move(seconds=1)
    elsewhere = texting.another()
    elsewhere.sign_in(maria)
    elsewhere.fill("Verify", Verification_Code=mine)
    assert sentence(elsewhere) == "That code did not match. Check it against the newest text from us."
    texting.fill("Verify", Verification_Code=inbox.code(maria))
    assert texting.path == "/sign-in/code"
    texting.fill("Verify", Verification_Code=mine)
    assert texting.path == "/home"


def test_a_code_works_once(texting, inbox, maria):
    sign_in_by_text(texting, inbox, maria)
    used = inbox.code(maria)
    texting.press("Sign out")
    texting.sign_in(maria)
    texting.fill("Verify", Verification_Code=used)
    assert texting.path == "/sign-in/code" and texting.status == 422


def test_a_code_used_for_a_confirmation_is_told_to_be_used(texting, clock, inbox, maria):
    sign_in_by_text(texting, inbox, maria)
    clock.move(minutes=6)
    texting.open("/account/security/backup-codes")
    confirm_by_text(texting, inbox, maria)
    assert texting.path == "/account/security/backup-codes"
    used = inbox.code(maria)
    clock.move(minutes=6)
    texting.open("/account/security/backup-codes")
    assert "on its way" not in texting.text
    texting.insist("Continue", Current_password=maria.password, Verification_Code=used)
    assert sentence(texting) == "That code was already used. Select Send again for a new one."


def test_where_no_text_was_sent_a_code_says_so(texting, clock, inbox, maria):
    sign_in_by_text(texting, inbox, maria)
    clock.move(minutes=6)
    texting.open("/account/security/backup-codes")
    texting.insist("Continue", Current_password=maria.password, Verification_Code="123456")
    assert sentence(texting) == "We haven't sent you a text yet. Select Text me a code to get one."
    assert texting.offers("Text me a code") and not texting.offers("Continue")
    texting.press("Use a backup code")
    texting.fill("Continue", Current_password=maria.password, Verification_Code=maria.codes[0])
    assert texting.path == "/account/security/backup-codes"


def test_a_right_but_late_code_costs_no_try(texting, clock, database, inbox, maria):
    late = "That was the right code, but it expired after 10 minutes. Select Send again for a new one."
    texting.sign_in(maria)
    for code, _ in zip(inbox.wrong_codes(maria), range(3), strict=False):
        texting.fill("Verify", Verification_Code=code)
    before = (
        database.user(maria).codes_paused_until,
        database.user(maria).own_failures,
        database.all(Authenticator)[0].own_failures,
    )
    database.change(update(SentCode).values(expires_at=clock.now))
    for _ in range(12):
        texting.insist("Verify", Verification_Code=inbox.code(maria))
        assert texting.problems == [late] and not texting.offers("Verify") and texting.offers("Send again")
    user = database.user(maria)
    assert (user.codes_paused_until, user.own_failures, database.all(Authenticator)[0].own_failures) == before
    texting.insist("Verify", Verification_Code=inbox.wrong_code(maria))
    assert "You have 6 tries left before a pause." in texting.problems[0], "a guess at a dead code is a guess"


def test_a_right_but_late_code_costs_no_try_in_set_up(browser, clock, database, inbox, maria):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    browser.fill("Verify and Enable", Verification_Code=inbox.wrong_code(maria))
    clock.move(minutes=10)
    for _ in range(12):
        browser.insist("Verify and Enable", Verification_Code=inbox.code(maria))
        assert browser.problems[0].startswith("That was the right code, but") and not browser.offers("Verify and Enable")
    user = database.user(maria)
    assert (user.own_failures, user.set_up_failures, database.all(Binding)[0].failures) == (1, 1, 1)


def test_a_backup_code_still_opens_what_texts_protect(texting, maria):
    texting.sign_in(maria)
    texting.fill("Verify", Verification_Code=maria.codes[0])
    assert texting.path == "/home"


# --- sending: when, how often (SM-5)


def test_no_text_goes_out_without_the_password(texting, inbox, maria):
    before = count(inbox, maria)
    texting.open("/sign-in")
    texting.fill("Sign in", Username="maria", Password="harbor-lantern-2025")
    assert texting.post("/sign-in/send", {"authenticator": "1"}).headers["Location"].startswith("/sign-in")
    assert count(inbox, maria) == before


def test_reading_a_page_sends_nothing(texting, inbox, maria):
    texting.sign_in(maria)
    before = count(inbox, maria)
    for path in ("/sign-in/code", "/sign-in/no-code", "/sign-in/backup-code"):
        texting.open(path)
    assert texting.get("/sign-in/send").status_code == 405
    assert count(inbox, maria) == before


def test_reading_a_set_up_page_sends_nothing(plain, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    for path in (NUMBER, CODE, WIZARD, SEND):
        plain.get(path)
    assert count(inbox, maria) == 1


@pytest.mark.parametrize("where", ["sign-in", "set-up"])
def test_between_two_texts_of_one_attempt_stand_sixty_seconds(plain, clock, inbox, maria, where):
    if where == "set-up":
        send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    else:
        turn_on_texts(plain.enter(maria), inbox, maria)
        plain.open("/home")
        plain.press("Sign out")
        plain.sign_in(maria)
    before = count(inbox, maria)
    clock.move(seconds=10)
    plain.press("Send again")
    assert plain.status == 422
    assert plain.problems == [GAP.format("50 seconds")] and "aria-invalid" not in plain.page.one("input", id="code"), (
        "no code was typed"
    )
    button = next(each for each in plain.page.all("button") if each.text == "Send again")
    assert "autofocus" in button and f"{button['id']}-error" in button["aria-describedby"].split(), (
        "it speaks where it was pressed"
    )
    assert wait(plain) == 50 and re.search(r"You can send a new text at \d{1,2}:\d\d [AP]M (UTC|Pacific Time)\.", plain.text)
    clock.move(seconds=49)
    plain.press("Send again")
    assert plain.problems == [GAP.format("1 second")] and wait(plain) == 1
    clock.move(seconds=1)
    plain.press("Send again")
    assert plain.status == 200 and count(inbox, maria) == before + 1


def test_the_wait_on_the_number_page_is_told_once_and_the_number_stays(browser, clock, inbox, maria):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    browser.press("Change the number")
    send_to(browser, OTHERS)
    assert (browser.status, browser.path) == (422, NUMBER)
    assert browser.problems == [GAP.format("1 minute")] and "You can send a new text in 60 seconds." in browser.text
    assert browser.page.one("input", id="phone")["value"] == OTHERS and "aria-invalid" not in browser.page.one(
        "input", id="phone"
    )
    assert browser.offers("Send Code") and not browser.offers("Send again")
    clock.move(seconds=60)
    send_to(browser, OTHERS)
    assert browser.path == CODE and count(inbox, maria) == 2


def test_who_goes_back_to_the_number_page_types_the_code_that_is_there(browser, database, inbox, maria):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    browser.press("Change the number")
    browser.press("Enter the code we sent to ••• ••• ••64")
    assert browser.path == CODE
    browser.press("Change the number")
    send_to(browser, MARIAS)
    assert browser.path == CODE and count(inbox, maria) == 1
    browser.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert database.user(maria).two_factor == "on"


def test_the_same_number_is_texted_anew_when_its_code_is_dead(browser, clock, inbox, maria):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    clock.move(minutes=10)
    browser.open(NUMBER)
    assert not browser.offers("Enter the code we sent to ••• ••• ••64")
    send_to(browser, MARIAS)
    assert browser.path == CODE and count(inbox, maria) == 2


def test_a_full_hour_is_told_before_another_text_is_asked_for(plain, clock, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    for _ in range(2):
        clock.move(seconds=60)
        plain.press("Send again")
    assert count(inbox, maria) == 3 and wait(plain) == 58 * 60
    clock.move(seconds=1)
    plain.press("Send again")
    assert plain.problems == [LIMIT.format("57 minutes and 59 seconds")] and wait(plain) == 58 * 60 - 1


def test_the_wait_beside_the_button_is_that_of_the_refusal_whichever_limit_it_is_of(plain, clock, database, inbox, maria, sam):
    """The gap, the hour of a number that others text, five minutes of an address, the day: told to the second, before they are met."""
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    clock.move(seconds=90)
    assert wait(plain.open(CODE)) == 0
    [first] = database.all(SentCode)
    of_sam = {"user_id": database.user(sam).id, "attempt": "another", "to_hash": first.to_hash, "ip": "192.0.2.7"}
    of_maria = {**of_sam, "user_id": first.user_id, "created_at": clock.now - timedelta(hours=2)}
    full = [
        (24, {**of_sam, "to_hash": b"another", "ip": first.ip, "used_at": clock.now}, 210, "3 minutes and 30 seconds"),
        (2, {**of_sam, "used_at": clock.now}, 3510, "58 minutes and 30 seconds"),
        (9, of_maria, 22 * 3600, "22 hours"),
    ]
    for number, changed, seconds, words in full:
        copies(database, number, **changed)
        assert wait(plain.open(CODE)) == seconds
        plain.press("Send again")
        assert plain.status == 422 and plain.problems == [LIMIT.format(words)] and wait(plain) == seconds
    assert count(inbox, maria) == 1
    plain.press("Change the number")
    assert "You can send a new text in 22:00:00." in plain.text, "the day is full, whatever the number"


def test_a_number_page_tells_the_wait_of_a_number_once_it_is_typed(plain, clock, database, inbox, maria, sam):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    copies(database, 2, user_id=database.user(sam).id, attempt="another")
    clock.move(seconds=60)
    assert wait(plain.open(CODE)) == 59 * 60
    plain.press("Cancel")
    ask_for_texts(plain)
    assert "You can send a new text" not in plain.text
    send_to(plain, MARIAS)
    assert plain.problems == [LIMIT.format("59 minutes")] and "You can send a new text in 59:00." in plain.text
    send_to(plain, OTHERS)
    assert plain.path == CODE and count(inbox, maria) == 2


def test_where_it_is_you_is_confirmed_the_wait_is_told_before_the_first_text(texting, clock, maria):
    texting.sign_in(maria)
    texting.fill("Verify", Verification_Code=maria.codes[0])
    for _ in range(3):  # the set-up's was the first, the sign-in's the second
        clock.move(minutes=6)
        texting.open("/account/security/confirm").press(
            next(each for each in ("Text me a code", "Send again") if texting.offers(each))
        )
    clock.move(seconds=61)
    assert wait(texting.open("/account/security/confirm")) == 40 * 60 - 1
    texting.press("Send again")
    assert (
        texting.status == 422 and texting.problems == [LIMIT.format("39 minutes and 59 seconds")] and wait(texting) == 40 * 60 - 1
    )


def test_ten_impatient_clicks_send_one_text(texting, inbox, clock, maria):
    texting.sign_in(maria)
    before = count(inbox, maria)
    clock.move(seconds=60)
    for _ in range(10):
        texting.press("Send again")
    assert count(inbox, maria) == before + 1
    texting.fill("Verify", Verification_Code=inbox.code(maria))
    assert texting.path == "/home"


def test_the_first_text_of_a_new_sign_in_goes_at_once(texting, inbox, maria):
    texting.sign_in(maria)
    before = count(inbox, maria)
    texting.another().sign_in(maria)
    assert count(inbox, maria) == before + 1


def test_an_account_gets_five_texts_an_hour_and_is_told_how_long_to_wait(texting, clock, inbox, maria):
    before = count(inbox, maria)
    for _ in range(5):
        clock.move(seconds=1)
        texting.another().sign_in(maria)
    assert count(inbox, maria) == before + 5
    late = texting.another()
    late.sign_in(maria)
    limit = LIMIT.format("59 minutes and 56 seconds")
    assert late.notices == [limit] and "We can text" not in late.text and late.offers("Use a backup code")
    assert wait(late) == 60 * 60 - 4 and not late.offers("Verify"), "no text lives, so there is no field"
    late.press("Text me a code")
    assert late.status == 422
    assert late.problems == [limit] and late.notices == []
    late.insist("Verify", Verification_Code="123456")
    assert late.notices == [limit] and "We can text" not in late.text
    clock.move(seconds=59 * 60 + 56)
    late.another().sign_in(maria)
    assert count(inbox, maria) == before + 6


def test_an_account_gets_ten_texts_a_day(texting, clock, inbox, maria):
    before = count(inbox, maria)
    for _ in range(10):
        clock.move(minutes=16)
        texting.another().sign_in(maria)
    assert count(inbox, maria) == before + 10
    clock.move(hours=2)
    late = texting.another()
    late.sign_in(maria)
    assert late.notices == [LIMIT.format("19 hours and 36 minutes")] and wait(late) == (19 * 60 + 36) * 60
    late.press("Text me a code")
    assert late.problems == [LIMIT.format("19 hours and 36 minutes")]
    clock.move(hours=20)
    late.another().sign_in(maria)
    assert count(inbox, maria) == before + 11


# --- a limit belongs to whoever spends it: strangers stop strangers (SM-5, RL-7)


def send_and_cancel(browser, number):
    """Asks for a text to a number in a set-up, and cancels it; returns whether one was sent."""
    send_to(ask_for_texts(browser), number)
    is_sent = browser.path == CODE
    browser.press("Cancel")
    return is_sent


@pytest.fixture
def strangers(plain, database, clock, maria, world):
    """Returns browsers of patients who are somebody else, behind the same address."""
    people = [person for person in world.people.values() if person.username in ("jun", "sam")]
    for user in database.all(User, User.username.in_([person.username for person in people])):
        database.change(update(User).where(User.id == user.id).values(two_factor="off"))
    return [plain.another().enter(replace(person, clock=clock)) for person in people]


def test_send_cancel_and_again_waits_a_minute_for_the_same_number(plain, clock, inbox, maria):
    plain.enter(maria)
    assert send_and_cancel(plain, MARIAS)
    clock.move(seconds=59)
    send_to(ask_for_texts(plain), MARIAS)
    assert (
        plain.problems == [GAP.format("1 second")]
        and "You can send a new text in 1 second." in plain.text
        and count(inbox, maria) == 1
    )
    send_to(plain, OTHERS)
    assert plain.path == CODE, "another number has a minute of its own, for who mistyped the first"
    plain.press("Cancel")
    clock.move(seconds=1)
    assert send_and_cancel(plain, MARIAS)


def test_strangers_spend_everything_they_may_and_the_owner_of_the_number_gets_the_next_text_at_once(
    texting, clock, database, inbox, maria, strangers
):
    before = count(inbox, maria)
    for _ in range(2):
        [send_and_cancel(stranger, MARIAS) for stranger in strangers]
        clock.move(seconds=61)
    of_strangers = database.all(SentCode, SentCode.user_id != database.user(maria).id)
    to_unproved = database.all(SentCode, SentCode.is_proved.is_(False))
    assert len(to_unproved) == config.SENDS_TO_UNPROVED, "a number that is not proved gets three an hour, whoever asks"
    copies(
        database, 30, user_id=of_strangers[0].user_id, attempt="another", is_proved=False
    )  # the address, the prefix, and the number are spent
    texting.sign_in(maria)
    assert texting.notices == [] and count(inbox, maria) == before + 1
    clock.move(seconds=60)
    texting.press("Send again")
    assert texting.status == 200 and count(inbox, maria) == before + 2
    texting.fill("Verify", Verification_Code=inbox.code(maria))
    assert texting.path == "/home"


def test_a_thief_with_the_password_spends_no_text_of_a_browser_that_the_owner_used_before(texting, database, clock, inbox, maria):
    for _ in range(6):
        texting.another(ip="127.0.0.66").sign_in(maria)
    assert len(database.all(SentCode, SentCode.is_known.is_(False))) == config.SENDS_PER_HOUR
    clock.move(seconds=1)
    sign_in_by_text(texting, inbox, maria)
    clock.move(minutes=6)
    texting.open("/account/security/confirm")
    confirm_by_text(texting, inbox, maria)
    assert texting.path == "/account/security"


def test_a_family_shares_a_number_and_no_limit(texting, database, clock, inbox, maria, jun):
    other = texting.another()
    turn_on_texts(other.enter(jun), inbox, jun, MARIAS)
    other.open("/home").press("Sign out")
    for _ in range(5):
        texting.another().sign_in(maria)
    before = count(inbox, jun)
    for _ in range(4):
        other.sign_in(jun)
        other.press("Cancel")
    assert count(inbox, jun) == before + 4


def test_who_proved_a_number_and_turned_texts_off_turns_them_on_again_whatever_strangers_did(
    texting, database, clock, inbox, maria, strangers
):
    sign_in_by_text(texting, inbox, maria)
    texting.open("/account/security/disable").fill("Disable", Current_password=maria.password)
    assert database.user(maria).two_factor == "off"
    clock.move(seconds=1)
    for stranger in strangers:
        send_and_cancel(stranger, MARIAS)
    copies(database, 30, attempt="another")
    send_to(ask_for_texts(texting), MARIAS)
    assert texting.path == CODE
    own = database.all(SentCode, SentCode.user_id == database.user(maria).id)
    assert max(own, key=lambda row: row.created_at).is_proved


def test_an_address_gets_25_texts_to_unproved_numbers_in_five_minutes(plain, clock, database, maria, jun, sam):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    copies(database, 24, user_id=database.user(sam).id, to_hash=b"another", attempt="another", used_at=clock.now)
    other = plain.another()
    send_to(ask_for_texts(other.enter(jun)), OTHERS)
    assert other.problems == [LIMIT.format("5 minutes")] and "You can send a new text in 5:00." in other.text
    elsewhere = plain.another(ip="127.0.0.7")
    send_to(ask_for_texts(elsewhere.enter(jun)), OTHERS)
    assert elsewhere.path == CODE
    clock.move(minutes=5)
    send_to(other.open(NUMBER), OTHERS)
    assert other.path == CODE


def test_an_address_of_ipv6_counts_as_its_network(plain, database, maria):
    send_to(ask_for_texts(plain.another(ip="::1").enter(maria)), MARIAS)
    assert [row.ip for row in database.all(SentCode)] == ["::/64"]


def copies(database, number, **changed):
    """Adds so many copies of the newest text, as others asked for it from elsewhere."""
    row = max(database.all(SentCode), key=lambda row: row.created_at)
    values = {column.name: getattr(row, column.name) for column in SentCode.__table__.columns} | changed
    with database.engine.begin() as connection:
        connection.execute(SentCode.__table__.insert(), [{**values, "id": new_id()} for _ in range(number)])


def test_a_limit_reached_is_no_lock_the_other_ways_stay_open(texting, maria):
    for _ in range(6):
        browser = texting.another()
        browser.sign_in(maria)
    browser.press("Use a backup code")
    browser.fill("Verify", Backup_code=maria.codes[0])
    assert browser.path == "/home"


STOPPED = "We can't text numbers that are new to us for now. Use the authenticator app, or try again in {}."


def logged(caplog, monkeypatch):
    """Returns a function that returns the lines about texts since then."""
    monkeypatch.setattr(text_waits, "LOGGED", {})
    return lambda: [record.getMessage() for record in caplog.records if record.getMessage().startswith("texts")]


def test_unproved_numbers_of_a_prefix_stop_when_nobody_enters_their_codes(
    texting, clock, database, inbox, maria, sam, strangers, caplog, monkeypatch
):
    lines, stranger = logged(caplog, monkeypatch), strangers[0]
    assert send_and_cancel(stranger, OTHERS)
    copies(database, 8, to_hash=b"another", attempt="another", ip="192.0.2.7", user_id=database.user(sam).id, is_proved=False)
    assert send_and_cancel(stranger, "+16085550118") and lines() == [
        "texts to numbers starting with +16085: 10 sent, 0 used in the last hour"
    ]
    clock.move(seconds=90)
    send_to(ask_for_texts(stranger), "+16085550119")
    assert (
        stranger.problems == [STOPPED.format("58 minutes and 30 seconds")]
        and "You can send a new text in 58:30." in stranger.text
    )
    send_to(stranger, "+16085550119")
    assert len(lines()) == 1, "once, not at each"
    send_to(stranger, "+12025550143")
    assert stranger.path == CODE, "another prefix is not stopped"
    database.change(update(SentCode).where(SentCode.prefix == "+16085").values(prefix="+15035"))
    before = count(inbox, maria)
    texting.sign_in(maria)
    assert count(inbox, maria) == before + 1 and MARIAS not in caplog.text, "proved ones go on"


def test_unproved_numbers_stop_for_the_day_when_the_plan_is_spent(
    texting, clock, database, inbox, maria, strangers, caplog, monkeypatch
):
    lines, stranger = logged(caplog, monkeypatch), strangers[0]
    sent = len(database.all(SentCode))
    monkeypatch.setattr("portal.settings.config.SENDS_PLANNED_PER_DAY", sent + 1)
    clock.move(minutes=2)
    assert send_and_cancel(stranger, OTHERS) and lines() == [f"texts: the daily limit of {sent + 1} has been reached"]
    clock.move(minutes=2)
    before = count(inbox, maria)
    texting.sign_in(maria)
    assert count(inbox, maria) == before + 1, "proved ones go on"
    assert "You can send a new text in 23:58:00." in ask_for_texts(stranger).text
    send_to(stranger, OTHERS)
    assert (
        stranger.problems == [STOPPED.format("23 hours and 58 minutes")]
        and "You can send a new text in 23:58:00." in stranger.text
        and len(lines()) == 1
    )


# --- what is kept and shown: SM-1, SM-12


def test_no_code_stands_in_the_database_but_its_keyed_hash(plain, database, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    code, kept = inbox.code(maria), str(database.everything())
    found = [where for where in (code, MARIAS, MARIAS[1:]) if where in kept]
    assert found == []
    assert database.all(SentCode)[0].code_hash != keyed_hash(b"", code)


def test_codes_are_six_digits_of_any_kind(plain, clock, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    shape = re.fullmatch(r"\d{6}", inbox.code(maria)) is not None
    assert shape


def test_a_page_shows_two_digits_of_the_number_and_a_wrong_password_none(texting, inbox, maria):
    texting.open("/sign-in")
    texting.fill("Sign in", Username="maria", Password="harbor-lantern-2025")
    assert "64" not in texting.text
    texting.sign_in(maria)
    for path in ("/sign-in/code", "/sign-in/no-code", "/sign-in/backup-code"):
        text = texting.get(path).text
        assert (MARIAS[-4:] in text, MARIAS[2:] in text) == (False, False)
    texting.open("/sign-in/code")
    assert "••• ••• ••64" in texting.text
    texting.fill("Verify", Verification_Code=inbox.code(maria))
    for path in ("/account", "/account/security", "/home"):
        assert MARIAS[-4:] not in texting.get(path).text
    assert "Codes go to ••• ••• ••64." in texting.open("/account/security").text


def test_security_opens_where_a_number_can_not_be_opened(plain, database, inbox, maria):
    turn_on_texts(plain.enter(maria), inbox, maria)
    database.change(update(Authenticator).values(secret_sealed=b"k1\0broken"))
    plain.open("/account/security")
    assert plain.status == 200 and "Text message" in plain.text and "Codes go to" not in plain.text


def test_an_email_is_no_way_in(texting, maria):
    texting.sign_in(maria)
    assert "email" not in texting.text.lower() and "e-mail" not in texting.text.lower()


def test_the_text_is_bound_to_our_host_and_says_whose_it_is(plain, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    words = inbox.of(maria)[0].words
    whole = "for M. R." in words and words.split("\n")[-1] == f"@127.0.0.1 #{words[:6]}" and len(words) <= 160
    assert whole


def test_a_text_dies_with_its_code(plain, database, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    row = database.all(Outbox, Outbox.kind == "text")[0]
    assert row.expires_at - row.created_at == timedelta(minutes=10)


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_a_text_that_could_not_be_handed_over_says_so_and_offers_the_other_ways(texting, clock, database, maria, state):
    texting.sign_in(maria)
    database.change(update(Outbox).where(Outbox.kind == "text").values(state=state))
    texting.open("/sign-in/code")
    assert "Your text didn't go through. Select Send again, or use a backup code." in texting.notices
    assert texting.offers("Send again") and texting.offers("Use a backup code") and texting.offers("Can't access your code?")


def test_a_first_text_that_could_not_be_handed_over_lets_the_number_be_checked(browser, database, maria):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    database.change(update(Outbox).where(Outbox.kind == "text").values(state="failed"))
    browser.open(CODE)
    assert "Your text didn't go through. Select Send again, or check the number." in browser.notices
    browser.press("Change the number")
    assert browser.path == NUMBER


@pytest.mark.parametrize(
    ("became", "said"),
    [
        ({"outcome": "refused"}, "still trying. Check the number, or choose the authenticator app."),
        ({"state": "failed", "outcome": HELD}, "send codes there. Change the number, or choose the authenticator app."),
    ],
)
def test_at_the_first_set_up_no_way_is_named_that_is_not_there(browser, database, maria, became, said):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    database.change(update(Outbox).where(Outbox.kind == "text").values(**became))
    browser.open(CODE)
    assert any(said in notice for notice in browser.notices) and "backup code" not in browser.text


# --- a family's number (SM-9)


def test_a_family_shares_a_number_and_its_codes_are_not_interchangeable(plain, clock, inbox, maria, jun):
    turn_on_texts(plain.enter(maria), inbox, maria)
    other = plain.another()
    send_to(ask_for_texts(other.enter(jun)), MARIAS)
    assert "for J. P." in inbox.of(jun)[-1].words
    other.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert other.status == 422
    other.fill("Verify and Enable", Verification_Code=inbox.code(jun))
    assert other.path == CODES
    clock.move(minutes=1)
    hers, his = plain.another(), plain.another()
    hers.sign_in(maria)
    his.sign_in(jun)
    hers.fill("Verify", Verification_Code=inbox.code(jun))
    assert hers.status == 422
    hers.fill("Verify", Verification_Code=inbox.code(maria))
    his.fill("Verify", Verification_Code=inbox.code(jun))
    assert (hers.path, his.path) == ("/home", "/home")


def test_a_sixth_account_on_one_number_is_refused(plain, database, clock, inbox, maria, jun):
    turn_on_texts(plain.enter(maria), inbox, maria)
    row = database.all(Authenticator, Authenticator.method == "sms")[0]
    values = {column.name: getattr(row, column.name) for column in Authenticator.__table__.columns}
    *others, fifth = [user.id for user in database.all(User, User.username.not_in(["maria", "jun"]))][:4]
    add(database, [{**values, "id": f"{user:032}", "user_id": user} for user in others])
    other = plain.another()
    send_to(ask_for_texts(other.enter(jun)), MARIAS)
    assert other.path == CODE
    other.press("Cancel")
    clock.move(minutes=1)
    add(database, [{**values, "id": f"{fifth:032}", "user_id": fifth}])
    send_to(ask_for_texts(other), MARIAS)
    assert other.status == 422
    assert other.problems == ["This number is already used by 5 accounts. Choose another number, or the authenticator app."]


def add(database, rows):
    """Adds authenticators beside the portal."""
    with database.engine.begin() as connection:
        connection.execute(Authenticator.__table__.insert(), rows)


# --- who is offered it


def test_providers_are_never_offered_texts(plain, dr_chen):
    plain.enter(dr_chen)
    for path in (WIZARD, NUMBER, CODE, SEND):
        assert plain.post(path, {"method": "sms", "phone": MARIAS}).status_code == 403


def test_switched_off_texts_are_not_offered_and_those_who_have_them_get_in_by_backup_code(
    texting, inbox, maria, jun, monkeypatch
):
    monkeypatch.setattr("portal.settings.config.METHODS", ("totp",))
    texting.sign_in(maria)
    assert texting.path == "/sign-in/code" and "Use one of your backup codes." in texting.text
    texting.fill("Verify", Verification_Code=maria.codes[0])
    assert texting.path == "/home"
    other = texting.another().enter(jun)
    other.open(WIZARD)
    assert [radio["value"] for radio in other.page.all("input", type="radio")] == ["totp"]


def test_what_was_sent_and_refused_is_in_the_audit_trail_without_number_or_code(texting, database, inbox, clock, maria):
    texting.sign_in(maria)
    texting.press("Send again")
    clock.move(minutes=1)
    texting.press("Send again")
    trail = [(event.result, event.reason) for event in database.all(Event, Event.event == "code_sent")]
    assert trail == [("ok", None), ("ok", None), ("refused", "send_gap"), ("ok", None)]
    said = str([vars(event) for event in database.all(Event)])
    found = MARIAS[2:] in said or any(text.code and text.code in said for text in inbox.of(maria))
    assert not found


# --- texts of what is over


@pytest.mark.parametrize("over", ["a newer one", "cancelled", "another method"])
def test_a_text_that_waits_is_not_begun_once_its_code_is_dead(plain, clock, database, inbox, maria, over):
    """A worker that was down sends what is alive, and nothing else (rule 7)."""
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    clock.move(seconds=61)
    if over == "a newer one":
        plain.press("Send again")
    elif over == "cancelled":
        plain.press("Cancel")
    else:
        plain.open(WIZARD).press("Continue")
    first, *newer = sorted(database.all(Outbox, Outbox.kind == "text"), key=lambda row: row.created_at)
    assert first.expires_at <= clock.now and all(row.expires_at > clock.now for row in newer)
    assert len(newer) == (over == "a newer one")


def test_after_five_wrong_tries_the_page_promises_no_minutes(plain, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    for wrong in itertools.islice(inbox.wrong_codes(maria), 5):
        plain.fill("Verify and Enable", Verification_Code=wrong)
    assert "The code expires in" not in plain.text and "no longer works" in plain.text


def end_code(how, browser, button, clock, database, inbox, person):
    """Has the newest code end by its time or its tries, and answers it too late."""
    if how == "time":
        database.change(update(SentCode).values(expires_at=clock.now))
        browser.insist(button, Verification_Code=inbox.code(person))
    else:
        for wrong in itertools.islice(inbox.wrong_codes(person), 5):
            browser.fill(button, Verification_Code=wrong)


@pytest.mark.parametrize("how", ["tries", "time"])
def test_a_refusal_that_tells_the_end_of_a_code_is_alone_in_telling_it(texting, clock, database, inbox, maria, how):
    texting.sign_in(maria)
    end_code(how, texting, "Verify", clock, database, inbox, maria)
    assert texting.problems and "The code we texted" not in texting.text
    texting.open(CODE)
    assert not texting.problems and "The code we texted" in texting.text


@pytest.mark.parametrize("how", ["tries", "time"])
def test_a_refusal_in_set_up_tells_the_end_of_a_code_alone(browser, clock, database, inbox, maria, how):
    send_to(ask_for_texts(browser.enter(maria)), MARIAS)
    page = browser.path
    end_code(how, browser, "Verify and Enable", clock, database, inbox, maria)
    assert browser.problems and "The code we texted" not in browser.text
    browser.open(page)
    assert not browser.problems and "The code we texted" in browser.text


def test_a_number_that_was_proved_is_texted_however_many_share_it(plain, clock, database, inbox, maria):
    """Others may have proved it at the same moment; who is in is never shut out (SM-9)."""
    turn_on_texts(plain.enter(maria), inbox, maria)
    share(database, maria, 6)
    clock.move(minutes=61)
    fresh = plain.another()
    fresh.sign_in(maria)
    fresh.fill("Verify", Verification_Code=inbox.code(maria))
    assert fresh.path == "/home"


def test_the_sixth_account_is_refused_at_the_proof_too(plain, database, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    share(database, maria, 5)
    plain.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert plain.status == 422 and "This number is already used by 5 accounts" in plain.problems[0]
    assert database.user(maria).two_factor == "off"


def test_ones_own_number_is_not_counted_among_those_who_share_it(app, texting, database, maria):
    user_id, to_hash = database.user(maria).id, database.all(SentCode)[-1].to_hash
    share(database, maria, config.ACCOUNTS_PER_NUMBER - 1)
    with app.app_context():
        text_waits.check_number_sharing(user_id, to_hash)
        with pytest.raises(Refused, match="number_shared"):
            text_waits.check_number_sharing(0, to_hash)


def share(database, person, accounts):
    """Lets other accounts have the number that the person was texted at."""
    to_hash = database.all(SentCode)[-1].to_hash
    others = [user.id for user in database.all(User) if user.username != person.username]
    for number, user_id in zip(range(accounts), others, strict=False):
        row = {"id": f"{number:032}", "user_id": user_id, "method": "sms", "name": "Text message", "secret_sealed": b"k1\0"}
        kept = {"target_hash": to_hash, "failures": 0}
        database.change(insert(Authenticator).values(**row, **kept, created_at=START))
