"""Support finds a person by two facts, and asks for the reset of a practice's administrator, which a second person decides (AD-2, AD-3)."""

import pytest
from sqlalchemy import update

from portal.models import Event, ResetRequest, User
from portal.settings import config
from tests.support.cases import begin_case
from tests.support.mailbox import told

SEARCH = "/support/people"
FIRST, SECOND = "Username_or_email_address", "Full_name,_mobile_phone_number,_or_practice"
UNKNOWN = "No account matches both. Check each of them with the person, letter by letter."


def find(browser, first, second):
    browser.open(SEARCH)
    return browser.fill("Find", **{FIRST: first, SECOND: second})


def path_of(database, person):
    return f"{SEARCH}/{database.user(person).id}"


def searches(database, person=None):
    where = [] if person is None else [Event.subject_id == database.user(person).id]
    return database.all(Event, Event.event == "person_searched", *where)


@pytest.mark.parametrize("first", ["maria", "MARIA@example.test", " maria "])
@pytest.mark.parametrize("second", ["Maria Reyes", "maria  reyes", "(503) 555-0123"])
def test_two_facts_find_a_person_and_nothing_but_the_account(plain, database, support, maria, first, second):
    plain.enter(support)
    database.change(update(User).where(User.username == "maria").values(country="US"))
    seal_phone(database, maria, "+15035550123")
    find(plain, first, second)
    assert plain.path == path_of(database, maria) and plain.heading == "Maria Reyes"
    assert "503" not in plain.text and "@" not in plain.text and not plain.offers("Reset two-factor authentication")


def seal_phone(database, person, number):
    user = database.user(person)
    user.seal(database.keys, "phone", number)
    database.change(update(User).where(User.id == user.id).values(phone_sealed=user.phone_sealed))


def test_a_practice_is_a_fact_too(plain, database, support, admin_lee):
    find(plain.enter(support), "admin.lee", "riverside family practice")
    assert plain.path == path_of(database, admin_lee)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("maria", "Sam Okoye"), ("maria", "Maria"), ("maria", "Reyes"), ("nobody", "Maria Reyes"), ("mari", "Maria Reyes"),
        ("maria", "+1 503 555 0100"), ("maria", "maria"), ("maria", "maria@example.test"),
    ],
)  # fmt: skip
def test_one_fact_right_says_as_little_as_none(browser, database, support, maria, first, second):
    browser.enter(support)
    find(browser, first, second)
    assert browser.status == 422 and browser.problems == [UNKNOWN]
    assert searches(database, maria) == []
    [tried] = searches(database)
    assert (tried.result, tried.reason, tried.subject_id) == ("refused", "person_unknown", database.user(support).id)


def test_what_was_typed_is_kept_and_both_are_needed(plain, support):
    plain.enter(support)
    find(plain, "maria", " ")
    assert plain.problems == ["Enter a second fact about them."] and plain.field("Username or email address")["value"] == "maria"
    find(plain, "", "Maria Reyes")
    assert plain.problems == ["Enter their username or email address."]


def test_an_open_recovery_request_is_a_step_away(plain, database, support, sam):
    begin_case(database, sam, "checking")
    find(plain.enter(support), "sam", "Sam Okoye")
    plain.press("Open request")
    assert plain.path.startswith("/support/recovery/") and plain.status == 200


def test_an_address_that_several_match_by_asks_for_the_username(plain, database, support, maria, sam):
    database.change(update(User).where(User.username == "sam").values(email_hash=database.user(maria).email_hash))
    database.change(update(User).where(User.username == "sam").values(full_name="Maria Reyes"))
    find(plain.enter(support), "maria@example.test", "Maria Reyes")
    assert plain.problems == ["More than one account matches. Use the username instead of the email address."]


def test_a_search_is_recorded_and_its_person_reads_of_it(plain, database, support, sam):
    find(plain.enter(support), "sam", "Sam Okoye")
    assert [(each.subject_id, each.actor_id == database.user(support).id) for each in searches(database)] == [
        (database.user(sam).id, True),
        (database.user(support).id, True),
    ]
    owner = plain.another()
    owner.enter(sam).open("/account/security/activity")
    assert "A support agent looked up your account." in owner.text and support.name in owner.text
    plain.open("/support/security/activity")
    assert "You looked up someone's account." in plain.text


def test_nobody_is_there_by_number_alone(plain, clock, database, support, sam):
    plain.enter(support)
    assert plain.open(path_of(database, sam)).status == 404
    find(plain, "sam", "Sam Okoye")
    assert plain.open(path_of(database, sam)).status == 200
    clock.move(minutes=14)
    for _ in range(3):
        plain.open(SEARCH)
        clock.move(minutes=14)
    assert plain.open(path_of(database, sam)).status == 200
    clock.move(minutes=5)
    assert plain.open(path_of(database, sam)).status == 404


def test_what_one_agent_found_is_not_the_others(plain, database, support, other_agent, sam):
    find(plain.enter(support), "sam", "Sam Okoye")
    other = plain.another()
    other.enter(other_agent)
    assert other.open(path_of(database, sam)).status == 404


def test_searches_are_limited(plain, support, monkeypatch):
    monkeypatch.setattr(config, "PERSON_SEARCHES", 2)
    plain.enter(support)
    for _ in range(3):
        find(plain, "nobody", "No One")
    assert "Too many attempts." in plain.problems[0]


# --- resetting an administrator


def ask_reset(browser, database, person):
    find(browser, person.username, person.name)
    browser.press("Reset two-factor authentication")
    browser.tick("Recognized their voice when calling back the number on file")
    return browser.fill("Reset", Reason="The only administrator lost her phone.")


def test_an_only_administrator_is_reset_when_a_second_agent_approves(plain, database, support, other_agent, admin_lee):
    plain.enter(support)
    find(plain, "admin.lee", admin_lee.name)
    plain.press("Reset two-factor authentication")
    assert "A second person decides first. Support never resets anyone alone." in plain.text
    ask_reset(plain, database, admin_lee)
    assert plain.heading == "Waiting for a second person"
    assert database.user(admin_lee).two_factor == "on"
    [row] = database.all(ResetRequest)
    assert plain.open(f"/support/waiting/reset/{row.id}").status == 404  # not one's own
    second = plain.another()
    second.enter(other_agent).open(f"/support/waiting/reset/{row.id}")
    second.press("Approve")
    assert database.user(admin_lee).two_factor == "reset"
    assert told(plain, "Set up two-factor authentication again") == ["admin.lee@example.test"]


def test_another_administrator_of_the_practice_may_decide(plain, database, support, admin_lee, dr_okafor):
    database.change(update(User).where(User.username == "dr.okafor").values(role="administrator"))
    ask_reset(plain.enter(support), database, admin_lee)
    [row] = database.all(ResetRequest)
    okafor = plain.another()
    okafor.enter(dr_okafor).open(f"/ehr/settings/team/approvals/waiting/reset/{row.id}").press("Approve")
    assert database.user(admin_lee).two_factor == "reset"


def test_with_nobody_to_decide_it_says_so_and_asks_nothing(plain, database, support, admin_lee):
    ask_reset(plain.enter(support), database, admin_lee)
    assert plain.status == 422 and "A second person has to approve this, and there is nobody" in plain.problems[0]
    assert database.all(ResetRequest) == [] and database.user(admin_lee).two_factor == "on"


@pytest.mark.parametrize("who", ["sam", "dr.okafor"])
def test_support_resets_no_patient_and_no_provider(plain, world, database, support, who):
    person = world.people[who]
    find(plain.enter(support), who, person.name)
    assert not plain.offers("Reset two-factor authentication")
    assert plain.open(f"{path_of(database, person)}/reset").status == 403


def test_an_administrator_whom_nobody_found_cannot_be_reset(plain, database, support, admin_lee):
    plain.enter(support)
    path = f"{path_of(database, admin_lee)}/reset"
    assert plain.open(path).status == 404
    token = plain.open(SEARCH).token
    answer = plain.client.post(path, data={"csrf_token": token, "reason": "Lost.", "checks": "photo_id", "generation": 0})
    assert answer.status_code == 404 and database.all(ResetRequest) == []


def test_an_agent_who_finds_their_own_account_is_recorded_once(plain, database, support):
    plain.enter(support)
    find(plain, "support", support.name)
    assert [(event.subject_id, event.reason) for event in searches(database)] == [(database.user(support).id, None)]
