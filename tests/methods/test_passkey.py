"""A passkey, answered for by a manager of the tests' own: set-up, sign-in, and everything that can be wrong with an answer."""

import json
from dataclasses import replace
from datetime import timedelta

import cbor2
import pytest
from sqlalchemy import delete, update

from portal import methods, open_challenges
from portal.answers import KEY, Answer
from portal.db import begin_write, db
from portal.methods import passkey as method
from portal.models import ActProof, Authenticator, BackupCode, Event, OpenChallenge, secret_place
from portal.settings import config
from tests.support.client import WIZARD
from tests.support.mailbox import mails
from tests.support.passkeys import (
    CHECKED,
    KEYCHAIN,
    ORIGIN,
    PRESENT,
    SYNCABLE,
    SYNCED,
    VERIFIED,
    Passkey,
    encode,
    hand_in,
    options,
)
from tests.support.texts import turn_on_texts

STEP = f"{WIZARD}/passkey/create"
BUTTON = "Use your passkey"
UNREADABLE = "We couldn't read your browser's answer, or it isn't right. Try again, or use another way."
ELSEWHERE = "That passkey answered for another address. Check the address of this page, then try again."
UNVERIFIED = "Your device didn't check that it's you. When it asks, use your face, fingerprint, or screen lock."
TAKEN = "That one is already in use on this site, so it can't be added again. Use another one."
OTHER = "Another tab or window has asked for your passkey since, or that answer is for another page. Try again here."
# What is wrong with an answer -> what the page says.
LIES = {
    "another address": ({"origin": "http://127.0.0.1.evil.example"}, ELSEWHERE),
    "another port": ({"origin": "http://127.0.0.1:5001"}, ELSEWHERE),
    "another site": ({"site": "evil.example"}, ELSEWHERE),
    "in another site's frame": ({"crossed": True}, ELSEWHERE),
    "nobody there": ({"flags": VERIFIED}, UNVERIFIED),
    "nobody checked": ({"flags": PRESENT}, UNVERIFIED),
    "a challenge of nobody's": ({"challenge": encode(bytes(32))}, OTHER),
    "no challenge": ({"challenge": ""}, OTHER),
    "another kind": ({"type": "payment.get"}, UNREADABLE),
}
NO_CEREMONY = {
    "a number": "123456",
    "nothing in it": "{}",
    "a list": "[1]",
    "no JSON": "passkey",
    "wrong parts": json.dumps({"id": "a", "rawId": "a", "type": "public-key", "response": {"clientDataJSON": 1}}),
    "no base64": json.dumps({"id": "é", "rawId": "é", "type": "public-key", "response": {}}),
    "deep": "[" * 10_000,
    "long": json.dumps({"id": "a" * 50_000}),
    "a lone surrogate": '"\\ud800"',
}


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.setattr(methods, "ADDITIONAL", ["passkey"])


def begin(browser, goal=""):
    browser.open(f"{WIZARD}{goal}")
    browser.choose("Passkey")
    browser.press("Continue")
    assert browser.path == STEP and browser.heading == "Create a passkey"


def add(browser, goal="", **what):
    """Sets a passkey up; returns it."""
    made = Passkey(ORIGIN, **what)
    begin(browser, goal)
    hand_in(browser, "Create a passkey", made.create(options(browser)))
    return made


@pytest.fixture
def keyed(plain, maria):
    """Maria's browser at the code page, and her passkey."""
    made = add(plain.enter(maria), count=1)
    plain.codes = plain.read_codes()
    plain.press("Sign out")
    plain.sign_in(maria)
    return plain, made


def own(database, person):
    return database.all(Authenticator, Authenticator.user_id == database.user(person).id)


def test_it_is_offered_to_patients_alone_and_hidden_until_the_script_shows_it(plain, maria, dr_chen, monkeypatch):
    plain.enter(maria).open(WIZARD)
    cards = [each["value"] for each in plain.page.all("input", type="radio")]
    assert cards == ["totp", "sms", "passkey"] and "checked" in plain.page.one("input", value="totp")
    assert "hidden" in plain.page.one("div", **{"data-unless": "passkey.js"})
    assert [each.text for each in plain.page.all("span") if "badge" in each.classes] == ["Recommended"]
    assert "passkey.js" in plain.response.text
    provider = plain.another()
    provider.enter(dr_chen).open("/ehr/settings/security/two-factor")
    assert [each["value"] for each in provider.page.all("input", type="radio")] == ["totp"]
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    plain.open(WIZARD)
    assert len(plain.page.all("input", type="radio")) == 2 and "passkey" not in plain.response.text


def test_what_the_browser_is_asked_to_make(browser, maria):
    begin(browser.enter(maria))
    asked = options(browser)
    assert asked["rp"] == {"id": "127.0.0.1", "name": "Medximity"} and asked["user"]["name"] == "maria"
    assert asked["authenticatorSelection"]["residentKey"] == "preferred"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert (asked["attestation"], asked["timeout"], asked["excludeCredentials"]) == ("none", 300_000, [])
    again = options(browser)
    assert again["user"] == asked["user"] and again["challenge"] != asked["challenge"]


def test_words_of_a_newer_browser_are_taken_and_handed_back(browser, maria):
    """webauthn 3.0.1 refuses an attachment and drops a transport that it doesn't know (findings/webauthn-new-words.sh)."""
    made = add(browser.enter(maria), attachment="implanted", transports=("internal", "telepathy"))
    browser.read_codes()
    browser.press("Sign out")
    browser.sign_in(maria)
    asked = options(browser)["allowCredentials"]
    assert asked == [{"type": "public-key", "id": encode(made.identity), "transports": ["internal", "telepathy"]}]
    hand_in(browser, BUTTON, made.answer(options(browser)))
    assert browser.path == "/home"


@pytest.mark.parametrize(
    ("kind", "aaguid", "name", "told"),
    [
        (SYNCABLE | SYNCED, KEYCHAIN, "iCloud Keychain", "Your passkey manager can sync it to your other devices."),
        (0, bytes(16), "Passkey", "It exists on one device only. If you lose that, a backup code lets you in."),
    ],
)
def test_it_is_set_up_and_named_and_says_whether_it_dies_with_its_device(browser, database, maria, kind, aaguid, name, told):
    add(browser.enter(maria), kind=kind, aaguid=aaguid)
    assert len(browser.read_codes()) == 10, "it leads to backup codes as any method does"
    row = own(database, maria)[0]
    assert (row.method, row.name, row.remembered["backed_up"], row.target_hash) == ("passkey", name, bool(kind), None)
    browser.open("/account/security")
    assert name in browser.text and told in browser.text and browser.offers("Replace Passkey")


def test_a_key_that_could_never_sign_in_is_refused_at_once(browser, maria, database):
    """webauthn 3.0.1 takes a point beside its curve, and finds out at sign-in."""
    begin(browser.enter(maria))
    made = Passkey(ORIGIN)
    hand_in(browser, "Create a passkey", made.create(options(browser), y=1))
    assert browser.problems == [UNREADABLE] and own(database, maria) == []


@pytest.mark.parametrize("lie", LIES)
def test_no_wrong_ceremony_makes_one(plain, database, maria, lie):
    lies, said = LIES[lie]
    begin(plain.enter(maria))
    hand_in(plain, "Create a passkey", Passkey(ORIGIN).create(options(plain), **lies))
    assert (plain.status, plain.problems, own(database, maria)) == (422, [said], [])
    hand_in(plain, "Create a passkey", Passkey(ORIGIN).create(options(plain)))
    assert len(own(database, maria)) == 1, "nothing is lost"


@pytest.mark.parametrize("fmt", ["smoke-signals", "packed", 7, None])
def test_an_attestation_of_another_kind_makes_none(plain, database, maria, fmt):
    begin(plain.enter(maria))
    hand_in(plain, "Create a passkey", Passkey(ORIGIN).create(options(plain), fmt=fmt))
    assert (plain.status, plain.problems, own(database, maria)) == (422, [UNREADABLE], [])


def test_an_answer_longer_than_any_is_not_read(plain, database, maria):
    begin(plain.enter(maria))
    for length, made in ((method.ANSWER_LENGTH + 1, 0), (method.ANSWER_LENGTH, 1)):
        start = Passkey(ORIGIN).create(options(plain)).removesuffix("}") + ', "more": "'
        hand_in(plain, "Create a passkey", start.ljust(length - 2, "a") + '"}')
        assert len(own(database, maria)) == made and plain.problems == ([] if made else [UNREADABLE])


def test_an_identity_longer_than_any_makes_none(plain, database, maria):
    begin(plain.enter(maria))
    for length, made in ((1024, 0), (1023, 1)):
        hand_in(plain, "Create a passkey", Passkey(ORIGIN, identity=bytes(length)).create(options(plain)))
        assert len(own(database, maria)) == made


@pytest.mark.parametrize("typed", NO_CEREMONY.values(), ids=NO_CEREMONY)
def test_what_is_no_ceremony_is_refused_in_words(keyed, typed):
    plain, made = keyed
    hand_in(plain, BUTTON, typed)
    assert (plain.status, plain.problems) == (422, [UNREADABLE])
    hand_in(plain, BUTTON, made.answer(options(plain)))
    assert plain.path == "/home"


def test_an_empty_answer_and_one_of_100_kilobytes(keyed):
    plain, _ = keyed
    hand_in(plain, BUTTON, "")
    assert plain.status == 422 and "It needs JavaScript for that." in plain.problems[0]
    plain.post("/sign-in/code", {"authenticator": "passkey", "passkey": "a" * 100_000})
    assert plain.response.status_code == 413


def test_it_signs_in_and_counts_and_costs_no_try(keyed, database, maria, clock):
    plain, made = keyed
    assert plain.heading == "Confirm it's you with your passkey" and plain.offers("Use a backup code")
    asked = options(plain)
    assert (asked["rpId"], asked["userVerification"]) == ("127.0.0.1", "required")
    assert [each["id"] for each in asked["allowCredentials"]] == [encode(made.identity)]
    clock.move(minutes=1)
    hand_in(plain, BUTTON, made.answer(asked))
    assert plain.path == "/home"
    row = own(database, maria)[0]
    assert (row.remembered["count"], row.last_used_at, row.failures, row.own_failures) == (2, clock.now, 0, 0)
    events = [(each.factor, each.result) for each in database.all(Event) if each.event == "authn_login_success"]
    assert events[-1][0] == "passkey"


@pytest.mark.parametrize("lie", LIES)
def test_no_wrong_ceremony_signs_in(keyed, database, maria, lie):
    plain, made = keyed
    lies, said = LIES[lie]
    hand_in(plain, BUTTON, made.answer(options(plain), **lies))
    assert (plain.status, plain.problems, plain.path) == (422, [said], "/sign-in/code")
    assert database.user(maria).code_failures + database.user(maria).own_failures == 0
    hand_in(plain, BUTTON, made.answer(options(plain)))
    assert plain.path == "/home"


def test_an_answer_that_is_not_plain_is_not_read(keyed, monkeypatch):
    plain, made = keyed
    for extension, path in ((cbor2.CBORTag(4000, 1), "/sign-in/code"), (1, "/home")):
        told = Passkey.device(made, 0x80 | CHECKED, {"count": made.count + 1}) + cbor2.dumps({"a": extension})
        monkeypatch.setattr(made, "device", lambda *_, told=told: told)
        hand_in(plain, BUTTON, made.answer(options(plain)))
        assert plain.path == path, extension


def test_a_signature_of_another_key_is_worthless_and_spends_the_challenge(keyed):
    plain, made = keyed
    asked = options(plain)
    forger = Passkey(ORIGIN, identity=made.identity, count=9)
    hand_in(plain, BUTTON, forger.answer(asked))
    assert plain.problems == [UNREADABLE]
    hand_in(plain, BUTTON, made.answer(asked))
    assert plain.problems == ["That answer was already used. Try again."]


def test_a_count_that_went_back_is_refused_and_said(keyed):
    plain, made = keyed
    for count in (1, 0):
        hand_in(plain, BUTTON, made.answer(options(plain), count=count))
        assert plain.status == 422 and plain.problems[0].startswith("We refused that passkey, because a copy")
    hand_in(plain, BUTTON, made.answer(options(plain)))
    assert plain.path == "/home"


def test_a_count_as_high_as_counts_go_works(plain, maria):
    made = add(plain.enter(maria), count=2**32 - 2)
    plain.press("Sign out")
    plain.sign_in(maria)
    hand_in(plain, BUTTON, made.answer(options(plain)))
    assert plain.path == "/home"


def test_of_two_answers_at_once_the_lower_count_is_refused(app, keyed, database, maria, clock):
    _, made = keyed
    row = own(database, maria)[0]
    counted = {**row.remembered, "count": 9}
    database.change(update(Authenticator).where(Authenticator.id == row.id).values(remembered=counted))
    text = database.keys.open(row.secret_sealed, secret_place(row.user_id, row.id))
    secret = methods.Secret(row.id, text, "Medximity", "maria", "session:1", origin=ORIGIN, relying_party="127.0.0.1")
    with app.app_context():
        begin_write()
        challenge = open_challenges.make_challenge(row.user_id, "session:1", clock.now)
        answer = Answer(KEY, made.answer({"challenge": encode(challenge)}), method="passkey")
        with pytest.raises(methods.CodeRejected):
            method.METHOD.challenge.take(secret, row, answer, clock.now)
        db.session.rollback()


def test_an_answer_works_once_and_in_its_own_session_alone(keyed, maria):
    plain, made = keyed
    beside = plain.another()
    beside.sign_in(maria)
    asked = options(plain)
    given = made.answer(asked)
    hand_in(beside, BUTTON, given)
    assert beside.problems == [OTHER]
    hand_in(plain, BUTTON, given)
    assert plain.path == "/home"
    plain.press("Sign out")
    plain.sign_in(maria)
    hand_in(plain, BUTTON, given)
    assert plain.problems == [OTHER]


def test_without_the_script_no_button_promises_a_passkey_and_a_backup_code_lets_in(keyed):
    browser, _ = keyed
    assert "hidden" in browser.page.one("button", **{"data-unless": "passkey.js"})
    assert "Use a backup code or another way below." in browser.page.one("noscript").text
    browser.press("Use a backup code")
    browser.fill("Verify", Backup_code=browser.codes[0])
    assert browser.path == "/home"


def test_of_two_tabs_the_one_that_asked_last_works(keyed):
    plain, made = keyed
    first, second = options(plain), options(plain)
    hand_in(plain, BUTTON, made.answer(first))
    assert plain.problems == [OTHER]
    hand_in(plain, BUTTON, made.answer(second))
    assert plain.path == "/home"


def test_a_challenge_is_over_after_five_minutes(keyed, clock):
    plain, made = keyed
    asked = options(plain)
    clock.move(minutes=5)
    hand_in(plain, BUTTON, made.answer(asked))
    assert plain.problems == ["Your answer came too late. Try again with a new one."]


@pytest.mark.parametrize(("back", "spent"), [(timedelta(seconds=1), None), (timedelta(hours=1), "late")])
def test_a_challenge_is_over_once_the_clock_is_set_back(app, database, maria, clock, back, spent):
    with app.app_context():
        begin_write()
        challenge = open_challenges.make_challenge(database.user(maria).id, "session:1", clock.now)
        assert open_challenges.spend_challenge("session:1", challenge, clock.now - back) == spent
        db.session.rollback()


def test_an_unknown_passkey_and_one_of_another_account(keyed, sam, app):
    plain, _ = keyed
    theirs = plain.another()
    other = add(theirs.enter(sam), "?add=1")
    for stranger in (Passkey(ORIGIN), other):
        hand_in(plain, BUTTON, stranger.answer(options(plain)))
        assert plain.status == 422 and plain.problems[0].startswith("Your account doesn't have that passkey")


def test_a_passkey_that_the_account_has_is_not_added_again(keyed, database, maria):
    plain, made = keyed
    hand_in(plain, BUTTON, made.answer(options(plain)))
    begin(plain, "?add=1")
    asked = options(plain)
    assert [each["id"] for each in asked["excludeCredentials"]] == [encode(made.identity)]
    hand_in(plain, "Create a passkey", made.create(asked))
    assert plain.status == 422 and plain.problems[0].startswith("Your account already has that passkey")
    assert len(own(database, maria)) == 1


def test_several_are_asked_with_one_question_and_one_may_go_meanwhile(keyed, database, maria, clock):
    plain, first = keyed
    hand_in(plain, BUTTON, first.answer(options(plain)))
    second = add(plain, "?add=1", aaguid=KEYCHAIN)
    third = add(plain, "?add=1", aaguid=KEYCHAIN)
    assert {row.name for row in own(database, maria)} == {"Passkey", "iCloud Keychain", "iCloud Keychain 2"}
    assert "Your next sign-in asks for your passkey." in plain.text
    beside = plain.another()
    beside.sign_in(maria)
    asked = options(beside)
    assert len(asked["allowCredentials"]) == 3 and not beside.offers("Use iCloud Keychain")
    database.change(delete(Authenticator).where(Authenticator.name == "Passkey"))
    hand_in(beside, BUTTON, first.answer(asked))
    assert beside.status == 422 and beside.problems[0].startswith("Your account doesn't have that passkey")
    hand_in(beside, BUTTON, third.answer(options(beside)))
    assert beside.path == "/home"
    plain.open("/account/security")
    plain.press("Remove iCloud Keychain 2")
    plain.press("Remove")
    assert "iCloud Keychain 2" not in plain.text
    plain.press("Sign out")
    plain.sign_in(maria)
    hand_in(plain, BUTTON, second.answer(options(plain)))
    assert plain.path == "/home"


def test_it_confirms_a_change_with_the_password_beside_it(keyed, maria, clock):
    plain, made = keyed
    hand_in(plain, BUTTON, made.answer(options(plain)))
    clock.move(minutes=6)
    plain.open("/account/password")
    assert plain.heading == "Confirm it's you" and plain.offers("Use a backup code")
    hand_in(plain, BUTTON, made.answer(options(plain)), Current_password="not the password")
    assert plain.status == 422 and plain.problems[0].startswith("That's not your current password.")
    hand_in(plain, BUTTON, made.answer(options(plain)), Current_password=maria.password)
    assert plain.path == "/account/password"


def test_backup_codes_work_beside_it_and_codes_are_not_for_it(keyed):
    plain, _ = keyed
    plain.post("/sign-in/code", {"code": "123456"})
    assert "open with that" in plain.response.text
    plain.press("Use a backup code")
    plain.fill("Verify", Backup_code=plain.codes[0])
    assert plain.path == "/home"


def test_beside_an_app_either_signs_in(plain, maria, clock):
    plain.enter(maria).set_up(maria)
    made = add(plain, "?add=1", kind=SYNCABLE)
    plain.press("Sign out")
    plain.sign_in(maria)
    plain.press("Use a verification code")
    assert plain.offers(BUTTON)
    clock.move(minutes=1)
    plain.fill("Verify", Verification_Code=maria.code())
    assert plain.path == "/home"
    plain.press("Sign out")
    plain.sign_in(maria)
    hand_in(plain, BUTTON, made.answer(options(plain)))
    assert plain.path == "/home"


def test_switched_off_it_opens_nothing_and_counts_as_no_way_in(plain, database, maria, monkeypatch, clock):
    plain.enter(maria).set_up(maria)
    made = add(plain, "?add=1")
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    plain.open("/account/security")
    assert "Turned off" in plain.text and plain.offers("Use another way instead")
    plain.press("Remove Authenticator App")
    assert plain.heading != "Remove Authenticator App?" and not plain.offers("Remove")
    plain.post(plain.path)
    assert len(own(database, maria)) == 2, "the app is the last way in"
    plain.press("Sign out")
    plain.sign_in(maria)
    assert plain.heading == "Enter your verification code"
    plain.post("/sign-in/code", {"authenticator": "passkey", "passkey": made.answer({"challenge": ""})})
    assert plain.response.status_code == 422


@pytest.mark.parametrize(("codes", "said"), [(True, "Use one of your backup codes."), (False, "Contact Support, and we'll")])
def test_who_has_nothing_else_is_told_what_is_left_once_it_is_switched_off(keyed, database, maria, monkeypatch, codes, said):
    plain, _ = keyed
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    if not codes:
        database.change(update(BackupCode).values(used_at=database.user(maria).created_at))
    for address in ("/sign-in/send", f"{WIZARD}/passkey/send", STEP, "/account/security"):
        plain.post(address, {"authenticator": "passkey"})
        assert plain.response.status_code in (303, 405, 422) and "challenge" not in plain.response.text
    plain.open("/sign-in/code")
    told = plain.notices[0]
    assert told.startswith("Your way to confirm that it's you is turned off right now") and said in told
    assert plain.offers("Can't access your code?") and not plain.offers(BUTTON)
    plain.fill("Verify", Verification_Code="123456")
    assert plain.status == 422 and plain.problems == [told], "no six digits are hers"
    plain.fill("Verify", Verification_Code=plain.codes[0])
    assert (plain.path == "/home") is codes


def test_once_it_is_switched_off_a_change_asks_for_a_backup_code(keyed, maria, monkeypatch, clock):
    plain, made = keyed
    hand_in(plain, BUTTON, made.answer(options(plain)))
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    clock.move(minutes=6)
    plain.open("/account/password")
    assert plain.heading == "Confirm it's you" and plain.notices[0].endswith("Use one of your backup codes.")
    plain.fill("Continue", Current_password=maria.password, Verification_Code=plain.codes[0])
    assert plain.path == "/account/password"


def test_beside_texts_that_are_off_no_code_is_asked_for(app, plain, inbox, maria, monkeypatch):
    turn_on_texts(plain.enter(maria), inbox, maria)
    made = add(plain, "?add=1")
    plain.press("Sign out")
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], texts=False))
    plain.sign_in(maria)
    off = "Text messages are turned off right now, so we can't text you a code."
    assert plain.notices[0] == f"{off} Use your other way, or a backup code."
    hand_in(plain, BUTTON, Passkey(ORIGIN).answer(options(plain)))
    assert plain.problems[0].startswith("Your account doesn't have that passkey")
    hand_in(plain, BUTTON, made.answer(options(plain)))
    assert plain.path == "/home"


def test_no_email_says_that_it_has_codes(keyed, clock):
    plain, made = keyed
    hand_in(plain, BUTTON, made.answer(options(plain)))
    add(plain, "?add=1")
    plain.open("/account/security")
    plain.press("Remove Passkey 2")
    plain.press("Remove")
    wrong = ("password and a code", "get codes", "Its codes")
    own = [mail.text for mail in mails(plain, to="maria@example.test")]
    about = ("your password alone doesn't open it", "confirm that it's you was added", "confirm that it's you was removed")
    assert all(any(part in text for text in own) for part in about)
    assert [text for text in own if any(part in text for part in wrong)] == []


def test_what_a_script_asks_out_of_turn(plain, maria, sam):
    plain.enter(maria)
    for address in (f"{WIZARD}/passkey/send", f"{WIZARD}/totp/send"):
        plain.post(address)
        assert plain.response.status_code == 303
    stranger = plain.another()
    stranger.sign_in(sam)
    assert stranger.post("/sign-in/send", {"authenticator": "passkey"}).status_code == 422
    assert stranger.post("/sign-in/send", {"authenticator": "nobody's"}).status_code == 422


def test_challenges_are_kept_by_hash_one_for_each_attempt_and_swept(keyed, database, app, clock):
    plain, _ = keyed
    asked = [options(plain) for _ in range(3)][-1]
    rows = database.all(OpenChallenge)
    assert len([row for row in rows if row.attempt.startswith("session:")]) == 1
    assert asked["challenge"] not in str([vars(row) for row in rows])
    clock.move(minutes=6)
    app.extensions["queue"].order_due()
    assert database.all(OpenChallenge) == []


def test_an_unreadable_secret_asks_nothing(keyed, database):
    plain, _ = keyed
    database.change(update(Authenticator).where(Authenticator.method == "passkey").values(secret_sealed=b"broken"))
    assert plain.post("/sign-in/send", {"authenticator": "passkey"}).status_code == 422


def test_a_person_has_few_of_them(keyed, database, maria, clock):
    plain, made = keyed
    hand_in(plain, BUTTON, made.answer(options(plain)))
    for _ in range(config.AUTHENTICATORS_MAX - 1):
        add(plain, "?add=1")
    plain.open(f"{WIZARD}?add=1")
    plain.choose("Passkey")
    plain.press("Continue")
    assert plain.status == 422 and len(own(database, maria)) == config.AUTHENTICATORS_MAX


def test_the_test_bench_says_who_can_answer(keyed):
    plain, _ = keyed
    bench = plain.another()
    bench.open("/test-bench")
    entry = next(part for part in bench.page.all("div") if "entry" in part.classes and " maria" in part.text)
    assert "A passkey has no code." in entry.text


def test_every_keeper_is_a_brand_by_its_number():
    assert all(len(bytes.fromhex(number.replace("-", ""))) == 16 and name for number, name in method.KEEPERS.items())


# --- one on the whole site


def test_a_passkey_of_another_account_is_refused_without_a_word_about_whose(keyed, sam, database):
    plain, made = keyed
    theirs = plain.another().enter(sam)
    begin(theirs, "?add=1")
    hand_in(theirs, "Create a passkey", Passkey(ORIGIN, identity=made.identity).create(options(theirs)))
    assert (theirs.status, theirs.problems) == (422, [TAKEN])
    assert "maria" not in theirs.text.lower() and len(own(database, sam)) == 1
    hand_in(theirs, "Create a passkey", Passkey(ORIGIN).create(options(theirs)))
    assert len(own(database, sam)) == 2, "nothing is lost"


def test_of_two_accounts_that_make_the_same_at_once_one_has_it(keyed, sam, database, monkeypatch):
    """As on PostgreSQL, where neither sees what the other has not committed: the index decides."""
    plain, made = keyed
    theirs = plain.another().enter(sam)
    begin(theirs, "?add=1")
    monkeypatch.setattr(method, "FIND_SAME", method.FIND_SAME.where(Authenticator.id == "nobody sees it"))
    hand_in(theirs, "Create a passkey", Passkey(ORIGIN, identity=made.identity).create(options(theirs)))
    assert (theirs.status, theirs.problems) == (422, [TAKEN])
    assert len(own(database, sam)) == 1 and [row.method for row in own(database, sam)] == ["totp"]
    assert database.all(Event, Event.reason == "authenticator_taken")
    monkeypatch.undo()
    monkeypatch.setattr(methods, "ADDITIONAL", ["passkey"])
    hand_in(theirs, "Create a passkey", Passkey(ORIGIN).create(options(theirs)))
    assert len(own(database, sam)) == 2, "the set-up goes on"


def test_a_passkey_that_was_removed_may_be_made_again_anywhere(keyed, sam, database):
    plain, made = keyed
    database.change(delete(Authenticator).where(Authenticator.method == "passkey"))
    theirs = plain.another().enter(sam)
    begin(theirs, "?add=1")
    hand_in(theirs, "Create a passkey", Passkey(ORIGIN, identity=made.identity).create(options(theirs)))
    assert len(own(database, sam)) == 2


def test_an_account_has_room_for_five_and_says_so(keyed, database, maria):
    """However many somebody would add: each set-up asks first whether there is room, and an account has one set-up at a time."""
    plain, made = keyed
    hand_in(plain, BUTTON, made.answer(options(plain)))
    for _ in range(config.AUTHENTICATORS_MAX - 1):
        add(plain, "?add=1")
    plain.open(f"{WIZARD}?add=1")
    said = "You already have 5 ways to confirm it's you. Remove one you no longer use, then add this one."
    assert said in plain.text or plain.fill("Continue").problems == [said]
    assert plain.post(WIZARD + "?add=1", {"method": "passkey"}).status_code == 422
    assert len(own(database, maria)) == config.AUTHENTICATORS_MAX


# --- an act with a proof of its own


@pytest.fixture
def two_keys(keyed, database, maria):
    """Maria's browser, signed in with a passkey and not spared confirmations, her passkey, and the ids of two."""
    plain, made = keyed
    hand_in(plain, BUTTON, made.answer(options(plain)))
    add(plain, "?add=1", aaguid=KEYCHAIN)
    plain.is_spared = False
    rows = sorted(own(database, maria), key=lambda row: row.created_at)
    return plain, made, [row.id for row in rows]


def removal(authenticator):
    return f"/account/security/authenticators/{authenticator}/remove"


def test_an_answer_for_one_removal_is_none_for_another(two_keys, maria, database):
    plain, made, (first, second) = two_keys
    plain.open(removal(first))
    for_first = made.answer(options(plain))
    plain.open(removal(second))
    hand_in(plain, BUTTON, for_first, Current_password=maria.password)
    assert (plain.status, plain.problems) == (422, [OTHER]) and not database.all(ActProof)
    hand_in(plain, BUTTON, made.answer(options(plain)), Current_password=maria.password)
    assert plain.path == removal(second)
    plain.press("Remove")
    assert [row.id for row in own(database, maria)] == [first]


def test_an_answer_for_a_sign_in_or_a_plain_confirmation_is_none_for_an_act(two_keys, maria, clock, database):
    plain, made, (first, _) = two_keys
    clock.move(minutes=6)
    plain.open("/account/security/backup-codes")
    plain_answer = made.answer(options(plain))
    plain.open(removal(first))
    hand_in(plain, BUTTON, plain_answer, Current_password=maria.password)
    assert plain.problems == [OTHER] and not database.all(ActProof)


def test_disable_asks_for_the_passkey_on_its_own_page_also_just_after_a_sign_in(two_keys, maria, database):
    plain, made, (first, _) = two_keys
    plain.open(removal(first))
    for_removal = made.answer(options(plain))
    plain.open("/account/security").press("Disable")
    assert plain.path == "/account/security/disable" and plain.field("Current password")
    hand_in(plain, "Disable", for_removal, Current_password=maria.password)
    assert plain.problems == [OTHER]
    hand_in(plain, "Disable", "", Current_password=maria.password)
    assert plain.status == 422 and "It needs JavaScript for that." in plain.problems[0]
    hand_in(plain, "Disable", made.answer(options(plain)), Current_password="not my password")
    assert plain.status == 422 and database.user(maria).two_factor == "on"
    hand_in(plain, "Disable", made.answer(options(plain)), Current_password=maria.password)
    assert plain.path == "/account/security" and database.user(maria).two_factor == "off"


def test_without_the_script_disable_takes_a_backup_code(two_keys, maria, database):
    plain, _, _ = two_keys
    plain.open("/account/security/disable").press("Use a backup code")
    assert plain.path == "/account/security/disable"
    plain.fill("Disable", Current_password=maria.password, Verification_Code=plain.codes[0])
    assert database.user(maria).two_factor == "off"
