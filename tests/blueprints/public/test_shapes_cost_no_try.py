"""Input that is refused for its shape costs no try, on every page that asks for a code or a password."""

import pytest

from portal.models import Authenticator, Binding, SentCode, Session
from tests.support.texts import ask_for_texts, send_to

CODES = [
    "",
    " ",
    "12345",
    "1234567",
    "abcdef",
    "12345a",
    "１２３４５",
    "123-45",
    "½½½½½½",
    "👍👍👍👍👍👍",
    "0x1F40",
    "-12345",
    "1e5",
]
BACKUP_CODES = [
    "",
    " ",
    "ABCD-EFGH-JKMN-PQR",
    "ABCD-EFGH-JKMN-PQRST",
    "ABCD-EFGH-JKMN-PQR!",
    "123456",
    "UUUU-UUUU-UUUU-UUUU",
    "abcd efgh",
]
SECURITY = "/account/security"


def spent(database, person):
    """Returns everything that is counted against a person: in both purses, at each authenticator, set-up, session and text."""
    user = database.user(person)
    found = [user.code_failures, user.own_failures, user.backup_failures, user.password_failures, user.set_up_failures]
    for row in database.all(Authenticator, Authenticator.user_id == user.id):
        found += [row.failures, row.own_failures]
    found += [row.failures for row in database.all(Binding, Binding.user_id == user.id)]
    found += [row.backup_failures for row in database.all(Session, Session.user_id == user.id)]
    return sum(found) + sum(row.tries for row in database.all(SentCode, SentCode.user_id == user.id))


def refuse_all(browser, button, label, inputs, **also):
    """Types each input in turn; each is refused."""
    for typed in inputs:
        browser.fill(button, **also, **{label: typed})
        assert browser.status == 422, typed


def test_at_sign_in(plain, database, sam):
    plain.sign_in(sam)
    refuse_all(plain, "Verify", "Verification_Code", CODES)
    refuse_all(plain, "Verify", "Verification_Code", [each for each in BACKUP_CODES if each != "123456"])
    assert spent(database, sam) == 0


def test_on_the_page_for_backup_codes(plain, database, sam):
    plain.sign_in(sam)
    plain.press("Use a backup code")
    refuse_all(plain, "Verify", "Backup_code", BACKUP_CODES)
    assert spent(database, sam) == 0


def test_at_re_authentication(plain, clock, database, sam):
    plain.enter(sam)
    clock.move(minutes=6)
    plain.open(f"{SECURITY}/confirm")
    refuse_all(plain, "Continue", "Verification_Code", CODES, Current_password=sam.password)
    refuse_all(plain, "Continue", "Current_password", [""], Verification_Code=sam.code())
    assert spent(database, sam) == 0
    plain.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert plain.path == SECURITY, "and the code is not spent"


def test_in_a_set_up_of_an_app(plain, database, maria):
    plain.enter(maria).begin_set_up(maria)
    refuse_all(plain, "Verify and Enable", "Verification_Code", CODES)
    assert spent(database, maria) == 0


def test_in_a_set_up_of_texts(plain, database, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), "503 555 0164")
    refuse_all(plain, "Verify and Enable", "Verification_Code", CODES)
    assert spent(database, maria) == 0


@pytest.mark.parametrize("page", ["disable", "password"])
def test_where_the_current_password_is_asked_for(plain, database, sam, page):
    plain.enter(sam)
    if page == "disable":
        plain.open(SECURITY).press("Disable")
        refuse_all(plain, "Disable", "Current_password", [""])
    else:
        plain.open("/account/password")
        refuse_all(plain, "Change password", "Current_password", [""], New_password="four quiet lanterns at sea")
        refuse_all(plain, "Change password", "New_password", ["", "short"], Current_password=sam.password)
    assert spent(database, sam) == 0
