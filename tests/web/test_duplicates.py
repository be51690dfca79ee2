"""A value that comes twice, or by another way than its own, decides nothing: a form is read from its body, the first of each field."""

import pytest

from tests.support.client import WIZARD


def sign_in(browser, query, fields):
    """Sends the sign-in form's fields, which may repeat; returns where the answer leads."""
    browser.open("/sign-in")
    return browser.client.post(f"/sign-in{query}", data={**fields, "csrf_token": browser.token}).headers.get("Location")


def test_what_stands_in_the_address_is_no_field(plain, maria, sam):
    assert sign_in(plain, f"?username=maria&password={maria.password}", {}) is None
    assert sign_in(plain, "?username=sam", {"username": "maria", "password": maria.password}) == "/home"


def test_of_a_field_that_comes_twice_the_first_counts_for_check_and_deed_alike(plain, maria, sam):
    fields = {"username": ["maria", "sam"], "password": [maria.password, "not it"]}
    assert sign_in(plain, "", fields) == "/home"
    assert plain.another().client.get("/home").status_code == 303
    plain.open("/home")
    assert maria.name in plain.text and sam.name not in plain.text


def test_a_field_that_no_form_asks_for_changes_nothing(plain, database, maria):
    plain.enter(maria)
    before = database.everything("sessions.last_seen_at")
    added = {"role": "support", "two_factor": "on", "user_id": "1", "practice_id": "1", "username": "admin.lee"}
    answer = plain.post("/account/name", {"name": maria.name, **added})
    assert answer.status_code in (303, 422)
    assert database.everything("sessions.last_seen_at") == before


@pytest.mark.parametrize("cookies", ["session=none; session={token}", "session={token}; session=none"])
def test_of_two_cookies_of_one_name_one_counts_and_nothing_breaks(plain, maria, cookies):
    token = plain.enter(maria).client.get_cookie("session").value
    answer = plain.another().client.get(WIZARD, headers={"Cookie": cookies.format(token=token)})
    assert answer.status_code in (200, 303)
