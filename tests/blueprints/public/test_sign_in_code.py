"""The code page: which codes are taken, once, and what a refused one is told."""

import pytest
from sqlalchemy import update

from portal.models import Authenticator, Event, Outbox, Session
from tests.support.markup import squeeze

SHAPE = "The code must be 6 numbers, or a backup code of 16 letters and numbers."
SHAPES = {
    "nothing": ("", "Enter the 6-digit code."),
    "dashes": ("--", "Enter the 6-digit code."),
    "five digits": ("12345", SHAPE),
    "seven digits": ("1234567", SHAPE),
    "letters": ("abcdef", SHAPE),
    "NUL": ("123456\0", SHAPE),
    "10,000 digits": ("1" * 10_000, "That's more than one code. Enter only one of them."),
    "a key": ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", SHAPE),
}


def verify(browser, code):
    """Types a code on the code page; returns the first thing that is wrong with it, or None when it let the person in."""
    browser.fill("Verify", Verification_Code=code)
    return browser.problems[0] if browser.status == 422 else None


def failures(database, person):
    """Returns how many failures the account and its authenticators are charged with."""
    user = database.user(person)
    rows = database.all(Authenticator, Authenticator.user_id == user.id)
    return user.code_failures + user.own_failures, [row.failures + row.own_failures for row in rows]


@pytest.mark.parametrize(("typed", "sentence"), SHAPES.values(), ids=SHAPES)
def test_a_code_of_another_shape_is_told_and_costs_no_try(browser, database, sam, typed, sentence):
    browser.sign_in(sam)
    assert verify(browser, typed) == sentence
    assert browser.field("Verification Code")["value"] is None
    assert failures(database, sam) == (0, [0])


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_the_codes_around_now_let_in(plain, sam, steps):
    plain.sign_in(sam)
    assert verify(plain, sam.code(steps)) is None


@pytest.mark.parametrize("zero", [0x660, 0x966, 0xFF10], ids=["Arabic-Indic", "Devanagari", "full-width"])
def test_digits_of_any_script_let_in(browser, sam, zero):
    browser.sign_in(sam)
    typed = "-".join(chr(zero + int(digit)) for digit in sam.code())
    assert verify(browser, typed) is None


@pytest.mark.parametrize(
    ("steps", "words"), [(-2, "1 minute slow"), (2, "1 minute fast"), (-5, "3 minutes slow"), (20, "10 minutes fast")]
)
def test_a_phone_whose_clock_is_off_is_told_by_how_much(browser, database, sam, steps, words):
    browser.sign_in(sam)
    said = verify(browser, sam.code(steps))
    assert f"Your phone's clock is about {words}." in said
    assert failures(database, sam) == (1, [1]), "the try counts like any other"


@pytest.mark.parametrize("steps", [-21, 21, 200])
def test_a_code_from_further_away_is_plainly_wrong(plain, sam, steps):
    plain.sign_in(sam)
    assert "clock is about" not in verify(plain, sam.code(steps))


def test_wrong_codes_never_get_the_hint(plain, clock, sam):
    plain.sign_in(sam)
    for code, _ in zip(sam.wrong_codes(), range(9), strict=False):
        assert "clock is about" not in verify(plain, code)


def test_the_hinted_step_is_spent_and_those_before_it_are_not(plain, clock, sam):
    plain.sign_in(sam)
    hinted = sam.code(3)
    assert "clock is about 2 minutes fast" in verify(plain, hinted)
    clock.move(seconds=60)
    assert verify(plain, sam.code()) is None, "two steps before the hinted one"
    plain.press("Sign out")
    clock.next_code()
    plain.sign_in(sam)
    assert hinted == sam.code()
    assert "already used" in verify(plain, hinted)
    clock.next_code()
    assert verify(plain, sam.code()) is None


def test_the_same_hint_twice_is_the_same_hint(plain, sam):
    plain.sign_in(sam)
    assert verify(plain, sam.code(6)).split(".")[0] == verify(plain, sam.code(6)).split(".")[0]


def test_a_spent_step_outside_the_window_is_the_clock_not_used(plain, clock, sam):
    plain.enter(sam)
    spent = sam.code()
    plain.press("Sign out")
    clock.move(seconds=90)
    plain.sign_in(sam)
    assert "about 2 minutes slow" in verify(plain, spent)


def test_a_code_used_once_is_refused_in_another_session(plain, clock, sam):
    plain.enter(sam)
    code = sam.code()
    other = plain.another(ip="127.0.0.9")
    other.sign_in(sam)
    assert "already used" in verify(other, code)
    clock.next_code()
    assert "already used" in verify(other, code)
    assert verify(other, sam.code()) is None


def test_after_the_next_code_this_one_is_spent_too(plain, sam):
    plain.sign_in(sam)
    assert verify(plain, sam.code(1)) is None
    other = plain.another()
    other.sign_in(sam)
    for steps in (1, 0, -1):
        assert "already used" in verify(other, sam.code(steps))


def test_a_right_code_of_somebody_else_opens_nothing(plain, sam, dr_okafor):
    plain.sign_in(sam)
    assert verify(plain, dr_okafor.code()) is not None


def test_advice_after_wrong_codes_follows_the_guides_order(browser, sam):
    browser.sign_in(sam)
    said = [verify(browser, code) for code, _ in zip(sam.wrong_codes(), range(5), strict=False)]
    wanted = ["time on your phone", "fresh code", "labeled for Medximity", "backup codes", "backup codes"]
    assert [word for word, sentence in zip(wanted, said, strict=True) if word not in sentence] == []


def test_people_of_the_chart_are_told_their_own_label(plain, dr_okafor):
    plain.sign_in(dr_okafor)
    said = [verify(plain, code) for code, _ in zip(dr_okafor.wrong_codes(), range(3), strict=False)]
    assert "labeled for DigitalPatientChart" in said[2]


def test_the_advice_begins_anew_after_a_right_code(plain, clock, sam):
    plain.sign_in(sam)
    for code, _ in zip(sam.wrong_codes(), range(3), strict=False):
        verify(plain, code)
    assert verify(plain, sam.code()) is None
    plain.press("Sign out")
    plain.sign_in(sam)
    assert "time on your phone" in verify(plain, sam.wrong_code())


def test_every_refusal_says_how_many_tries_are_left(plain, sam):
    plain.sign_in(sam)
    said = [verify(plain, code) for code, _ in zip(sam.wrong_codes(), range(9), strict=False)]
    assert [int(sentence.split("You have ")[1].split()[0]) for sentence in said] == list(range(9, 0, -1))
    assert said[-1].endswith("You have 1 try left before a pause.")


def test_a_backup_code_is_taken_where_the_code_is_asked(browser, sam):
    browser.sign_in(sam)
    assert verify(browser, sam.codes[0]) is None
    assert browser.path == "/home"
    assert "You used a backup code: 9 left." in browser.text


def test_the_ways_on_without_a_code(browser, sam):
    browser.sign_in(sam)
    browser.press("Can't access your code?")
    assert browser.heading == "Can't access your code?"
    order = [
        "Use a backup code",
        "Check the time on your phone",
        "Wait for a fresh code",
        "Look for the right account",
        "Contact Support",
    ]
    places = [browser.text.index(words) for words in order]
    assert places == sorted(places)
    browser.press("Use a backup code")
    assert browser.path == "/sign-in/backup-code"
    browser.press("Use the code from your phone")
    assert browser.path == "/sign-in/code"


def test_the_code_page_has_one_field_ready_for_the_code(browser, sam):
    browser.sign_in(sam)
    field = browser.field("Verification Code")
    assert (field["inputmode"], field["autocomplete"], "autofocus" in field) == ("numeric", "one-time-code", True)
    assert len([box for box in browser.page.one("main").all("input") if box["type"] not in ("hidden", "checkbox")]) == 1


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(plain, clock, database, sam):
    plain.enter(sam)
    plain.press("Sign out")
    clock.next_code()
    plain.enter(sam)
    assert [notice.template for notice in database.all(Outbox)] == ["new_browser"]
    clock.next_code()
    plain.another().enter(sam)
    assert [notice.template for notice in database.all(Outbox)] == ["new_browser"] * 2


def test_a_claim_alone_makes_no_browser_known(plain, clock, database, sam):
    plain.sign_in(sam)
    plain.sign_in(sam)
    verify(plain, sam.code())
    assert len(database.all(Outbox)) == 1


def test_a_seal_that_does_not_open_lets_nobody_in_and_offers_the_backup_codes(browser, database, sam, caplog):
    database.change(update(Authenticator).values(secret_sealed=b"k1\0" + b"broken" * 8))
    browser.sign_in(sam)
    said = verify(browser, sam.code())
    assert said.startswith("We can't check codes from your phone right now")
    assert any(entry.levelname == "CRITICAL" for entry in caplog.records)
    assert squeeze(sam.key) not in caplog.text
    assert verify(browser, sam.codes[0]) is None


def test_a_method_that_was_switched_off_lets_nobody_in(plain, database, sam):
    database.change(update(Authenticator).values(method="pager"))
    plain.sign_in(sam)
    assert verify(plain, sam.code()) == "Your way to confirm that it's you is turned off right now. Use one of your backup codes."
    assert verify(plain, sam.codes[0]) is None


def test_a_second_app_works_beside_the_first(plain, clock, database, sam, dr_okafor):
    """Two authenticators of one person: each has its own steps, a right code of one charges the other nothing."""
    add_second(database, sam, dr_okafor.key)
    plain.sign_in(sam)
    assert verify(plain, dr_okafor.code()) is None
    assert failures(database, sam) == (0, [0, 0])
    plain.press("Sign out")
    plain.sign_in(sam)
    assert "time on your phone" in verify(plain, sam.wrong_code())
    assert failures(database, sam) == (1, [1, 1])
    assert verify(plain, sam.code()) is None
    assert failures(database, sam)[0] == 0


def add_second(database, person, key):
    """Binds a second app with a known key to a person."""
    from sqlalchemy import insert

    from portal.methods.totp import METHOD
    from portal.models import secret_place

    user = database.user(person)
    sealed = database.keys.seal(key, secret_place(user.id, "second"))
    row = {
        "id": "second",
        "user_id": user.id,
        "method": "totp",
        "secret_sealed": sealed,
        "failures": 0,
        "created_at": person.clock.now,
    }
    database.change(insert(Authenticator).values(**row, **METHOD.begins_with))


def test_a_claim_that_was_finished_elsewhere_spends_the_code_and_lets_nobody_in(plain, database, sam, monkeypatch):
    """Two answers of one claim at once: the slower one finds its session renewed."""
    from portal.flows.sessions import sessions

    plain.sign_in(sam)
    monkeypatch.setattr(sessions, "renew_session", lambda context, **columns: None)
    assert "already used" in verify(plain, sam.code())
    assert database.all(Session)[0].level == "claimant"
    assert not database.all(Event, Event.event == "authn_login_success", Event.factor == "totp")
