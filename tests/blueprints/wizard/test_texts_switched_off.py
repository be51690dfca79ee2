"""Texts switched off by the operator: none goes out, nobody new gets them, and those who had them still get in (SM-6, C-4)."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from portal.flows.messages.notices import outbox_place
from portal.gateways import REFUSED, Message, Off
from portal.models import Authenticator, BackupCode, Binding, Event
from portal.queue import Queue
from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from tests.house.test_documents import EXIT
from tests.support.client import WIZARD
from tests.support.texts import (
    CODE,
    NUMBER,
    OTHERS,
    SEND,
    ask_for_texts,
    confirm_by_text,
    send_to,
    sign_in_by_text,
    turn_on_texts,
)

BACKUP = "Text messages are turned off right now, so we can't text you a code. Use one of your backup codes."
APP = "Text messages are turned off right now, so we can't text you a code. Use the code from your app, or a backup code."
ALONE = "and you have no other way to get in. Contact Support"


@pytest.fixture
def switch_off(app, monkeypatch):
    """Switches texts off, as a restart with PORTAL_SMS=0 does."""
    return lambda: monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], texts=False))


@pytest.fixture
def texting(browser, clock, inbox, maria, switch_off):
    """Maria's browser; her codes came by text until texts were switched off."""
    turn_on_texts(browser.enter(maria), inbox, maria)
    browser.open("/home")
    browser.press("Sign out")
    clock.move(minutes=2)
    switch_off()
    return browser


def test_texts_are_on_unless_the_setting_says_otherwise(tmp_path):
    place = {"PORTAL_INSTANCE": str(tmp_path)}
    assert [load_settings(place | more).texts for more in ({}, {"PORTAL_SMS": "1"}, {"PORTAL_SMS": ""}, {"PORTAL_SMS": "0"})] == [
        True, True, True, False,
    ]  # fmt: skip
    with pytest.raises(SettingError, match="PORTAL_SMS must be 1 or 0"):
        load_settings(place | {"PORTAL_SMS": "no"})


def test_the_choice_page_offers_the_app_alone_and_says_why(browser, maria, switch_off):
    switch_off()
    browser.enter(maria).open(WIZARD)
    assert [radio["value"] for radio in browser.page.all("input", type="radio")] == ["totp"]
    assert "Text messages are turned off right now." in browser.text


def test_what_is_posted_past_the_choice_page_begins_nothing(plain, database, inbox, maria, switch_off):
    plain.enter(maria).open(WIZARD)
    switch_off()
    assert plain.post(WIZARD, {"method": "sms"}).status_code == 422
    for path, fields in ((NUMBER, {"phone": OTHERS}), (CODE, {"code": "123456"}), (SEND, {})):
        assert plain.post(path, fields).headers["Location"] == WIZARD
        assert plain.get(path).status_code in (303, 405)
    assert database.all(Binding) == [] and inbox.of(maria) == []


def test_a_set_up_under_way_ends_at_the_choice_page(plain, database, inbox, maria, switch_off):
    send_to(ask_for_texts(plain.enter(maria)), OTHERS)
    switch_off()
    assert plain.post(CODE, {"code": inbox.code(maria)}).headers["Location"] == WIZARD
    plain.open(CODE)
    assert plain.path == WIZARD and database.user(maria).two_factor == "off"


def test_the_password_sends_nothing_and_the_code_page_says_what_remains(texting, database, inbox, maria):
    before = len(inbox.of(maria))
    texting.sign_in(maria)
    assert texting.path == "/sign-in/code" and texting.notices == [BACKUP]
    assert not texting.offers("Text me a code") and not texting.offers("Send again")
    assert len(inbox.of(maria)) == before
    assert [each.reason for each in database.all(Event, Event.event == "code_sent")][-1] == "texts_off"
    texting.fill("Verify", Verification_Code=maria.codes[0])
    assert texting.path == "/home"


def test_a_text_asked_for_by_direct_post_is_refused_in_words(texting, database, inbox, maria):
    before = len(inbox.of(maria))
    texting.sign_in(maria)
    own = database.all(Authenticator, Authenticator.method == "sms")[0].id
    answer = texting.post("/sign-in/send", {"authenticator": own})
    assert answer.status_code == 422 and "so we didn&#39;t send one" in answer.text
    assert len(inbox.of(maria)) == before


def test_six_digits_that_no_text_brought_are_answered_with_what_remains(texting, maria):
    texting.sign_in(maria)
    texting.fill("Verify", Verification_Code="123456")
    assert texting.status == 422 and texting.problems[0].startswith(BACKUP)


def test_who_cannot_get_a_code_is_not_told_to_wait_for_a_text(texting, maria):
    texting.sign_in(maria)
    texting.press("Can't access your code?")
    assert texting.offers("Use a backup code") and not texting.offers("Text me a code") and "text a 6-digit" not in texting.text


def test_a_code_that_is_on_the_phone_already_still_opens(plain, app, database, inbox, maria, clock, switch_off):
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.press("Sign out")
    clock.move(minutes=2)
    plain.sign_in(maria)
    switch_off()
    plain.open("/sign-in/code")
    plain.fill("Verify", Verification_Code=inbox.code(maria))
    assert plain.path == "/home"


def test_without_a_backup_code_support_is_named(texting, database, maria, clock):
    database.change(update(BackupCode).values(used_at=clock.now))
    texting.sign_in(maria)
    assert ALONE in texting.notices[0]


def test_an_app_beside_the_texts_still_opens_the_account(plain, database, inbox, sam, clock, switch_off):
    plain.enter(sam).open(f"{WIZARD}?add=1")
    plain.choose("Text Message (SMS)")
    plain.press("Continue")
    send_to(plain, OTHERS)
    plain.fill("Verify and Enable", Verification_Code=inbox.code(sam))
    plain.press("Sign out")
    clock.move(minutes=2)
    switch_off()
    plain.sign_in(sam)
    assert plain.notices == [APP]
    plain.fill("Verify", Verification_Code=sam.code())
    assert plain.path == "/home"


def test_a_confirmation_says_so_too_and_takes_a_backup_code(texting, clock, maria):
    texting.sign_in(maria)
    texting.fill("Verify", Verification_Code=maria.codes[0])
    clock.move(minutes=6)
    texting.open("/account/security/backup-codes")
    assert texting.notices == [BACKUP] and not texting.offers("Text me a code")
    texting.fill("Continue", Current_password=maria.password, Verification_Code=maria.codes[1])
    assert texting.path == "/account/security/backup-codes"


def test_security_offers_the_app_in_place_of_update_phone(texting, database, maria):
    texting.sign_in(maria)
    texting.fill("Verify", Verification_Code=maria.codes[0])
    texting.open("/account/security")
    assert not texting.offers("Update Phone") and "Turned off" in texting.text
    texting.press("Use another way instead")
    assert [radio["value"] for radio in texting.page.all("input", type="radio")] == ["totp"]
    texting.press("Continue")
    maria.key = "".join(texting.page.one("code", id="key").text.split())
    texting.fill("Verify and Enable", Verification_Code=maria.code())
    assert [row.method for row in database.all(Authenticator, Authenticator.user_id == database.user(maria).id)] == ["totp"]
    assert all("no longer text" not in (text or "") for text in told(database, maria)), "a text went out"


def told(database, person):
    """Returns the words of the texts to a person."""
    from portal.models import Outbox

    rows = database.all(Outbox, Outbox.kind == "text", Outbox.user_id == database.user(person).id)
    return [database.keys.open(row.body_sealed, outbox_place(row.id, "body")) for row in rows if row.body_sealed]


def test_what_would_remain_without_the_phone_counts_no_texts(plain, database, inbox, sam, clock, switch_off):
    plain.enter(sam).open(f"{WIZARD}?add=1")
    plain.choose("Text Message (SMS)")
    plain.press("Continue")
    send_to(plain, OTHERS)
    plain.fill("Verify and Enable", Verification_Code=inbox.code(sam))
    database.change(update(BackupCode).values(used_at=clock.now))
    plain.open("/account/security")
    assert "only another way to get codes would let you in" in plain.text
    switch_off()
    plain.open("/account/security")
    assert "you would have no way in" in plain.text


def test_the_last_way_that_works_cannot_be_removed(plain, database, inbox, sam, switch_off):
    plain.enter(sam).open(f"{WIZARD}?add=1")
    plain.choose("Text Message (SMS)")
    plain.press("Continue")
    send_to(plain, OTHERS)
    plain.fill("Verify and Enable", Verification_Code=inbox.code(sam))
    app = database.all(Authenticator, Authenticator.method == "totp", Authenticator.user_id == database.user(sam).id)[0].id
    switch_off()
    plain.post(f"/account/security/authenticators/{app}/remove")
    assert len(database.all(Authenticator, Authenticator.user_id == database.user(sam).id)) == 2


def test_switched_on_again_texts_come_as_before(texting, app, clock, inbox, maria, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], texts=True))
    sign_in_by_text(texting, inbox, maria)
    clock.move(minutes=6)
    texting.open("/account/security/backup-codes")
    confirm_by_text(texting, inbox, maria)
    assert texting.offers("Regenerate Backup Codes")


def test_not_even_a_text_that_waited_goes_out(app, gateway):
    settings = replace(app.extensions["settings"], texts=False, text_urls=(gateway.url(),))
    carrier = Queue(app, settings).make_text_gateway()
    assert isinstance(carrier, Off) and carrier.hand_over(Message("a", OTHERS, "words")) == REFUSED
    assert gateway.asked == []


def test_the_exit_plans_questions_are_answered_by_the_database(plain, database, inbox, maria, sam):
    alone, arrived = re.findall(r"```sql\n(.*?)```", EXIT.read_text(), re.DOTALL)
    with database.engine.connect() as connection:
        assert connection.execute(text(alone)).scalar() == 0, "Sam has an app"
    turn_on_texts(plain.enter(maria), inbox, maria)
    with database.engine.connect() as connection:
        assert connection.execute(text(alone)).scalar() == 1
        assert connection.execute(text(arrived)).all() == [("queued", None, 1)]
