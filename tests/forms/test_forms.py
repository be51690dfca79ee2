"""Shapes of what people type: what is meant counts, not how it was typed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from portal.answers import BACKUP_CODE, CODE, TEXT, Answer
from portal.forms.base import MethodForm
from portal.forms.codes import (
    BackupCodeForm,
    ChallengeForm,
    CodeForm,
    ReauthenticationForm,
    SavedCodeForm,
    as_backup_code,
    squeeze_code,
)
from portal.forms.profile import EmailForm, NameForm, PhoneForm
from portal.forms.sign_in import PasswordForm, SignInForm

SIX = {
    "plain": "123456",
    "a space": "123 456",
    "spaces everywhere": "  1 2 3\t4 5 6\n",
    "a dash": "123-456",
    "an en dash": "123–456",
    "a narrow space": "123\u202f456",
    "an invisible mark": "\u200e123\u200b456\ufeff",
    "full-width digits": "１２３４５６",
    "Arabic-Indic digits": "١٢٣٤٥٦",
    "Persian digits": "۱۲۳۴۵۶",
    "Devanagari digits": "१२३४५६",
    "Bengali digits": "১২৩৪৫৬",
    "a point": "123.456",
    "a minus": "−123456",
    "a middle dot": "123·456",
    "a hyphen bullet": "123⁃456",
    "a soft hyphen": "123\u00ad456",
    "a long-vowel mark": "１２３ー４５６",
    "a small hyphen": "123﹣456",
    "an underscore": "123_456",
    "the text message": "123456 is your Medximity code, for M. R. It works for 10 minutes. Never share it.\n\n@portal.example #123456",
    "the text message, in one line": "123456 is your code. Never share it.@portal.example #123456",
    "bullets": "•123•456•",
    "a Hangul filler": "123\u3164456",
    "the blank of Braille": "123\u2800456",
    "a variation selector": "123\ufe0f456",
    "an ideographic full stop": "123。456",
}
NOT_SIX = {
    "five": "12345",
    "seven": "1234567",
    "letters": "abcdef",
    "a letter": "12345a",
    "NUL": "12345\0",
    "NUL more": "123456\0",
    "a sign": "+123456",
    "a fraction": "12345½",
    "a number in front": "1. 123456",
    "a slash": "123/456",
    "a text without its last line": "123456 is your Medximity code.",
    "a tag": "#123456",
}
BACKUP = "ABCDEFGH10JKMNPQ"


def reasons(form, **typed):
    """Returns field -> the reason why it is refused."""
    checked = form(MultiDict(typed))
    checked.validate()
    return {field.name: field.errors[0] for field in checked if field.errors}


@pytest.mark.parametrize("typed", SIX.values(), ids=SIX)
@pytest.mark.parametrize("form", [CodeForm, ChallengeForm])
def test_six_digits_of_any_script_are_a_code(form, typed):
    checked = form(MultiDict({"code": typed}))
    assert checked.validate()
    assert checked.code.data == "123456"


@pytest.mark.parametrize(
    ("form", "typed", "answer"),
    [
        (CodeForm, {"code": "123 456"}, Answer(CODE, "123456")),
        (ChallengeForm, {"code": "123-456"}, Answer(CODE, "123456")),
        (ChallengeForm, {"code": "abcd-efgh-iojk-mnpq"}, Answer(BACKUP_CODE, BACKUP)),
        (BackupCodeForm, {"code": "abcd efgh iojk mnpq"}, Answer(BACKUP_CODE, BACKUP)),
        (PhoneForm, {"phone": "+1 503 555 0164"}, Answer(TEXT, "+1 503 555 0164")),
    ],
)
def test_the_form_says_what_kind_of_answer_it_took(form, typed, answer):
    checked = form(MultiDict(typed))
    assert checked.validate() and checked.answer == answer
    assert answer.value not in repr(answer)


@pytest.mark.parametrize("typed", NOT_SIX.values(), ids=NOT_SIX)
def test_anything_else_is_not_a_code(typed):
    assert reasons(CodeForm, code=typed) == {"code": "code_shape"}
    assert reasons(ChallengeForm, code=typed) == {"code": "code_or_backup_shape"}


LINES = {
    "as copied": "10. {}",
    "as downloaded": " 7.  {}",
    "as printed": "3 {}",
    "as two lines, pasted into one": "3{}",
    "with a bracket": "4) {}",
    "with a colon": "5: {}",
    "with a number sign": "#6 {}",
    "with a tab": "8\t{}",
    "as one character": "⒑ {}",
    "in Arabic digits": "١٠. {}",
    "with a dash": "9 – {}",
    "with its box": "☐ 7 {}",
    "with our label": "Code 7: {}",
    "quoted": "“7. {}”",
    "in a reply to an email": "> 10. {}",
    "as a keycap": "7\ufe0f\u20e3 {}",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
@pytest.mark.parametrize("code", ["ABCD-EFGH-10JK-MNPQ", "1011-1213-1415-1617", "7777-7777-7777-7777", "0000-0000-0000-0001"])
def test_the_number_of_a_line_is_dropped_and_no_digit_of_its_code(line, code):
    for form in (ChallengeForm, BackupCodeForm, SavedCodeForm):
        checked = form(MultiDict({"code": line.format(code)}))
        assert checked.validate(), form
        assert checked.answer == Answer(BACKUP_CODE, code.replace("-", ""))


@pytest.mark.parametrize("number", ["0", "11", "00", "100", "x", "-1.1", "½", "1.0.1"])
def test_no_other_number_is_one_of_a_line(number):
    assert reasons(BackupCodeForm, code=f"{number}. {BACKUP}") == {"code": "backup_shape"}


@pytest.mark.parametrize("sign", ["!", "#", "“", "7", "C", "é", " #"])
def test_thousands_of_signs_cost_no_time(sign):
    for typed in (sign * 30_000, sign * 30_000 + BACKUP, BACKUP + sign * 30_000 + "Z"):
        began = time.perf_counter()
        as_backup_code(squeeze_code(typed))
        assert time.perf_counter() - began < 1


@pytest.mark.parametrize("number", [2, 3, 10])
def test_several_codes_at_once_are_told_from_a_wrong_one(number):
    pasted = "\n".join(f"{at}. {BACKUP}" for at in range(1, number + 1))
    for form in (ChallengeForm, BackupCodeForm, SavedCodeForm):
        assert reasons(form, code=pasted) == {"code": "backup_many"}


@pytest.mark.parametrize("typed", ["", "   ", "--", "\u200b", "·", "_ _", "。"])
def test_nothing_is_told_apart_from_something_wrong(typed):
    assert reasons(CodeForm, code=typed) == reasons(ChallengeForm, code=typed) == {"code": "code_empty"}


@pytest.mark.parametrize(
    "typed",
    [
        "ABCD-EFGH-10JK-MNPQ",
        " abcd efgh 10jk mnpq ",
        "abcdefghlojkmnpq",
        "ABCDEFGHIOJKMNPQ",
        "ＡＢＣＤ－ＥＦＧＨ－１０ＪＫ－ＭＮＰＱ",
    ],
)
def test_a_backup_code_is_read_as_it_is_meant(typed):
    for form in (ChallengeForm, BackupCodeForm, SavedCodeForm):
        checked = form(MultiDict({"code": typed}))
        assert checked.validate()
        assert as_backup_code(checked.code.data) == BACKUP


@pytest.mark.parametrize("typed", [BACKUP[:-1], BACKUP + "0", BACKUP[:-1] + "U", BACKUP[:-1] + "é", "123456", "\0" * 16])
def test_another_shape_is_no_backup_code(typed):
    assert reasons(BackupCodeForm, code=typed) == reasons(SavedCodeForm, code=typed) == {"code": "backup_shape"}


def test_each_form_says_in_its_own_words_that_nothing_was_typed():
    assert reasons(BackupCodeForm, code=" ") == {"code": "backup_empty"}
    assert reasons(SavedCodeForm) == {"code": "saved_empty"}
    assert reasons(SignInForm, username=" ") == {"username": "username_empty", "password": "password_empty"}
    assert reasons(PasswordForm) == {"password": "password_empty"}
    assert reasons(ReauthenticationForm) == {"password": "password_empty", "code": "code_empty"}


def test_a_password_of_spaces_is_a_password():
    assert reasons(SignInForm, username="maria", password="   ") == {}


@pytest.mark.parametrize("chosen", [None, "", "sms", "TOTP"])
def test_only_what_is_offered_can_be_chosen(chosen):
    form = MethodForm(MultiDict({} if chosen is None else {"method": chosen}))
    form.method.choices = [("totp", "Authenticator App")]
    assert not form.validate()
    assert form.method.errors == ["method_empty"]


@given(st.lists(st.sampled_from(" \t-–—\u00a0\u200b"), min_size=5, max_size=5), st.integers(0, 10**6 - 1))
def test_spaces_and_dashes_in_any_place_change_nothing(between, number):
    digits = f"{number:06}"
    typed = "".join(digit + mark for digit, mark in zip(digits, [*between, ""], strict=True))
    assert squeeze_code(typed) == digits


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_without_a_fault(typed):
    assert not any(character.isspace() for character in squeeze_code(typed))
    as_backup_code(squeeze_code(typed))


NAMES = {
    "Maria Reyes": "Maria Reyes",
    "  Jun \u00a0Park ": "Jun Park",
    "e\u0301va": "éva",
    "Ada, M.D.": None,
    "Dr. A. Lee, Jr.": "Dr. A. Lee, Jr.",
    "2": None,
    "3rd.2": None,
    "Anna +1": None,
    "Anna 2\x00": None,
    "Anna <b>2</b>": None,
    "Ring 5035550199": None,
    "Ring 503 55": None,
    "Ring ٥٠٣٥٥": None,
    "Anna 2": "Anna 2",
    "John Smith 3rd": "John Smith 3rd",
    "\uff21nna \u0662": "\uff21nna \u0662",
}


@pytest.mark.parametrize(("typed", "meant"), NAMES.items())
def test_a_name_is_kept_without_blanks_too_many(typed, meant):
    form = NameForm(MultiDict({"full_name": typed}))
    assert form.validate() is (meant is not None)
    assert meant is None or form.full_name.data == meant


@given(st.text(max_size=60))
def test_nothing_in_a_name_becomes_a_link_in_a_mail(typed):
    form = NameForm(MultiDict({"full_name": typed}))
    if form.validate():
        assert not any(sign in form.full_name.data for sign in "/:@<>\n\r")
        assert not any(word.strip(".,").count(".") for word in form.full_name.data.split())
        assert sum(sign.isdecimal() for sign in form.full_name.data) <= 4


@given(st.text(max_size=60))
def test_an_address_holds_one_recipient_and_no_second_header(typed):
    form = EmailForm(MultiDict({"email": typed}))
    if form.validate():
        assert form.email.data.count("@") == 1 and not set(form.email.data) & set(' ,;<>\r\n\t"\\')


@pytest.mark.parametrize("address", ["a..b@post.example", "-x@post.example", ".a@post.example", "a.@post.example"])
def test_dots_without_letters_between_and_a_leading_hyphen_are_no_address(address):
    assert reasons(EmailForm, email=address) == {"email": "email_shape"}


@pytest.mark.parametrize("address", ["a.b.c@post.example", "a-b@post.example", "x-@post.example", "o'neil+portal@post.example"])
def test_dots_and_hyphens_between_letters_are_an_address(address):
    assert reasons(EmailForm, email=address) == {}


@given(st.emails())
def test_addresses_of_the_world_are_addresses(address):
    host = address.rpartition("@")[2]
    assert (
        EmailForm(MultiDict({"email": address})).validate() or not host[-1].isalpha() or len(address) > 254 or address[0] == "-"
    )
